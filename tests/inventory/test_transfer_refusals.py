"""Transfers that cannot be as they are sent: refused, and nothing has changed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from inventory import services
from inventory.models import LocationKind
from tests.answers import paths_of, refused
from tests.conftest import Shop, receive
from tests.inventory.shipping import (
    TRANSFERS,
    adds_up,
    arrival,
    at,
    draft,
    on_the_road,
    request,
    sent,
    shown,
    step,
    today,
    wanted,
)
from tests.places import add_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(shop) -> Shop:
    """The shop's second storefront, with 50 of each of its three products; at the first there are 100."""
    return add_place(shop)


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
