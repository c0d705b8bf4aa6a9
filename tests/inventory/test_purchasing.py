"""Purchase orders: drawn up, changed, ordered, received in parts, closed or cancelled; each step once."""

import threading
from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from core import tenancy
from inventory import services, sums
from inventory.errors import OrderState
from inventory.models import OrderStatus
from tests.answers import fields_of, ids, paths_of, refused
from tests.conftest import Shop
from tests.inventory.requests import STOCK
from tests.places import add_member, add_place
from tests.races import at_once, count_of, meeting_before
from tests.test_query_counts import statements

ORDERS = "/api/v1/inventory/purchase-orders/"
STEPS = ("order", "receive", "close", "cancel")


def supplier(shop: Shop, name: str = "Makola Traders", **facts):
    with shop.inside():
        return shop.account.suppliers.create(name=name, **facts)


@pytest.fixture
def trader(shop):
    return supplier(shop)


def line(product, quantity: str = "10", unit_cost: str = "2.5"):
    return {"product": str(product.pk), "quantity": quantity, "unit_cost": unit_cost}


def draft(shop: Shop, trader, *lines, **facts):
    return {
        "id": str(uuid7()),
        "supplier": str(trader.pk),
        "location": str(shop.storefront.pk),
        "lines": list(lines) or [line(shop.products[0])],
        **facts,
    }


def made(shop: Shop, trader, *lines, **facts):
    response = shop.client().post(ORDERS, draft(shop, trader, *lines, **facts))
    assert response.status_code == 201, response.content
    return response.json()["data"]


def call(shop: Shop, pk: str, step: str, body=None, *, key=None, member=None):
    headers = {"HTTP_IDEMPOTENCY_KEY": key or str(uuid7())}
    return shop.client(member).post(f"{ORDERS}{pk}/{step}/", body or {}, **headers)


def took(shop: Shop, pk: str, step: str, body=None, **how):
    response = call(shop, pk, step, body, **how)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def ordered(shop: Shop, trader, *lines, **facts) -> str:
    pk = made(shop, trader, *lines, **facts)["id"]
    assert took(shop, pk, "order")["status"] == "ORDERED"
    return pk


def goods(product, quantity: str = "1", **facts):
    return {"items": [{"product": str(product.pk), "quantity": quantity, **facts}]}


def shown(shop: Shop, pk: str):
    return shop.client().get(f"{ORDERS}{pk}/").json()["data"]


def progress(order):
    names = ("quantity", "received_quantity", "outstanding_quantity", "excess_quantity")
    return [tuple(str(Decimal(each[name]).normalize()) for name in names) for each in order["lines"]]


def history(shop: Shop, pk: str):
    with shop.inside():
        events = shop.account.audit_events.filter(subject_id=pk).order_by("id")
        return [(event.action, event.by_id) for event in events]


def bring(shop: Shop, trader, status: str) -> str:
    """An order in this state."""
    pk = made(shop, trader)["id"]
    steps = {
        "DRAFT": [],
        "ORDERED": ["order"],
        "PARTLY_RECEIVED": ["order", "receive"],
        "RECEIVED": ["order", "receive"],
        "CLOSED": ["order", "close"],
        "CANCELLED": ["cancel"],
    }
    for step in steps[status]:
        body = goods(shop.products[0], "10" if status == "RECEIVED" else "4") if step == "receive" else None
        took(shop, pk, step, body)
    assert shown(shop, pk)["status"] == status
    return pk


def rows(shop: Shop):
    """All that is known of orders."""
    with shop.inside():
        lines = shop.account.purchase_order_lines.order_by("id").values_list("id", "quantity", "received_quantity")
        orders = shop.account.purchase_orders.order_by("id")
        return list(lines), list(orders.values_list("id", "status", "version", "supplier_id", "location_id", "reason"))


def unchanged(shop: Shop, request, status: int, code: str):
    """The call is refused, and nothing has changed, of the orders either; the body."""
    before = rows(shop)
    body = refused(shop, request, status, code)
    assert rows(shop) == before
    return body


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


