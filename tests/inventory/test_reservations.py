"""What is promised to a cart: for a time, at a place, to nobody else."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
import time_machine
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import ledger, sums
from sales import services as sales
from tests.accounts.tills import told
from tests.conftest import open_shop, receive
from tests.places import add_place
from tests.races import at_once, meanwhile
from tests.stock import on_hand

RESERVATIONS = "/api/v1/inventory/reservations/"
SALES = "/api/v1/sales/sales/"
SHORT = (409, "insufficient_stock")
COME = (201, None)


def hold(shop, quantity, *, cart=None, product=None, **facts):
    body = {
        "cart": str(cart or uuid7()),
        "location": str(shop.storefront.pk),
        "product": str((product or shop.products[0]).pk),
        "quantity": quantity,
        **facts,
    }
    return shop.client().post(RESERVATIONS, body)


def sell(shop, quantity, **facts):
    line = {"product": str(shop.products[0].pk), "quantity": quantity}
    return told(shop.client().post(SALES, shop.basket(lines=[line], **facts)))


def available(shop, product=None):
    product = product or shop.products[0]
    path = f"/api/v1/inventory/storefronts/{shop.storefront.pk}/stock-products/{product.pk}/availability/"
    found = shop.client().get(path)
    assert found.status_code == 200, found.content
    data = found.json()["data"]
    return data["on_hand"], data["expired"], data["held"], data["available"]


def test_s25_a_second_cart_sees_the_first_ones_hold_and_the_first_sells_it(shop):
    """S25."""
    cart = uuid7()
    assert told(hold(shop, "60", cart=cart)) == COME
    assert available(shop) == ("100.000", "0.000", "60.000", "40.000")
    refused = hold(shop, "40.001")
    assert told(refused) == SHORT
    assert refused.json()["meta"]["available"] == {str(shop.products[0].pk): "40.000"}
    assert sell(shop, "41") == SHORT
    assert sell(shop, "40") == COME
    assert sell(shop, "0.001") == SHORT
    assert sell(shop, "60", cart=str(cart)) == COME
    assert available(shop) == ("0.000", "0.000", "0.000", "0.000")
    assert shop.client().get(RESERVATIONS).json()["count"] == 0


def test_s25_an_expired_hold_blocks_nobody_although_no_job_ran(shop):
    """S25."""
    assert told(hold(shop, "100", minutes=10)) == COME
    assert sell(shop, "1") == SHORT
    later = timezone.now() + timedelta(minutes=11)
    with shop.inside():
        shop.account.reservations.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert available(shop)[2:] == ("0.000", "100.000")
    assert sell(shop, "1") == COME
    with time_machine.travel(later, tick=True):
        assert shop.client().get(RESERVATIONS).json()["count"] == 0


def test_s25_a_hold_counts_at_its_own_place_only(shop):
    """S25."""
    there = add_place(shop)
    assert told(hold(shop, "100")) == COME
    assert available(there)[3] == "50.000"
    line = {"product": str(shop.products[0].pk), "quantity": "50"}
    assert told(shop.client().post(SALES, there.basket(lines=[line]))) == COME


def test_a_cart_that_holds_again_replaces_what_it_held(shop):
    cart = uuid7()
    first, second = hold(shop, "60", cart=cart), hold(shop, "90", cart=cart)
    assert first.json()["data"]["id"] == second.json()["data"]["id"]
    assert available(shop)[2] == "90.000"
    assert told(hold(shop, "100.001", cart=cart)) == SHORT
    assert available(shop)[2] == "90.000"


def test_a_hold_that_is_let_go_is_free_for_others(shop):
    held = hold(shop, "100").json()["data"]["id"]
    assert sell(shop, "1") == SHORT
    assert shop.client().delete(f"{RESERVATIONS}{held}/").status_code == 204
    assert told(shop.client().delete(f"{RESERVATIONS}{held}/")) == (404, "not_found")
    assert sell(shop, "1") == COME


def test_expired_goods_are_on_hand_but_not_available(shop):
    with shop.inside():
        receive(shop, "7", expires_on=timezone.localdate(timezone=shop.account.zone) - timedelta(days=1))
    assert available(shop) == ("107.000", "7.000", "0.000", "100.000")
    assert told(hold(shop, "101")) == SHORT


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "0.0001", "1e5", "", None, "99999999999999"])
def test_s27_a_quantity_that_is_none_is_400_and_holds_nothing(shop, quantity):
    """S27."""
    assert told(hold(shop, quantity))[0] == 400
    assert available(shop)[2] == "0.000"


@pytest.mark.parametrize("minutes", [0, -5, 1441, "soon"])
def test_a_time_that_is_none_is_400(shop, minutes):
    assert told(hold(shop, "1", minutes=minutes))[0] == 400


def test_what_is_a_strangers_or_not_stocked_cannot_be_held(shop, stranger):
    unknown = hold(shop, "1", product=stranger.products[0])
    assert told(unknown) == (400, "invalid_input")
    assert unknown.json()["errors"][0]["field"] == "product"
    with shop.inside():
        service = shop.account.products.create(sku="FEE", name="Delivery", retail_price=Decimal(5), is_stocked=False)
    assert told(hold(shop, "1", product=service)) == (409, "not_stocked")


# --- At once ----------------------------------------------------------------------------------------------------------


def test_s25_of_twenty_carts_that_want_the_last_unit_at_once_one_holds_it(busy):
    """S25."""
    busy.tokens()
    answers = at_once([lambda: told(hold(busy, "500"))] * 20)
    assert sorted(answers, key=str) == [COME] + [SHORT] * 19
    assert available(busy)[2:] == ("500.000", "0.000")


def held_meanwhile(shop):
    """What a sale hears that has seen the shelf just before all of it was promised to a cart."""
    with meanwhile("\nSELECT id, quantity, hold_count", partial(hold, shop, "500")):
        return sell(shop, "500")


def test_s25_a_sale_that_saw_the_shelf_before_it_was_promised_does_not_get_it(busy):
    """S25."""
    assert held_meanwhile(busy) == SHORT
    assert on_hand(busy) == [500]


def test_s25_control_without_the_count_of_holds_it_sells_what_was_promised(busy, monkeypatch):
    """S25."""
    whole = ledger._fits
    monkeypatch.setattr(ledger, "_fits", lambda entries, left, seen: whole(entries, left, {}))
    assert held_meanwhile(busy) == COME
    assert on_hand(busy) == [0]


def test_what_comes_to_an_empty_shelf_while_a_cart_asks_is_not_promised_yet(committed):
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="0")

    def deliver():
        with shop.inside():
            receive(shop, "5")

    with meanwhile("\nSELECT p.id", deliver):
        assert told(hold(shop, "5")) == SHORT
    assert told(hold(shop, "5")) == COME


def sold_meanwhile(shop):
    """What a sale of all that is free hears, when the till beside it sells the same just before; 400 are held."""
    with shop.inside():
        other = sales.add_register(by=shop.owner, storefront=shop.storefront, code="T2", name="Beside")
    assert told(hold(shop, "400")) == COME
    with meanwhile("\nSELECT id, quantity, hold_count", partial(sell, shop, "100", register=str(other.pk))):
        return sell(shop, "100")


def test_s25_two_sales_of_what_is_free_do_not_together_take_what_is_held(busy):
    """S25."""
    assert sold_meanwhile(busy) == SHORT
    assert on_hand(busy) == [400]
    assert available(busy) == ("400.000", "0.000", "400.000", "0.000")


def test_s25_control_a_sale_that_does_not_mind_what_was_taken_since_takes_what_is_held(busy, monkeypatch):
    """S25."""
    monkeypatch.setattr(ledger, "_is_as", lambda now, seen: now.hold_count == seen.hold_count)
    assert sold_meanwhile(busy) == COME
    assert on_hand(busy) == [300]


def test_many_carts_that_hold_and_sell_at_once_all_get_what_they_hold(busy):
    def hold_and_sell():
        cart = uuid7()
        if told(hold(busy, "7", cart=cart)) == COME:
            return sell(busy, "7", cart=str(cart))
        return None

    busy.tokens()
    answers = at_once([hold_and_sell] * 16)
    assert answers == [COME] * 16
    assert on_hand(busy) == [500 - 7 * 16]
    assert list(sums.find_disagreements(using="staff")) == []
