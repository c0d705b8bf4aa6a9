"""Transfers of what is tracked piece by piece: the very pieces go, and the very pieces come."""

from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services
from inventory.models import LocationKind, Tracking
from tests.answers import paths_of, refused
from tests.conftest import Shop
from tests.inventory.shipping import TRANSFERS, adds_up, at, seen, shown, step, wanted
from tests.places import add_place

pytestmark = pytest.mark.django_db

NUMBERS = ["A1", "A2", "A3", "A4"]


@pytest.fixture
def phones(shop) -> Shop:
    """The same shop, seen with a soap and a phone of which it has four pieces in two deliveries, A1 and A2 older."""
    with shop.inside():
        phone = services.add_product(
            by=shop.owner, sku="PHONE", name="Phone", retail_price=Decimal(900), tracking=Tracking.SERIAL
        )
        for numbers in (NUMBERS[:2], NUMBERS[2:]):
            item = {"product": phone.pk, "quantity": Decimal(2), "unit_cost": Decimal(600), "serials": numbers}
            services.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[item])
    return Shop(**{**vars(shop), "products": [shop.products[0], phone]})


@pytest.fixture
def there(shop) -> Shop:
    return add_place(shop)


@pytest.fixture
def transfer(phones, there):
    """A draft of two soaps and two phones."""
    return shown(phones.client().post(TRANSFERS, wanted(phones, there, "2")), 201)


def naming(transfer, *numbers: str, line: int = 1):
    return {"lines": [{"line": transfer["lines"][line]["id"], "serials": list(numbers)}]}


def found(transfer, *, line: int = 1, **pieces: list[str]):
    """The phones with these numbers were found so."""
    counts = {outcome: str(len(numbers)) for outcome, numbers in pieces.items()}
    numbers = {f"{outcome}_serials": numbers for outcome, numbers in pieces.items()}
    return {"items": [{"line": transfer["lines"][line]["id"], **counts, **numbers}]}


def whereabouts(shop: Shop) -> dict[str, str | None]:
    """At which place each piece is, or that it is at none."""
    with shop.inside():
        pieces = shop.account.serial_numbers.order_by("number")
        return dict(pieces.values_list("number", "stock_product__location__name"))


def history(shop: Shop, number: str) -> list[tuple]:
    with shop.inside():
        lines = shop.account.stock_movements.filter(serial__number=number).order_by("id")
        return list(lines.values_list("kind", "quantity", "location__name"))


def test_the_pieces_that_are_named_go_and_come_whichever_is_older(phones, there, transfer):
    sent = shown(step(phones, transfer, "dispatch", naming(transfer, "A1", "A4")))
    assert whereabouts(phones) == {"A1": "In transit", "A2": "Main", "A3": "Main", "A4": "In transit"}
    assert [line["serials"] for line in sent["lines"]] == [[], ["A1", "A4"]]
    assert adds_up(phones)
    part = shown(step(phones, transfer, "receive", found(transfer, accepted=["A4"])))
    assert (part["status"], part["lines"][1]["serials"]) == ("PARTLY_RECEIVED", ["A1"])
    assert whereabouts(phones) == {"A1": "In transit", "A2": "Main", "A3": "Main", "A4": "Kumasi"}
    assert adds_up(phones)
    shown(step(phones, transfer, "receive", found(transfer, missing=["A1"])))
    assert whereabouts(phones) == {"A1": None, "A2": "Main", "A3": "Main", "A4": "Kumasi"}
    soap = {"items": [{"line": transfer["lines"][0]["id"], "accepted": "2"}]}
    assert shown(step(phones, transfer, "receive", soap))["status"] == "RECEIVED"
    assert history(phones, "A4") == [
        ("RECEIVED", 1, "Main"),
        ("DISPATCHED", -1, "Main"),
        ("DISPATCHED", 1, "In transit"),
        ("ARRIVED", -1, "In transit"),
        ("ARRIVED", 1, "Kumasi"),
    ]
    assert history(phones, "A1")[-1] == ("LOST", -1, "In transit")
    assert adds_up(phones)


def test_pieces_that_come_damaged_are_gone_and_the_others_go_back_where_they_were(phones, there, transfer):
    with phones.inside():
        before = dict(phones.account.serial_numbers.values_list("number", "stock_product"))
    shown(step(phones, transfer, "dispatch", naming(transfer, "A2", "A3")))
    shown(step(phones, transfer, "receive", found(transfer, damaged=["A2"])))
    cancelled = shown(step(phones, transfer, "cancel"))
    assert cancelled["lines"][1]["serials"] == []
    with phones.inside():
        now = dict(phones.account.serial_numbers.values_list("number", "stock_product"))
    assert now == {**before, "A2": None}
    assert at(phones, phones) == [100, 3]
    assert adds_up(phones)


@pytest.mark.parametrize("numbers", [[], ["A1"], ["A1", "A1"], ["A1", "A2", "A3"], ["A1", "A1", "A2"]], ids="-".join)
def test_each_piece_that_goes_is_named_once(phones, there, transfer, numbers):
    body = naming(transfer, *numbers)
    told_of = refused(phones, lambda: step(phones, transfer, "dispatch", body), 400, "serials_required")
    assert paths_of(told_of) == [("lines.1.serials", "serials_required")]
    refused(phones, lambda: step(phones, transfer, "dispatch"), 400, "serials_required")