# --- Steps ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_order_goes_from_draft_to_received_in_parts_and_each_step_is_in_its_history(shop, trader):
    first, second, _ = shop.products
    pk = made(shop, trader, line(first, "10"), line(second, "0.5", "8"))["id"]
    placed = took(shop, pk, "order")
    assert (placed["status"], placed["version"], placed["ordered_at"] is None) == ("ORDERED", 2, False)
    part = took(shop, pk, "receive", goods(first, "4"))
    assert (part["status"], part["version"]) == ("PARTLY_RECEIVED", 3)
    assert progress(part) == [("1E+1", "4", "6", "0"), ("0.5", "0", "0.5", "0")]
    part = took(shop, pk, "receive", goods(second, "0.5", unit_cost="9"))
    assert part["status"] == "PARTLY_RECEIVED"
    whole = took(shop, pk, "receive", goods(first, "6"))
    assert (whole["status"], whole["version"]) == ("RECEIVED", 5)
    assert progress(whole) == [("1E+1", "1E+1", "0", "0"), ("0.5", "0.5", "0", "0")]
    assert shown(shop, pk) == whole
    assert history(shop, pk) == [
        (f"purchaseorder.{name}", shop.owner.pk) for name in ("opened", "ordered", "received", "received", "received")
    ]
    deliveries = shop.client().get(STOCK, {"order": pk}).json()["results"]
    assert [(row["order"], row["supplier"], row["location"]) for row in deliveries] == [
        (pk, str(trader.pk), str(shop.storefront.pk))
    ] * 3
    with shop.inside():
        batches = shop.account.stock_products.filter(stock__order=pk).order_by("id")
        assert [(b.product_id, b.quantity, b.purchase_cost) for b in batches] == [
            (first.pk, 4, Decimal("2.5")),  # what was ordered
            (second.pk, Decimal("0.5"), 9),  # what was told
            (first.pk, 6, Decimal("2.5")),
        ]
        events = shop.account.audit_events.filter(action="purchaseorder.received").order_by("id")
        assert [event.after["stock"] for event in events] == [row["id"] for row in reversed(deliveries)]


@pytest.mark.django_db
def test_a_receipt_may_bring_what_every_delivery_may(shop, trader):
    with shop.inside():
        milk = services.add_product(by=shop.owner, sku="MILK", name="Milk", retail_price=Decimal(9), tracking="BATCH")
        phone = services.add_product(
            by=shop.owner, sku="FONE", name="Phone", retail_price=Decimal(9), tracking="SERIAL"
        )
    pk = ordered(shop, trader, line(milk, "10", "2"), line(phone, "2", "40"))
    body = {
        "reference": "Waybill 7",
        "additional_cost": "10.00",
        "spread_by": "VALUE",
        "occurred_at": "2026-03-01T10:00:00+01:00",
        "items": [
            {"product": str(milk.pk), "quantity": "10", "expiry_date": "2030-01-31", "retail_price": "11.00"},
            {"product": str(phone.pk), "quantity": "2", "serials": ["A", "B"]},
        ],
    }
    for item, code in ((0, "expiry_required"), (1, "serials_required")):
        items = [dict(each) for each in body["items"]]
        items[item].pop("expiry_date", None)
        items[item].pop("serials", None)
        wrong = {**body, "items": items}
        unchanged(shop, lambda wrong=wrong: call(shop, pk, "receive", wrong), 400, code)
    assert took(shop, pk, "receive", body)["status"] == "RECEIVED"
    (row,) = shop.client().get(STOCK, {"order": pk}).json()["results"]
    assert (row["reference"], row["additional_cost"], row["occurred_at"]) == (
        "Waybill 7",
        "10.00",
        "2026-03-01T09:00:00Z",
    )
    items = shop.client().get(f"{STOCK}{row['id']}/").json()["data"]["items"]
    assert [(item["unit_cost"], item["expiry_date"], item["serials"]) for item in items] == [
        ("2.2000", "2030-01-31", []),
        ("44.0000", None, ["A", "B"]),
    ]


@pytest.mark.django_db
def test_more_than_was_ordered_is_taken_and_shown_as_such(shop, trader):
    first, second, _ = shop.products
    pk = ordered(shop, trader, line(first, "10"), line(second, "3"))
    over = took(shop, pk, "receive", goods(first, "12.5"))
    assert over["status"] == "PARTLY_RECEIVED"  # what is too much of one is not instead of another
    assert progress(over) == [("1E+1", "12.5", "0", "2.5"), ("3", "0", "3", "0")]
    assert took(shop, pk, "receive", goods(second, "3"))["status"] == "RECEIVED"


@pytest.mark.django_db
def test_several_items_of_one_product_count_together(shop, trader):
    first = shop.products[0]
    pk = ordered(shop, trader, line(first, "10"))
    items = [*goods(first, "4", expiry_date="2030-01-31")["items"], *goods(first, "6")["items"]]
    assert took(shop, pk, "receive", {"items": items})["status"] == "RECEIVED"


