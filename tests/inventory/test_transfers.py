"""A transfer from the first word to the last arrival: what each step moves, and what it refuses."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services
from inventory.models import LocationKind, MovementKind
from tests.accounts.test_moving import breaking_before
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
    told,
    wanted,
)
from tests.places import add_member, add_place
from tests.test_query_counts import statements
from tests.traces import state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(shop) -> Shop:
    """The shop's second storefront, with 50 of each of its three products; at the first there are 100."""
    return add_place(shop)


def today(shop: Shop):
    return timezone.localdate(timezone=shop.account.zone)


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


# --- What is refused changes nothing ----------------------------------------------------------------------------------

STEPS = ("accept", "dispatch", "receive", "cancel")
LEGAL = {
    "REQUESTED": {"accept", "cancel"},
    "DRAFT": {"dispatch", "cancel"},
    "IN_TRANSIT": {"receive", "cancel"},
    "PARTLY_RECEIVED": {"receive", "cancel"},
    "RECEIVED": set(),
    "CANCELLED": set(),
}


def in_status(shop: Shop, there: Shop, status: str):
    if status in ("REQUESTED", "DRAFT", "CANCELLED"):
        transfer = (request if status == "REQUESTED" else draft)(shop, there)
        return shown(step(shop, transfer, "cancel")) if status == "CANCELLED" else transfer
    transfer = sent(shop, there)
    accepted = {"IN_TRANSIT": None, "PARTLY_RECEIVED": "4", "RECEIVED": "10"}[status]
    return shown(step(shop, transfer, "receive", arrival(transfer, accepted=accepted))) if accepted else transfer


@pytest.mark.parametrize("status", LEGAL)
def test_a_step_is_taken_where_it_may_be_and_nowhere_else(shop, there, status):
    transfer = in_status(shop, there, status)
    assert transfer["status"] == status
    for name in STEPS:
        body = arrival(transfer, accepted="1") if name == "receive" else None
        if name not in LEGAL[status]:
            refusal = refused(
                shop, lambda name=name, body=body: step(shop, transfer, name, body), 409, "transfer_state"
            )
            assert status in refusal["detail"]
    if status not in ("REQUESTED", "DRAFT"):
        url = f"{TRANSFERS}{transfer['id']}/"
        refused(shop, lambda: shop.client().patch(url, {"reason": "Late"}), 409, "transfer_state")
    assert adds_up(shop)


def test_s23_a_transfer_of_more_than_there_is_names_the_lines_and_changes_nothing_however_often(shop, there):
    """S23."""
    body = wanted(shop, there)
    body["lines"][0]["quantity"], body["lines"][2]["quantity"] = "100.001", "99999999999.999"
    transfer = shown(shop.client().post(TRANSFERS, body), 201)
    key = str(uuid7())
    for attempt in (key, key, "", ""):
        told_of = refused(
            shop, lambda attempt=attempt: step(shop, transfer, "dispatch", key=attempt), 409, "insufficient_stock"
        )
        assert paths_of(told_of) == [
            ("lines.0.quantity", "insufficient_stock"),
            ("lines.2.quantity", "insufficient_stock"),
        ]
        assert told_of["meta"]["available"] == {str(shop.products[i].pk): "100.000" for i in (0, 2)}
        assert on_the_road(shop) == {}
        assert adds_up(shop)


def test_s23_a_transfer_that_failed_goes_when_there_is_enough(shop, there):
    """S23."""
    transfer, key = draft(shop, there, "101"), str(uuid7())
    refused(shop, lambda: step(shop, transfer, "dispatch", key=key), 409, "insufficient_stock")
    with shop.inside():
        receive(shop, "1")
    assert shown(step(shop, transfer, "dispatch", key=key))["status"] == "IN_TRANSIT"
    assert at(shop, shop) == [0] * 3


def test_what_a_cart_holds_stays(shop, there):
    with shop.inside():
        services.hold_stock(
            by=shop.owner,
            location=shop.storefront.pk,
            product=shop.products[1].pk,
            cart=uuid7(),
            quantity=Decimal(95),
        )
    transfer = draft(shop, there, "6")
    told_of = refused(shop, lambda: step(shop, transfer, "dispatch"), 409, "insufficient_stock")
    assert paths_of(told_of) == [("lines.1.quantity", "insufficient_stock")]
    assert shown(step(shop, draft(shop, there, "5"), "dispatch"))["status"] == "IN_TRANSIT"


