"""A transfer from the first word to the last arrival: what each step moves, and what it refuses."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from uuid_utils.compat import uuid7

from inventory import services
from inventory.models import LocationKind, MovementKind
from tests.answers import ids, paths_of, refused
from tests.conftest import Shop, receive
from tests.inventory.shipping import (
    TRANSFERS,
    adds_up,
    arrival,
    at,
    draft,
    on_the_road,
    request,
    seen,
    sent,
    shown,
    step,
    today,
    told,
    wanted,
)
from tests.places import add_place
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(shop) -> Shop:
    """The shop's second storefront, with 50 of each of its three products; at the first there are 100."""
    return add_place(shop)


def movements(shop: Shop, *kinds: MovementKind) -> list:
    with shop.inside():
        found = shop.account.stock_movements.filter(kind__in=kinds).order_by("id")
        return list(found.values_list("location__kind", "kind", "quantity", "value"))


# --- The way of a transfer --------------------------------------------------------------------------------------------


def test_s23_goods_are_at_the_source_then_on_the_road_then_at_the_destination_and_never_lost(shop, there):
    """S23."""
    transfer = draft(shop, there)
    assert (transfer["number"], transfer["status"], transfer["version"]) == ("TR-000001", "DRAFT", 1)
    assert (at(shop, shop), at(shop, there), on_the_road(shop)) == ([100] * 3, [50] * 3, {})
    transfer = shown(step(shop, transfer, "dispatch"))
    assert (transfer["status"], transfer["dispatched_by"]) == ("IN_TRANSIT", str(shop.owner.pk))
    assert (at(shop, shop), at(shop, there)) == ([90] * 3, [50] * 3)
    assert on_the_road(shop) == {product.pk: 10 for product in shop.products}
    assert adds_up(shop)
    transfer = shown(step(shop, transfer, "receive", arrival(transfer, accepted="4")))
    assert (transfer["status"], transfer["closed_at"]) == ("PARTLY_RECEIVED", None)
    assert (at(shop, shop), at(shop, there)) == ([90] * 3, [54] * 3)
    assert on_the_road(shop) == {product.pk: 6 for product in shop.products}
    assert adds_up(shop)
    transfer = shown(step(shop, transfer, "receive", arrival(transfer, accepted="3", damaged="2", missing="1")))
    assert transfer["status"] == "RECEIVED"
    assert transfer["closed_at"]
    assert (at(shop, shop), at(shop, there), on_the_road(shop)) == ([90] * 3, [57] * 3, {})
    assert adds_up(shop)
    for line in seen(shop, transfer)["lines"]:
        told_of = {name: line[name] for name in ("quantity", "sent", "accepted", "damaged", "missing", "on_the_road")}
        assert told_of == {
            "quantity": "10.000",
            "sent": "10.000",
            "accepted": "7.000",
            "damaged": "2.000",
            "missing": "1.000",
            "on_the_road": "0.000",
        }


def test_every_step_is_in_the_history_and_counts_the_version(shop, there):
    transfer = request(shop, there)
    for name, body in (
        ("accept", None),
        ("dispatch", None),
        ("receive", arrival(transfer, accepted="1")),
        ("receive", arrival(transfer, accepted="1")),
        ("cancel", None),
    ):
        transfer = shown(step(shop, transfer, name, body))
    assert transfer["version"] == 6
    with shop.inside():
        events = shop.account.audit_events.filter(subject_id=transfer["id"]).order_by("id")
        assert [(event.action, event.after["status"]) for event in events] == [
            ("transfer.opened", "REQUESTED"),
            ("transfer.accepted", "DRAFT"),
            ("transfer.dispatched", "IN_TRANSIT"),
            ("transfer.received", "PARTLY_RECEIVED"),
            ("transfer.received", "PARTLY_RECEIVED"),
            ("transfer.cancelled", "CANCELLED"),
        ]


def test_what_is_damaged_or_missing_leaves_the_road_as_a_loss_with_its_value(shop, there):
    transfer = sent(shop, there)
    shown(step(shop, transfer, "receive", {"items": [{"line": transfer["lines"][0]["id"], "damaged": "2"}]}))
    shown(step(shop, transfer, "receive", {"items": [{"line": transfer["lines"][0]["id"], "missing": "0.5"}]}))
    assert movements(shop, MovementKind.DAMAGED, MovementKind.LOST) == [
        ("TRANSIT", "DAMAGED", Decimal(-2), Decimal(-1)),
        ("TRANSIT", "LOST", Decimal("-0.5"), Decimal("-0.25")),
    ]
    assert adds_up(shop)