@pytest.mark.django_db
def test_what_was_not_ordered_is_not_received_and_told_from_what_there_is_not(shop, trader, stranger):
    first, second, _ = shop.products
    pk = ordered(shop, trader)
    items = [
        *goods(first)["items"],
        *goods(second)["items"],
        *goods(stranger.products[0])["items"],
        {"product": str(uuid7()), "quantity": "1"},
    ]
    told = unchanged(shop, lambda: call(shop, pk, "receive", {"items": items}), 400, "invalid_input")
    assert paths_of(told) == [
        ("items.1.product", "not_ordered"),
        ("items.2.product", "does_not_exist"),
        ("items.3.product", "does_not_exist"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": "0"}, "items.0.quantity"),
        ({"quantity": "-1"}, "items.0.quantity"),
        ({"quantity": "Infinity"}, "items.0.quantity"),
        ({"unit_cost": "-1"}, "items.0.unit_cost"),
        ({"unit_cost": None}, "items.0.unit_cost"),
        ({"pack": str(uuid7())}, "items.0.pack"),
    ],
)
def test_s27_a_receipt_that_is_not_right_is_400_and_says_where(shop, trader, change, field):
    """S27."""
    pk = ordered(shop, trader)
    body = goods(shop.products[0], **change)
    assert fields_of(unchanged(shop, lambda: call(shop, pk, "receive", body), 400, "invalid_input")) == [field]


@pytest.mark.django_db
def test_more_than_can_be_counted_is_400(shop, trader):
    pk = ordered(shop, trader)
    took(shop, pk, "receive", goods(shop.products[0], "9"))
    body = {"items": goods(shop.products[0], "99999999999.999")["items"] * 2}
    told = unchanged(shop, lambda: call(shop, pk, "receive", body), 400, "invalid_input")
    assert paths_of(told) == [("", "out_of_range")]