def test_what_has_expired_stays(shop, there):
    with shop.inside():
        receive(shop, "7", expires_on=today(shop) - timedelta(days=1))
    transfer = draft(shop, there, "101")
    refused(shop, lambda: step(shop, transfer, "dispatch"), 409, "insufficient_stock")
    assert shown(step(shop, draft(shop, there, "100"), "dispatch"))["status"] == "IN_TRANSIT"
    assert at(shop, shop) == [7] * 3


def test_what_was_switched_off_meanwhile_stays(shop, there):
    transfer = draft(shop, there)
    with shop.inside():
        shop.account.products.filter(pk=shop.products[1].pk).update(is_active=False)
    told_of = refused(shop, lambda: step(shop, transfer, "dispatch"), 409, "product_inactive")
    assert paths_of(told_of) == [("lines.1.product", "product_inactive")]
    body = wanted(shop, there)
    told_of = refused(shop, lambda: shop.client().post(TRANSFERS, body), 400, "invalid_input")
    assert paths_of(told_of) == [("lines.1.product", "does_not_exist")]


@pytest.mark.parametrize(
    "found",
    [
        {"accepted": "10.001"},
        {"damaged": "11"},
        {"missing": "99999999999.999"},
        {"accepted": "5", "damaged": "5", "missing": "0.001"},
    ],
)
def test_more_than_was_sent_does_not_arrive(shop, there, found):
    transfer = sent(shop, there)
    told_of = refused(
        shop, lambda: step(shop, transfer, "receive", arrival(transfer, **found)), 409, "arrival_too_much"
    )
    assert paths_of(told_of) == [(f"items.{n}.accepted", "arrival_too_much") for n in range(3)]
    line = transfer["lines"][0]["id"]
    twice = {"items": [{"line": line, "accepted": "6"}, {"line": line, "missing": "4.001"}]}
    told_of = refused(shop, lambda: step(shop, transfer, "receive", twice), 409, "arrival_too_much")
    assert paths_of(told_of) == [("items.1.accepted", "arrival_too_much")]
    assert told_of["errors"][0]["detail"] == "4.000 on the road."
    assert adds_up(shop)


def test_more_than_is_still_on_the_road_does_not_arrive(shop, there):
    transfer = sent(shop, there)
    shown(step(shop, transfer, "receive", arrival(transfer, accepted="5", missing="1")))
    refused(shop, lambda: step(shop, transfer, "receive", arrival(transfer, accepted="4.001")), 409, "arrival_too_much")
    assert shown(step(shop, transfer, "receive", arrival(transfer, damaged="4")))["status"] == "RECEIVED"
    assert adds_up(shop)


def test_the_same_line_named_twice_arrives_in_both_parts(shop, there):
    transfer = sent(shop, there)
    line = transfer["lines"][0]["id"]
    twice = {"items": [{"line": line, "accepted": "6"}, {"line": line, "accepted": "1", "missing": "3"}]}
    assert shown(step(shop, transfer, "receive", twice))["lines"][0]["on_the_road"] == "0.000"
    assert at(shop, there)[0] == 57
    assert adds_up(shop)


def test_an_arrival_of_nothing_or_of_an_unknown_line_is_refused(shop, there):
    transfer, other = sent(shop, there), sent(shop, there)
    for items, path in (
        (arrival(transfer)["items"], ("items.0.accepted", "required")),
        (arrival(transfer, accepted="0", damaged="0", missing="0")["items"], ("items.0.accepted", "required")),
        (arrival(other, accepted="1")["items"], ("items.0.line", "does_not_exist")),
        ([{"line": str(uuid7()), "accepted": "1"}], ("items.0.line", "does_not_exist")),
        (arrival(transfer, accepted="-1")["items"], ("items.0.accepted", "min_value")),
        (arrival(transfer, accepted="1.0001")["items"], ("items.0.accepted", "max_decimal_places")),
        (arrival(transfer, accepted="NaN")["items"], ("items.0.accepted", "invalid")),
        (arrival(transfer, accepted="1", lost="1")["items"], ("items.0.lost", "unknown_field")),
        ([], ("items", "min_length")),
    ):
        told_of = refused(
            shop, lambda items=items: step(shop, transfer, "receive", {"items": items}), 400, "invalid_input"
        )
        assert paths_of(told_of)[0] == path
    assert adds_up(shop)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"quantity": "0"}, ("lines.0.quantity", "min_value")),
        ({"quantity": "-1"}, ("lines.0.quantity", "min_value")),
        ({"quantity": "0.0005"}, ("lines.0.quantity", "max_decimal_places")),
        ({"quantity": "1e3"}, ("lines.0.quantity", "invalid")),
        ({"quantity": "١٠"}, ("lines.0.quantity", "invalid")),
        ({"quantity": "123456789012345"}, ("lines.0.quantity", "max_digits")),
        ({"product": str(uuid7())}, ("lines.0.product", "does_not_exist")),
        ({"pack": None}, ("lines.0.pack", "unknown_field")),
    ],
)
def test_a_line_that_cannot_be_is_refused(shop, there, change, path):
    body = wanted(shop, there)
    body["lines"][0] |= change
    told_of = refused(shop, lambda: shop.client().post(TRANSFERS, body), 400, "invalid_input")
    assert paths_of(told_of)[0] == path
    transfer = draft(shop, there)
    url = f"{TRANSFERS}{transfer['id']}/"
    told_of = refused(shop, lambda: shop.client().patch(url, {"lines": body["lines"]}), 400, "invalid_input")
    assert paths_of(told_of)[0] == path