def test_of_what_has_no_numbers_none_are_given(phones, there, transfer):
    body = {"lines": [*naming(transfer, "A1", "A2")["lines"], *naming(transfer, "A3", "A4", line=0)["lines"]]}
    told_of = refused(phones, lambda: step(phones, transfer, "dispatch", body), 400, "serials_required")
    assert paths_of(told_of) == [("lines.0.serials", "serials_required")]
    shown(step(phones, transfer, "dispatch", naming(transfer, "A1", "A2")))
    numbered = found(transfer, accepted=["A1"], line=0)
    refused(phones, lambda: step(phones, transfer, "receive", numbered), 400, "serials_required")


def test_a_line_that_the_transfer_does_not_have_names_no_pieces(phones, there, transfer):
    other = shown(phones.client().post(TRANSFERS, wanted(phones, there, "2")), 201)
    body = naming(other, "A1", "A2")
    told_of = refused(phones, lambda: step(phones, transfer, "dispatch", body), 400, "invalid_input")
    assert paths_of(told_of) == [("lines.0.line", "does_not_exist")]


@pytest.mark.parametrize("way_off", ["never was", "at the other place", "sold", "on the road", "expired"])
def test_a_piece_that_is_not_on_the_shelf_does_not_go(phones, there, transfer, way_off):
    number = "A1"
    if way_off == "never was":
        number = "B9"
    elif way_off in ("at the other place", "on the road"):
        other = shown(phones.client().post(TRANSFERS, wanted(phones, there, "1")), 201)
        shown(step(phones, other, "dispatch", naming(other, "A1")))
        if way_off == "at the other place":
            shown(step(phones, other, "receive", found(other, accepted=["A1"])))
    elif way_off == "sold":
        with phones.inside():
            phones.account.serial_numbers.filter(number="A1").update(stock_product=None)
    else:
        with phones.inside():
            batches = phones.account.stock_products.filter(serial_numbers__number="A1")
            batches.update(expires_on=timezone.localdate().replace(year=2020))
    body = naming(transfer, number, "A3")
    told_of = refused(phones, lambda: step(phones, transfer, "dispatch", body), 409, "serial_elsewhere")
    assert paths_of(told_of) == [("lines.1.serials", "serial_elsewhere")]


def test_pieces_go_only_so_far_as_no_cart_holds_them(phones, there, transfer):
    with phones.inside():
        services.hold_stock(
            by=phones.owner,
            location=phones.storefront.pk,
            product=phones.products[1].pk,
            cart=uuid7(),
            quantity=Decimal(3),
        )
    body = naming(transfer, "A1", "A2")
    told_of = refused(phones, lambda: step(phones, transfer, "dispatch", body), 409, "insufficient_stock")
    assert paths_of(told_of) == [("lines.1.quantity", "insufficient_stock")]


def test_pieces_arrive_by_the_numbers_that_are_on_the_road_and_no_others(phones, there, transfer):
    shown(step(phones, transfer, "dispatch", naming(transfer, "A1", "A4")))
    for pieces in ({"accepted": ["A2"]}, {"missing": ["B9"]}, {"accepted": ["A1"], "damaged": ["A3"]}):
        body = found(transfer, **pieces)
        refused(phones, lambda body=body: step(phones, transfer, "receive", body), 409, "serial_elsewhere")
    counted = {"items": [{"line": transfer["lines"][1]["id"], "accepted": "2"}]}
    twice = found(transfer, accepted=["A1"], missing=["A1"])
    one_of_two = {"items": [{**counted["items"][0], "accepted_serials": ["A1"]}]}
    half = {"items": [{**counted["items"][0], "accepted": "0.5", "accepted_serials": ["A1"]}]}
    for body in (counted, twice, one_of_two, half):
        refused(phones, lambda body=body: step(phones, transfer, "receive", body), 400, "serials_required")
    too_many = found(transfer, accepted=["A1", "A4", "A2"])
    refused(phones, lambda: step(phones, transfer, "receive", too_many), 409, "arrival_too_much")
    shown(step(phones, transfer, "receive", found(transfer, accepted=["A1", "A4"])))
    refused(phones, lambda: step(phones, transfer, "receive", too_many), 409, "arrival_too_much")
    assert adds_up(phones)


def test_a_piece_that_came_back_goes_again(phones, there, transfer):
    shown(step(phones, transfer, "dispatch", naming(transfer, "A1", "A2")))
    shown(step(phones, transfer, "cancel"))
    again = shown(phones.client().post(TRANSFERS, wanted(phones, there, "2")), 201)
    shown(step(phones, again, "dispatch", naming(again, "A1", "A2")))
    assert seen(phones, again)["lines"][1]["serials"] == ["A1", "A2"]
    with phones.inside():
        road = phones.account.stock_products.filter(location__kind=LocationKind.TRANSIT, serial_numbers__isnull=False)
        assert {batch.quantity for batch in road} == {2}
    assert adds_up(phones)