LEGAL = {
    ("DRAFT", "order"), ("DRAFT", "cancel"), ("DRAFT", "change"),
    ("ORDERED", "receive"), ("ORDERED", "close"), ("ORDERED", "cancel"),
    ("PARTLY_RECEIVED", "receive"), ("PARTLY_RECEIVED", "close"),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("status", OrderStatus.values)
@pytest.mark.parametrize("step", [*STEPS, "change"])
def test_each_step_is_legal_from_some_states_and_from_others_409_with_the_present_one(shop, trader, status, step):
    pk = bring(shop, trader, status)
    body = goods(shop.products[0]) if step == "receive" else {}

    def take():
        if step == "change":
            return shop.client().patch(f"{ORDERS}{pk}/", {"reason": "x", "lines": [line(shop.products[1])]})
        return call(shop, pk, step, body)

    if (status, step) in LEGAL:
        assert take().status_code == 200
    else:
        told = unchanged(shop, take, 409, "order_state")
        assert told["meta"] == {"status": status}
        assert status in told["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize(("step", "status"), [("close", "CLOSED"), ("cancel", "CANCELLED")])
def test_why_an_order_ended_is_kept(shop, trader, step, status):
    pk = ordered(shop, trader, reason="For Easter")
    ended = took(shop, pk, step, {"reason": "Too late"})
    assert (ended["status"], ended["reason"], ended["closed_at"] is None) == (status, "Too late", False)
    with shop.inside():
        event = shop.account.audit_events.filter(subject_id=pk).order_by("-id").first()
    assert (event.before, event.after["status"], event.after["reason"]) == ({"status": "ORDERED"}, status, "Too late")


@pytest.mark.django_db
def test_an_end_without_a_reason_leaves_the_orders_own(shop, trader):
    assert took(shop, ordered(shop, trader, reason="For Easter"), "cancel")["reason"] == "For Easter"


# --- Once -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_receipt_that_is_sent_twice_comes_once(shop, trader):
    pk, key, body = ordered(shop, trader), str(uuid7()), goods(shop.products[0], "4")
    first, again = (call(shop, pk, "receive", body, key=key) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert progress(shown(shop, pk)) == [("1E+1", "4", "6", "0")]
    assert len(ids(shop, STOCK, order=pk)) == 1
    other = goods(shop.products[0], "5")
    unchanged(shop, lambda: call(shop, pk, "receive", other, key=key), 422, "idempotency_key_reused")
    url = f"{ORDERS}{pk}/receive/"
    unchanged(shop, lambda: shop.client().post(url, body), 400, "idempotency_key_required")


@pytest.mark.django_db
def test_an_order_is_drawn_up_once_however_often_it_is_sent(shop, trader):
    body = draft(shop, trader)
    first, again = (shop.client().post(ORDERS, body) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert ids(shop, ORDERS) == {body["id"]}
    del body["id"]
    unchanged(shop, lambda: shop.client().post(ORDERS, body), 400, "idempotency_key_required")


@pytest.mark.django_db
def test_a_refused_order_and_a_refused_receipt_take_no_number(shop, trader):
    twice = [line(shop.products[0])] * 2
    unchanged(shop, lambda: shop.client().post(ORDERS, draft(shop, trader, *twice)), 409, "product_twice")
    assert made(shop, trader)["number"] == "PO-000001"


def receive(shop: Shop, pk, quantity: str = "5"):
    """Receive so much of the order, in a transaction of its own; the status after it."""
    with shop.inside():
        order = shop.account.purchase_orders.locked().get(pk=pk)
        items = [{"product": shop.products[0].pk, "quantity": Decimal(quantity)}]
        return services.receive_order(by=shop.owner, order=order, items=items).status


def ordered_at_once(shop: Shop, quantity: str):
    with shop.inside():
        order = services.add_order(
            by=shop.owner,
            supplier=shop.account.suppliers.create(name=f"Trader {uuid7()}").pk,
            location=shop.storefront.pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(quantity), "unit_cost": Decimal(1)}],
        )
        return services.place_order(by=shop.owner, order=order).pk


def received(shop: Shop, pk):
    """What the order says has come, what its deliveries say, and where the order stands."""
    with shop.inside():
        (line,) = shop.account.purchase_order_lines.filter(order=pk)
        batches = shop.account.stock_products.filter(stock__order=pk)
        status = shop.account.purchase_orders.get(pk=pk).status
        return line.received_quantity, sum(batches.values_list("quantity", flat=True)), status


def adds_up() -> bool:
    return list(sums.find_disagreements(using="staff")) == []


@pytest.mark.usefixtures("committed")
def test_receipts_at_the_same_instant_all_count(busy):
    pk = ordered_at_once(busy, "40")
    results = at_once([lambda: receive(busy, pk)] * 8)
    assert (count_of(results, "PARTLY_RECEIVED"), count_of(results, "RECEIVED")) == (7, 1), results
    assert received(busy, pk) == (40, 40, "RECEIVED")
    assert adds_up()


@pytest.mark.usefixtures("committed")
def test_of_two_that_receive_the_whole_order_at_the_same_instant_one_is_told_that_it_has_come(busy):
    pk = ordered_at_once(busy, "5")
    results = at_once([lambda: receive(busy, pk)] * 4)
    assert (count_of(results, "RECEIVED"), count_of(results, OrderState)) == (1, 3), results
    assert received(busy, pk) == (5, 5, "RECEIVED")


@pytest.mark.usefixtures("committed")
def test_control_of_two_receipts_that_read_the_order_without_a_lock_one_is_lost(busy, monkeypatch):
    pk, barrier = ordered_at_once(busy, "10"), threading.Barrier(2)
    monkeypatch.setattr(tenancy.OwnedQuerySet, "locked", lambda rows: rows)

    def meet():
        with meeting_before("INSERT INTO document_counters", barrier):
            return receive(busy, pk)

    assert at_once([meet, meet]) == ["PARTLY_RECEIVED", "PARTLY_RECEIVED"]
    assert received(busy, pk) == (5, 10, "PARTLY_RECEIVED")


@pytest.mark.usefixtures("committed")
def test_an_order_that_is_cancelled_while_it_is_received_is_one_or_the_other(busy):
    def cancel(pk):
        with busy.inside():
            return services.cancel_order(by=busy.owner, order=busy.account.purchase_orders.locked().get(pk=pk)).status

    for _ in range(6):
        pk = ordered_at_once(busy, "10")
        results = at_once([lambda pk=pk: cancel(pk), lambda pk=pk: receive(busy, pk)])
        assert count_of(results, OrderState) == 1, results
        came = Decimal(0) if "CANCELLED" in results else Decimal(5)
        assert received(busy, pk) == (came, came, "PARTLY_RECEIVED" if came else "CANCELLED")
    assert adds_up()


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