def test_a_place_that_cannot_be_an_end_is_refused(shop, there, stranger):
    with shop.inside():
        road = shop.account.locations.get(kind=LocationKind.TRANSIT)
        closed = services.add_location(by=shop.owner, kind=LocationKind.WAREHOUSE, name="Closed")
        services.change_location(by=shop.owner, location=closed, is_active=False)
    for place in (road, closed, stranger.storefront):
        for end in ("source", "destination"):
            for is_request in (True, False):
                body = {**wanted(shop, there), end: str(place.pk), "is_request": is_request}
                told_of = refused(shop, lambda body=body: shop.client().post(TRANSFERS, body), 400, "invalid_input")
                assert paths_of(told_of) == [(end, "does_not_exist")]
    refused(shop, lambda: shop.client().post(TRANSFERS, wanted(shop, shop)), 409, "same_place")


def test_a_service_and_a_product_named_twice_are_refused(shop, there):
    body = wanted(shop, there)
    body["lines"].append(body["lines"][0])
    refused(shop, lambda: shop.client().post(TRANSFERS, body), 409, "product_twice")
    with shop.inside():
        service = services.add_product(
            by=shop.owner, sku="CUT", name="Cutting", retail_price=Decimal(1), is_stocked=False
        )
    body["lines"][3] = {"product": str(service.pk), "quantity": "1"}
    told_of = refused(shop, lambda: shop.client().post(TRANSFERS, body), 409, "not_stocked")
    assert paths_of(told_of) == [("lines.3.product", "not_stocked")]


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


# --- Who takes which step ---------------------------------------------------------------------------------------------


@pytest.fixture
def keepers(shop, there):
    """Who works at the first place only, who at the second, and who at neither."""
    with shop.inside():
        third = services.add_location(by=shop.owner, kind=LocationKind.WAREHOUSE, name="Third")
    places = {"Here": shop.storefront, "There": there.storefront, "Third": third}
    return [add_member(shop, Role.WAREHOUSE, place, name=name) for name, place in places.items()]


def test_each_step_is_taken_at_its_end_and_seen_at_both(shop, there, keepers):
    here, other, third = keepers
    body = wanted(shop, there)
    told_of = refused(shop, lambda: shop.client(other).post(TRANSFERS, body), 400, "invalid_input")
    assert paths_of(told_of) == [("source", "does_not_exist")]
    told_of = refused(
        shop, lambda: shop.client(here).post(TRANSFERS, {**body, "is_request": True}), 400, "invalid_input"
    )
    assert paths_of(told_of) == [("destination", "does_not_exist")]
    transfer = shown(shop.client(other).post(TRANSFERS, {**body, "is_request": True}), 201)
    url = f"{TRANSFERS}{transfer['id']}/"
    refused(shop, lambda: shop.client(here).patch(url, {"reason": "No"}), 403, "works_elsewhere")
    shown(shop.client(other).patch(url, {"reason": "Please"}))
    for name, taker, onlooker in (("accept", here, other), ("dispatch", here, other), ("receive", other, here)):
        sending = arrival(shown(shop.client().get(url)), accepted="1") if name == "receive" else None
        for wrong, status, code in ((onlooker, 403, "works_elsewhere"), (third, 404, "not_found")):
            refused(
                shop,
                lambda wrong=wrong, name=name, sending=sending: step(shop, transfer, name, sending, by=wrong),
                status,
                code,
            )
        shown(step(shop, transfer, name, sending, by=taker))
    refused(shop, lambda: step(shop, transfer, "cancel", by=other), 403, "works_elsewhere")
    for member in (here, other):
        shown(shop.client(member).get(url))
        assert [row["id"] for row in shop.client(member).get(TRANSFERS).json()["results"]] == [transfer["id"]]
    assert shop.client(third).get(TRANSFERS).json()["results"] == []
    shown(step(shop, transfer, "cancel", by=here))
    assert adds_up(shop)


