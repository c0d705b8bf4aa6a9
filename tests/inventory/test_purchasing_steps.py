"""Purchase orders on their way from draft to received, each step once."""

import threading
from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from core import tenancy
from inventory import services, sums
from inventory.errors import OrderState
from inventory.models import OrderStatus
from tests.answers import fields_of, ids, paths_of
from tests.conftest import Shop
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
    receive,
    shown,
    supplier,
    took,
    unchanged,
)
from tests.inventory.requests import STOCK
from tests.races import at_once, count_of, meeting_before


@pytest.fixture
def trader(shop):
    return supplier(shop)


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
    assert (ended["status"], ended["closing_reason"], ended["closed_at"] is None) == (status, "Too late", False)
    with shop.inside():
        event = shop.account.audit_events.filter(subject_id=pk).order_by("-id").first()
    assert (event.before, event.after["status"], event.after["reason"]) == ({"status": "ORDERED"}, status, "Too late")


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
