"""Purchase orders: drawn up, changed, ordered, received in parts, closed or cancelled; each step once."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from inventory import services
from tests.answers import fields_of, ids, paths_of, refused
from tests.inventory.buying import (
    ORDERS,
    STEPS,
    bring,
    call,
    draft,
    goods,
    history,
    line,
    made,
    ordered,
    progress,
    shown,
    supplier,
    took,
    unchanged,
)
from tests.places import add_member, add_place
from tests.test_query_counts import statements


@pytest.fixture
def trader(shop):
    return supplier(shop)


# --- Drafts -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_order_is_drawn_up_with_what_it_comes_to(shop, trader):
    first, second, _ = shop.products
    order = made(
        shop, trader, line(first, "2.5", "1.3333"), line(second, "3", "0"), expected_on="2030-02-01", reason="Paŋka"
    )
    assert (order["number"], order["status"], order["version"]) == ("PO-000001", "DRAFT", 1)
    assert (order["supplier"], order["location"]) == (str(trader.pk), str(shop.storefront.pk))
    assert (order["expected_on"], order["reason"], order["total"]) == ("2030-02-01", "Paŋka", "3.33")
    assert (order["opened_by"], order["ordered_at"]) == (str(shop.owner.pk), None)
    assert [(each["position"], each["sku"], each["unit_cost"]) for each in order["lines"]] == [
        (1, "SKU-0", "1.3333"),
        (2, "SKU-1", "0.0000"),
    ]
    assert progress(order) == [("2.5", "0", "2.5", "0"), ("3", "0", "3", "0")]
    assert shown(shop, order["id"]) == order
    assert history(shop, order["id"]) == [("purchaseorder.opened", shop.owner.pk)]
    with shop.inside():
        assert not shop.account.stock.filter(order=order["id"]).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"supplier": str(uuid7())}, "supplier"),
        ({"supplier": None}, "supplier"),
        ({"location": str(uuid7())}, "location"),
        ({"expected_on": "31.01.2030"}, "expected_on"),
        ({"reason": "x" * 201}, "reason"),
        ({"status": "ORDERED"}, "status"),
        ({"number": "PO-000009"}, "number"),
        ({"lines": []}, "lines"),
        ({"lines": None}, "lines"),
        ({"lines": [{}] * 1001}, "lines"),
    ],
)
def test_an_order_that_is_not_right_is_400_whether_new_or_changed(shop, trader, change, field):
    pk = bring(shop, trader, "DRAFT")
    sent = draft(shop, trader, **change)
    assert fields_of(unchanged(shop, lambda: shop.client().post(ORDERS, sent), 400, "invalid_input")) == [field]
    told = unchanged(shop, lambda: shop.client().patch(f"{ORDERS}{pk}/", change), 400, "invalid_input")
    assert fields_of(told) == [field]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"quantity": "0"}, "lines.0.quantity"),
        ({"quantity": "-1"}, "lines.0.quantity"),
        ({"quantity": "0.0001"}, "lines.0.quantity"),
        ({"quantity": "NaN"}, "lines.0.quantity"),
        ({"quantity": "٣"}, "lines.0.quantity"),
        ({"quantity": None}, "lines.0.quantity"),
        ({"unit_cost": "-0.0001"}, "lines.0.unit_cost"),
        ({"unit_cost": "1.00001"}, "lines.0.unit_cost"),
        ({"product": "7"}, "lines.0.product"),
        ({"product": str(uuid7())}, "lines.0.product"),
        ({"received_quantity": "1"}, "lines.0.received_quantity"),
    ],
)
def test_s27_a_line_that_is_not_right_is_400_whether_new_or_changed(shop, trader, change, path):
    """S27."""
    pk = bring(shop, trader, "DRAFT")
    lines = [{**line(shop.products[0]), **change}]
    told = [
        unchanged(shop, lambda: shop.client().post(ORDERS, draft(shop, trader, *lines)), 400, "invalid_input"),
        unchanged(shop, lambda: shop.client().patch(f"{ORDERS}{pk}/", {"lines": lines}), 400, "invalid_input"),
    ]
    assert [fields_of(body) for body in told] == [[path]] * 2


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["product", "quantity", "unit_cost"])
def test_a_line_lacks_nothing_in_a_change_either(shop, trader, name):
    pk = bring(shop, trader, "DRAFT")
    lines = [{key: value for key, value in line(shop.products[0]).items() if key != name}]
    told = unchanged(shop, lambda: shop.client().patch(f"{ORDERS}{pk}/", {"lines": lines}), 400, "invalid_input")
    assert paths_of(told) == [(f"lines.0.{name}", "required")]


@pytest.mark.django_db
def test_a_product_is_ordered_in_one_line_and_a_service_in_none(shop, trader):
    pk, twice = bring(shop, trader, "DRAFT"), [line(shop.products[1]), line(shop.products[1], "3")]
    unchanged(shop, lambda: shop.client().post(ORDERS, draft(shop, trader, *twice)), 409, "product_twice")
    unchanged(shop, lambda: shop.client().patch(f"{ORDERS}{pk}/", {"lines": twice}), 409, "product_twice")
    with shop.inside():
        service = services.add_product(
            by=shop.owner, sku="CUT", name="Haircut", retail_price=Decimal(25), is_stocked=False
        )
    sent = draft(shop, trader, line(shop.products[0]), line(service))
    told = unchanged(shop, lambda: shop.client().post(ORDERS, sent), 409, "not_stocked")
    assert paths_of(told) == [("lines.1.product", "not_stocked")]


@pytest.mark.django_db
def test_nothing_is_ordered_from_a_supplier_or_to_a_place_that_is_switched_off(shop):
    gone, trader = supplier(shop, "Gone", is_active=False), supplier(shop)
    told = unchanged(shop, lambda: shop.client().post(ORDERS, draft(shop, gone)), 400, "invalid_input")
    assert paths_of(told) == [("supplier", "does_not_exist")]
    with shop.inside():
        depot = services.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
        road = shop.account.locations.get(kind="TRANSIT")
        services.change_location(by=shop.owner, location=depot, is_active=False)
    for place in (depot, road):
        sent = draft(shop, trader, location=str(place.pk))
        told = unchanged(shop, lambda sent=sent: shop.client().post(ORDERS, sent), 400, "invalid_input")
        assert paths_of(told) == [("location", "does_not_exist")]


@pytest.mark.django_db
def test_a_change_of_a_draft_replaces_its_lines_and_is_in_its_history(shop, trader):
    first, second, third = shop.products
    order = made(shop, trader, line(first), line(second))
    other = supplier(shop, "Other")
    url = f"{ORDERS}{order['id']}/"
    changes = {
        "supplier": str(other.pk),
        "reason": "Cheaper",
        "expected_on": None,
        "lines": [line(third, "7", "1"), line(first, "1", "9")],
    }
    response = shop.client().patch(url, changes, headers={"If-Match": '"1"'})
    assert (response.status_code, response["ETag"]) == (200, '"2"'), response.content
    changed = response.json()["data"]
    assert (changed["supplier"], changed["reason"], changed["total"]) == (str(other.pk), "Cheaper", "16.00")
    assert [(each["position"], each["sku"], each["quantity"]) for each in changed["lines"]] == [
        (1, "SKU-2", "7.000"),
        (2, "SKU-0", "1.000"),
    ]
    assert shown(shop, order["id"]) == changed
    assert [action for action, _ in history(shop, order["id"])] == [
        "purchaseorder.opened",
        "purchaseorder.changed",
        "purchaseorder.lines_changed",
    ]
    with shop.inside():
        (event,) = shop.account.audit_events.filter(action="purchaseorder.lines_changed")
    assert [(each["product"], each["quantity"]) for each in event.before["lines"]] == [
        (str(first.pk), "10.000"),
        (str(second.pk), "10.000"),
    ]
    assert [(each["product"], each["quantity"]) for each in event.after["lines"]] == [
        (str(third.pk), "7.000"),
        (str(first.pk), "1.000"),
    ]
    body = unchanged(
        shop, lambda: shop.client().patch(url, {"reason": "x"}, headers={"If-Match": '"1"'}), 412, "stale_version"
    )
    assert body["meta"]["current"]["version"] == 2


@pytest.mark.django_db
def test_a_change_of_facts_alone_leaves_the_lines_alone(shop, trader):
    order = made(shop, trader)
    changed = shop.client().patch(f"{ORDERS}{order['id']}/", {"reason": "For Easter"}).json()["data"]
    assert changed == {**order, "reason": "For Easter", "version": 2}


# --- Who, where, and at what cost -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_cashier_looks_at_orders_and_takes_no_step(shop, trader):
    pk = ordered(shop, trader)
    till = shop.client(shop.cashier)
    assert till.get(f"{ORDERS}{pk}/").status_code == 200
    unchanged(shop, lambda: till.post(ORDERS, draft(shop, trader)), 403, "capability_missing")
    unchanged(shop, lambda: till.patch(f"{ORDERS}{pk}/", {"reason": "x"}), 403, "capability_missing")
    for step in STEPS:
        unchanged(shop, lambda step=step: call(shop, pk, step, member=shop.cashier), 403, "capability_missing")


@pytest.mark.django_db
def test_who_works_at_one_place_knows_no_order_of_another(shop, trader):
    there = add_place(shop)
    member = add_member(shop, "WAREHOUSE", shop.storefront)
    own, other = ordered(shop, trader), ordered(there, trader)
    mine = shop.client(member)
    assert [row["id"] for row in mine.get(ORDERS).json()["results"]] == [own]
    refused(shop, lambda: mine.get(f"{ORDERS}{other}/"), 404, "not_found")
    unchanged(shop, lambda: mine.patch(f"{ORDERS}{other}/", {"reason": "x"}), 404, "not_found")
    for step in STEPS:
        unchanged(shop, lambda step=step: call(shop, other, step, member=member), 404, "not_found")
    unchanged(shop, lambda: mine.post(ORDERS, draft(there, trader)), 400, "invalid_input")
    moved = made(shop, trader)["id"]
    change = {"location": str(there.storefront.pk)}
    told = unchanged(shop, lambda: mine.patch(f"{ORDERS}{moved}/", change), 400, "invalid_input")
    assert paths_of(told) == [("location", "does_not_exist")]
    assert took(shop, own, "receive", goods(shop.products[0]), member=member)["status"] == "PARTLY_RECEIVED"


@pytest.mark.django_db
def test_nothing_is_received_at_a_place_that_was_switched_off_meanwhile(shop, trader):
    pk = ordered(shop, trader)
    with shop.inside():
        services.change_location(by=shop.owner, location=shop.account.locations.get(name="Main"), is_active=False)
    told = unchanged(shop, lambda: call(shop, pk, "receive", goods(shop.products[0])), 400, "invalid_input")
    assert paths_of(told) == [("location", "does_not_exist")]


@pytest.mark.django_db
def test_every_filter_of_orders_really_filters(shop, trader):
    there, other = add_place(shop), supplier(shop, "Ɔkyena Foods")
    first, second, third = made(shop, trader)["id"], ordered(shop, other), ordered(there, trader)
    assert ids(shop, ORDERS) == {first, second, third}
    for query, wanted in (
        ({"status": "DRAFT"}, {first}),
        ({"status": "ORDERED"}, {second, third}),
        ({"status": "CLOSED"}, set()),
        ({"supplier": other.pk}, {second}),
        ({"location": there.storefront.pk}, {third}),
        ({"search": "po-000002"}, {second}),
        ({"search": "traders"}, {first, third}),
        ({"search": "ɔkyena"}, {second}),
        ({"supplier": uuid7()}, set()),
    ):
        assert ids(shop, ORDERS, **query) == wanted, query
    for query in ({"status": "LOST"}, {"supplier": "7"}):
        refused(shop, lambda query=query: shop.client().get(ORDERS, query), 400, "invalid_input")
    refused(shop, lambda: shop.client().get(ORDERS, {"colour": "red"}), 400, "unknown_parameter")


@pytest.mark.django_db
def test_an_order_of_two_hundred_lines_costs_what_one_of_one_costs(shop, trader):
    with shop.inside():
        many = [
            services.add_product(by=shop.owner, sku=f"N-{i}", name=f"Thing {i}", retail_price=Decimal(1))
            for i in range(200)
        ]

    def cost(count: int) -> list[int]:
        lines = [line(product) for product in many[:count]]
        pk, found = "", []

        def note(do):
            kept = []
            found.append(len(statements(lambda: kept.append(do()))))
            return kept[0]

        pk = note(lambda: made(shop, trader, *lines))["id"]
        note(lambda: shop.client().patch(f"{ORDERS}{pk}/", {"lines": lines}))
        note(lambda: took(shop, pk, "order"))
        items = {"items": [goods(product, "5")["items"][0] for product in many[:count]]}
        note(lambda: took(shop, pk, "receive", items))
        note(lambda: shown(shop, pk))
        assert len(shown(shop, pk)["lines"]) == count
        return found

    cost(1)
    assert cost(1) == cost(200)