def test_the_batch_that_expires_first_goes_and_comes_first_and_stays_what_it_was(shop, there):
    days = [today(shop) + timedelta(days=days) for days in (9, 3)]
    with shop.inside():
        for day, price in zip(days, ("7.00", "8.00"), strict=True):
            receive(shop, "5", expires_on=day, unit_cost=Decimal("1.25"), retail_price=Decimal(price))
    transfer = sent(shop, there, "8")
    with shop.inside():
        picks = list(shop.account.transfer_picks.filter(batch__product=shop.products[0]).order_by("id"))
        assert [(pick.batch.expires_on, pick.quantity) for pick in picks] == [(days[1], 5), (days[0], 3)]
    shown(step(shop, transfer, "receive", arrival(transfer, accepted="1", damaged="1")))
    shown(step(shop, transfer, "receive", arrival(transfer, accepted="4", missing="1")))
    with shop.inside():
        picks = list(shop.account.transfer_picks.filter(batch__product=shop.products[0]).order_by("id"))
        parts = [(pick.accepted, pick.damaged, pick.missing) for pick in picks]
        assert parts == [(4, 1, 0), (1, 0, 1)]
        for pick in picks:
            for other, place in ((pick.in_transit, None), (pick.arrived, there.storefront.pk)):
                same = ("stock_id", "product_id", "purchase_cost", "unit_cost", "expires_on", "retail_price")
                assert [getattr(other, name) for name in same] == [getattr(pick.batch, name) for name in same]
                assert other.origin_id == pick.batch_id
                assert place in (None, other.location_id)
        arrived = shop.account.stock_products.filter(location=there.storefront, product=shop.products[0])
        assert arrived.filter(origin__isnull=False).count() == 2  # one for each pick, in however many parts it came
    assert adds_up(shop)


def test_what_arrived_can_be_sold_and_sent_on(shop, there):
    transfer = sent(shop, there, "60")
    shown(step(shop, transfer, "receive", arrival(transfer, accepted="60")))
    sold = shop.client().post("/api/v1/sales/sales/", there.basket("105"))
    assert sold.status_code == 201, sold.content
    back = sent(there, shop, "5")
    shown(step(shop, back, "receive", arrival(back, accepted="5")))
    assert (at(shop, shop), at(shop, there)) == ([45] * 3, [0] * 3)
    assert adds_up(shop)


def test_a_request_is_accepted_by_the_source_and_then_goes_as_a_draft(shop, there):
    transfer = request(shop, there)
    assert transfer["status"] == "REQUESTED"
    assert told(step(shop, transfer, "dispatch")) == (409, "transfer_state")
    assert shown(step(shop, transfer, "accept"))["status"] == "DRAFT"
    assert shown(step(shop, transfer, "dispatch"))["status"] == "IN_TRANSIT"
    assert adds_up(shop)


# --- Giving up --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opened", [request, draft])
def test_what_has_not_left_is_given_up_and_nothing_moves(shop, there, opened):
    transfer = opened(shop, there)
    assert shown(step(shop, transfer, "cancel"))["status"] == "CANCELLED"
    assert movements(shop, MovementKind.DISPATCHED, MovementKind.ARRIVED) == []
    assert (at(shop, shop), at(shop, there)) == ([100] * 3, [50] * 3)


def test_what_is_on_the_road_goes_back_to_the_batches_that_it_left(shop, there):
    with shop.inside():
        receive(shop, "5", expires_on=today(shop) + timedelta(days=3))
        before = list(shop.account.stock_products.order_by("id").values_list("id", "quantity"))
    transfer = sent(shop, there, "8")
    cancelled = shown(step(shop, transfer, "cancel"))
    assert cancelled["status"] == "CANCELLED"
    assert cancelled["closed_at"]
    assert on_the_road(shop) == {}
    with shop.inside():
        held = shop.account.stock_products.exclude(location__kind=LocationKind.TRANSIT)
        assert list(held.order_by("id").values_list("id", "quantity")) == before
    assert adds_up(shop)


def test_of_what_came_in_part_only_the_rest_goes_back(shop, there):
    transfer = sent(shop, there)
    shown(step(shop, transfer, "receive", arrival(transfer, accepted="3", damaged="1", missing="2")))
    cancelled = shown(step(shop, transfer, "cancel"))
    assert (at(shop, shop), at(shop, there), on_the_road(shop)) == ([94] * 3, [53] * 3, {})
    assert [(line["quantity"], line["sent"], line["on_the_road"]) for line in cancelled["lines"]] == [
        ("10.000", "6.000", "0.000")
    ] * 3
    assert adds_up(shop)