def test_a_draft_is_the_sources_and_a_request_is_given_up_at_either_end(shop, there, keepers):
    here, other, _ = keepers
    transfer = shown(shop.client(here).post(TRANSFERS, wanted(shop, there)), 201)
    refused(shop, lambda: step(shop, transfer, "cancel", by=other), 403, "works_elsewhere")
    url = f"{TRANSFERS}{transfer['id']}/"
    refused(shop, lambda: shop.client(other).patch(url, {"reason": "No"}), 403, "works_elsewhere")
    shown(step(shop, transfer, "cancel", by=here))
    for member in (here, other):
        shown(step(shop, request(shop, there), "cancel", by=member))


def test_what_the_other_end_was_told_is_replayed_to_whoever_sees_it_only(shop, there, keepers):
    here, other, third = keepers
    transfer, key = shown(shop.client(here).post(TRANSFERS, wanted(shop, there)), 201), str(uuid7())
    first = step(shop, transfer, "dispatch", by=here, key=key)
    again = step(shop, transfer, "dispatch", by=other, key=key)
    assert (again["Idempotency-Replayed"], again.content) == ("true", first.content)
    refused(shop, lambda: step(shop, transfer, "dispatch", by=third, key=key), 404, "not_found")


# --- Once ------------------------------------------------------------------------------------------------------------


def test_a_retry_with_the_same_key_gets_the_same_answer_and_nothing_happens_twice(shop, there):
    body = wanted(shop, there)
    first = shop.client().post(TRANSFERS, body)
    transfer = shown(first, 201)
    answers = [(first, lambda: shop.client().post(TRANSFERS, body))]
    for name, sending in (
        ("dispatch", None),
        ("receive", arrival(transfer, accepted="4")),
        ("cancel", None),
    ):
        key = str(uuid7())
        taken = step(shop, transfer, name, sending, key=key)
        shown(taken)
        answers.append(
            (taken, lambda name=name, sending=sending, key=key: step(shop, transfer, name, sending, key=key))
        )
    before = state_of(shop)
    for answer, again in answers:
        replayed = again()
        assert replayed["Idempotency-Replayed"] == "true"
        assert (replayed.status_code, replayed.content) == (answer.status_code, answer.content)
    assert state_of(shop) == before
    assert adds_up(shop)


def test_a_step_without_a_key_or_with_the_key_of_another_body_is_refused(shop, there):
    transfer = sent(shop, there)
    url = f"{TRANSFERS}{transfer['id']}/receive/"
    body = arrival(transfer, accepted="1")
    refused(shop, lambda: shop.client().post(url, body), 400, "idempotency_key_required")
    key = str(uuid7())
    shown(step(shop, transfer, "receive", body, key=key))
    other = arrival(transfer, accepted="2")
    refused(shop, lambda: step(shop, transfer, "receive", other, key=key), 422, "idempotency_key_reused")


WRITES = [
    ("dispatch", "\nWITH wanted"),
    ("dispatch", 'INSERT INTO "stock_products"'),
    ("dispatch", 'INSERT INTO "transfer_picks"'),
    ("dispatch", 'UPDATE "transfers"'),
    ("dispatch", 'INSERT INTO "audit_events"'),
    ("dispatch", "UPDATE idempotency_keys"),
    ("receive", 'INSERT INTO "stock_products"'),
    ("receive", "\nWITH wanted"),
    ("receive", 'UPDATE "transfer_picks"'),
    ("receive", 'UPDATE "transfers"'),
    ("receive", "UPDATE idempotency_keys"),
    ("cancel", "\nWITH wanted"),
    ("cancel", 'UPDATE "transfer_picks"'),
    ("cancel", 'UPDATE "transfers"'),
]


@pytest.mark.parametrize(("name", "statement"), WRITES)
def test_s23_a_step_that_breaks_off_before_its_end_has_not_begun(shop, there, name, statement):
    """S23."""
    transfer = draft(shop, there) if name == "dispatch" else sent(shop, there)
    body = arrival(transfer, accepted="3", missing="1") if name == "receive" else None
    before, key = state_of(shop), str(uuid7())
    with breaking_before(statement):
        assert step(shop, transfer, name, body, key=key).status_code == 503
    assert state_of(shop) == before
    assert adds_up(shop)
    taken = step(shop, transfer, name, body, key=key)
    shown(taken)
    assert "Idempotency-Replayed" not in taken
    assert adds_up(shop)


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
    assert one["dispatch"] <= 18
    assert one["receive a part"] <= 15
    assert not connection.needs_rollback
