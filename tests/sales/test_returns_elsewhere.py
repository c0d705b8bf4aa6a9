"""A refund at another register, on another day, and at another storefront: the drawer that pays, and the shelf."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.roles import Role
from inventory import services as inventory
from inventory import valuation
from sales import services
from tests.answers import paths_of, refused
from tests.pieces import add_phone, batch_of, sold, way, whereabouts
from tests.places import add_member, add_place, approved_by, give_pin
from tests.sales.requests import refund, sell
from tests.sales.returning import close_shift, exchanged, open_shift, problems, shown, thing

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(one):
    """The shop's second storefront, with 50 of every product."""
    return add_place(one)


def stock(shop, place):
    """Of the first product, every batch at a place: how much, at which cost, from which batch."""
    with shop.inside():
        rows = shop.account.stock_products.filter(location=place.storefront, product=shop.products[0])
        return [(row.quantity, row.unit_cost, row.origin_id) for row in rows.order_by("id")]


def first_batch(shop):
    with shop.inside():
        return shop.account.stock_products.filter(location=shop.storefront, product=shop.products[0]).earliest("id").pk


def adds_up(shop):
    with shop.inside():
        return valuation.reconcile(shop.owner, shop.products[0]).total.adds_up


def test_the_drawer_of_another_day_and_register_pays_and_numbers_the_refund(one):
    first = open_shift(one)
    sale = sell(one, "2", sold_at=(timezone.now() - timedelta(days=3)).isoformat())
    close_shift(one)
    with one.inside():
        other = services.add_register(by=one.owner, storefront=one.storefront, code="B2", name="Back")
    told = refund(one, sale, register=str(other.pk)).json()["data"]
    assert (told["register"], told["number"]) == (str(other.pk), "B2-R000001")
    second = open_shift(one)
    assert refund(one, sale, "0.5").json()["data"]["number"] == "R1-R000001"
    assert refund(one, sale, "0.5").json()["data"]["number"] == "R1-R000002"
    with one.inside():
        drawers = one.account.payments.filter(refund__isnull=False).order_by("id")
        assert [payment.shift_id for payment in drawers] == [None, second.pk, second.pk]
        assert sum(one.account.payments.filter(shift=first).values_list("amount", flat=True)) == 20
    assert problems(one) == []


def test_goods_come_to_the_shelf_where_they_are_brought_at_what_they_cost(one, there):
    batch = first_batch(one)
    sale = sell(one, "3")
    assert refund(one, sale, "2", register=str(there.register.pk)).status_code == 201
    assert stock(one, one)[0] == (Decimal(97), Decimal("0.5"), None)
    assert stock(one, there) == [(Decimal(50), Decimal("0.5"), None), (Decimal(2), Decimal("0.5"), batch)]
    assert refund(one, sale, "1").status_code == 201
    assert stock(one, one)[0][0] == 98
    assert shown(one, sale)["status"] == "REFUNDED"
    assert adds_up(one)
    sell(there, "52")
    assert sum(quantity for quantity, _, _ in stock(one, there)) == 0
    assert adds_up(one)
    assert problems(one) == []


def test_what_is_sold_after_it_was_brought_there_comes_back_to_either_place(one, there):
    sale = sell(one, "2")
    refund(one, sale, "2", register=str(there.register.pk))
    again = sell(there, "52")
    assert refund(there, again, "51").status_code == 201
    assert refund(there, again, "1", register=str(one.register.pk)).status_code == 201
    assert sum(quantity for quantity, _, _ in stock(one, there)) == 51
    assert sum(quantity for quantity, _, _ in stock(one, one)) == 99
    assert adds_up(one)
    assert problems(one) == []


@pytest.mark.parametrize(("restock", "left"), [("DAMAGED", 149), ("NOT_RETURNED", 149), ("SHELF", 150)])
def test_what_comes_to_no_shelf_comes_to_none_elsewhere_either(one, there, restock, left):
    sale = sell(one)
    item = {"line": sale["lines"][0]["id"], "quantity": "1", "restock": restock}
    response = refund(one, sale, register=str(there.register.pk), lines=[item])
    assert response.status_code == 201
    assert sum(quantity for place in (one, there) for quantity, _, _ in stock(one, place)) == left
    assert adds_up(one)
    assert problems(one) == []


def test_a_piece_stands_where_it_was_brought_and_is_sold_there(bare):
    phone = add_phone(bare)
    with bare.inside():
        place = inventory.add_location(by=bare.owner, kind="STOREFRONT", name="Kumasi")
        till = services.add_register(by=bare.owner, storefront=place, code="KUM", name="Till")
    sale = sold(bare, phone, "A1", "A3")
    back = [{"line": sale["lines"][0]["id"], "quantity": "1", "serials": ["A3"]}]
    assert refund(bare, sale, register=str(till.pk), lines=back).status_code == 201
    assert whereabouts(bare) == {"A1": None, "A2": "Main", "A3": "Kumasi", "A4": "Main"}
    assert way(bare, "A3") == [("RECEIVED", 1), ("SOLD", -1), ("RETURNED", 1), ("DISPATCHED", -1), ("ARRIVED", 1)]
    there = {"storefront": str(place.pk), "register": str(till.pk)}
    again = sold(bare, phone, "A3", **there)
    back = [{"line": again["lines"][0]["id"], "quantity": "1", "serials": ["A3"]}]
    assert refund(bare, again, lines=back, register=str(bare.register.pk)).status_code == 201
    assert whereabouts(bare)["A3"] == "Main"
    assert batch_of(bare, "A3")
    assert problems(bare) == []


def test_an_exchange_elsewhere_sells_from_the_shelf_there(one, there):
    sale = sell(one, "2")
    told = exchanged(one, sale, thing(one), register=str(there.register.pk))
    assert told["sale"]["storefront"] == str(there.storefront.pk)
    assert (told["sale"]["receipt_number"], told["refund"]["number"]) == ("KUM-000001", "KUM-R000001")
    assert stock(one, one)[0][0] == 98
    assert [quantity for quantity, _, _ in stock(one, there)] == [49, 1]
    assert adds_up(one)
    assert problems(one) == []


def test_a_member_takes_back_what_was_sold_where_they_work_at_a_register_where_they_work(one, there, stranger):
    sale = sell(one)
    here = add_member(one, Role.MANAGER, one.storefront, name="Here")
    away = add_member(one, Role.MANAGER, there.storefront, name="Away")
    both = add_member(one, Role.MANAGER, one.storefront, there.storefront, name="Both")
    at_there = {"register": str(there.register.pk)}
    told = refused(one, lambda: refund(one, sale, member=here, **at_there), 400, "invalid_input")
    assert paths_of(told) == [("register", "does_not_exist")]
    strange = {"register": str(stranger.register.pk)}
    told = refused(one, lambda: refund(one, sale, **strange), 400, "invalid_input")
    assert paths_of(told) == [("register", "does_not_exist")]
    refused(one, lambda: refund(one, sale, member=away, **at_there), 404, "not_found")
    assert refund(one, sale, member=both, **at_there).status_code == 201


def test_who_approves_works_at_both_places(one, there):
    give_pin(one, add_member(one, Role.MANAGER, one.storefront, name="Here"))
    lender = give_pin(one, add_member(one, Role.MANAGER, one.storefront, name="Lender"))
    sale, lent = sell(one), {"member": one.cashier, "headers": approved_by(lender)}
    at_there = {"register": str(there.register.pk)}
    refused(one, lambda: refund(one, sale, **lent, **at_there), 403, "capability_missing")
    assert refund(one, sale, **lent).status_code == 201