# --- Changing what has not left ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("opened", [request, draft])
def test_lines_and_reason_are_replaced_while_nothing_has_left(shop, there, opened):
    transfer = opened(shop, there)
    url = f"{TRANSFERS}{transfer['id']}/"
    body = {"reason": "Ɛda kɛse 🧺", "lines": [{"product": str(shop.products[2].pk), "quantity": "0.001"}]}
    changed = shown(shop.client().patch(url, body))
    assert (changed["reason"], changed["status"]) == (body["reason"], transfer["status"])
    lines = [(line["position"], line["product"], line["quantity"]) for line in changed["lines"]]
    assert lines == [(1, str(shop.products[2].pk), "0.001")]
    assert changed["version"] > transfer["version"]
    told_of = refused(
        shop, lambda: shop.client().patch(url, {"reason": "Late"}, HTTP_IF_MATCH='"1"'), 412, "stale_version"
    )
    assert told_of["meta"]["current"]["reason"] == body["reason"]


@pytest.mark.parametrize("left_out", ["product", "quantity"])
def test_a_change_may_leave_out_the_lines_but_no_part_of_a_line(shop, there, left_out):
    transfer = draft(shop, there)
    url = f"{TRANSFERS}{transfer['id']}/"
    line = wanted(shop, there)["lines"][0]
    del line[left_out]
    told_of = refused(shop, lambda: shop.client().patch(url, {"lines": [line]}), 400, "invalid_input")
    assert paths_of(told_of) == [(f"lines.0.{left_out}", "required")]
    assert len(shown(shop.client().patch(url, {"reason": "Soon"}))["lines"]) == 3


# --- Lists, and what they cost ----------------------------------------------------------------------------------------


def test_filters_and_the_search_by_number_find_what_they_say(shop, there):
    with shop.inside():
        rare = services.add_product(by=shop.owner, sku="RARE", name="Rare", retail_price=Decimal(1))
    out, back = draft(shop, there), sent(there, shop)
    lines = [{"product": str(rare.pk), "quantity": "1"}]
    odd = draft(there, shop, lines=lines)
    for query, found in (
        ({}, {out["id"], back["id"], odd["id"]}),
        ({"status": "DRAFT"}, {out["id"], odd["id"]}),
        ({"status": "IN_TRANSIT"}, {back["id"]}),
        ({"status": "RECEIVED"}, set()),
        ({"source": str(shop.storefront.pk)}, {out["id"]}),
        ({"destination": str(shop.storefront.pk)}, {back["id"], odd["id"]}),
        ({"product": str(rare.pk)}, {odd["id"]}),
        ({"product": str(shop.products[1].pk)}, {out["id"], back["id"]}),
        ({"product": str(uuid7())}, set()),
        ({"search": back["number"].lower()}, {back["id"]}),
        ({"search": "TR-"}, {out["id"], back["id"], odd["id"]}),
    ):
        assert ids(shop, TRANSFERS, **query) == found, query
    for query in ({"status": "LOST"}, {"product": "1"}, {"number": "1"}):
        assert shop.client().get(TRANSFERS, query).status_code == 400
    row = shop.client().get(TRANSFERS, {"status": "IN_TRANSIT"}).json()["results"][0]
    assert (row["source_name"], row["destination_name"]) == (there.storefront.name, shop.storefront.name)
    assert "lines" not in row


def costs(shop: Shop, there: Shop, count: int) -> dict[str, int]:
    """How many statements each step of a transfer of so many lines sends."""
    with shop.inside():
        products = [
            services.add_product(by=shop.owner, sku=str(uuid7()), name="New", retail_price=Decimal(1))
            for n in range(count)
        ]
        many = Shop(**{**vars(shop), "products": products})
        for _ in range(2):
            receive(many, "5")
    body = wanted(many, there, "8")  # of two batches each
    found = {"open": len(statements(lambda: shown(shop.client().post(TRANSFERS, body), 201)))}
    transfer = {"id": body["id"]}
    url = f"{TRANSFERS}{body['id']}/"
    change = {"lines": body["lines"]}
    found["change"] = len(statements(lambda: shown(shop.client().patch(url, change))))
    found["dispatch"] = len(statements(lambda: shown(step(shop, transfer, "dispatch"))))
    part = arrival(seen(shop, transfer), accepted="5", damaged="1")
    found["receive a part"] = len(statements(lambda: shown(step(shop, transfer, "receive", part))))
    rest = arrival(seen(shop, transfer), accepted="1")
    found["receive more"] = len(statements(lambda: shown(step(shop, transfer, "receive", rest))))
    found["retrieve"] = len(statements(lambda: seen(shop, transfer)))
    found["cancel"] = len(statements(lambda: shown(step(shop, transfer, "cancel"))))
    assert adds_up(shop)
    return found


def test_no_step_costs_more_statements_for_a_hundred_lines_than_for_one(shop, there):
    costs(shop, there, 1)  # what is looked up once in a process is looked up now
    one, twenty, hundred = (costs(shop, there, count) for count in (1, 20, 100))
    assert one == twenty == hundred
    assert one["dispatch"] <= 19
    assert one["receive a part"] <= 15
    assert not connection.needs_rollback
