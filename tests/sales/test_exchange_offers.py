"""What is sold in an exchange is priced and numbered as any sale: discounts, a coupon, a number that was leased."""

import pytest

from accounts.roles import Role
from tests.answers import refused
from tests.places import add_member
from tests.sales.offers import add_coupon
from tests.sales.offline import problems
from tests.sales.requests import sell
from tests.sales.returning import exchange, exchanged, tenders, thing
from tests.sales.test_leases import leased, register_of
from tests.stock import on_hand

pytestmark = pytest.mark.django_db


def cash(amount):
    return [{"method": "CASH", "amount": amount}]


def test_a_percentage_and_an_amount_off_the_whole_are_off_the_new_goods_alone(shop):
    sale = sell(shop)
    told = exchanged(shop, sale, thing(shop, 0, "2"), discount="1.00", discount_percent="10", payments=cash("7"))
    assert (told["refund"]["total"], told["sale"]["discount_total"], told["sale"]["total"]) == (
        "10.00",
        "3.00",
        "17.00",
    )
    assert tenders(told["sale"]["payments"]) == [("EXCHANGE", "10.00"), ("CASH", "7.00")]
    assert problems(shop) == []


def test_a_coupon_is_used_once_and_what_it_takes_off_goes_back(shop):
    add_coupon(shop, max_uses=1)
    sale = sell(shop)
    told = exchanged(shop, sale, thing(shop, 0), coupon="ama-10")
    assert (told["sale"]["total"], tenders(told["refund"]["payments"])) == (
        "9.00",
        [("CASH", "-1.00"), ("EXCHANGE", "-9.00")],
    )
    with shop.inside():
        use = shop.account.coupon_uses.get()
        assert (str(use.sale_id), use.amount, shop.account.coupons.get().use_count) == (told["sale"]["id"], 1, 1)
    other, before = sell(shop), on_hand(shop)
    refused(shop, lambda: exchange(shop, other, thing(shop, 0), coupon="AMA-10"), 409, "coupon_used_up")
    refused(shop, lambda: exchange(shop, other, thing(shop, 0), coupon="NONE"), 409, "coupon_not_valid")
    assert (on_hand(shop), problems(shop)) == (before, [])


def test_a_percentage_beyond_the_limit_needs_a_second_person(shop):
    manager, sale = add_member(shop, Role.MANAGER, name="Kojo"), sell(shop)
    refused(
        shop,
        lambda: exchange(shop, sale, thing(shop, 0), member=manager, discount_percent="31"),
        403,
        "approval_required",
    )
    assert exchange(shop, sale, thing(shop, 0), member=manager, discount_percent="30").status_code == 201


@pytest.mark.parametrize("facts", [{"discount_percent": "100.01"}, {"discount_percent": "-1"}, {"coupon": "C" * 33}])
def test_what_is_no_percentage_and_no_coupon_exchanges_nothing(shop, facts):
    sale = sell(shop)
    refused(shop, lambda: exchange(shop, sale, thing(shop, 0), **facts), 400, "invalid_input")


def test_a_till_that_took_numbers_along_exchanges_with_the_next_of_them(shop):
    sale = sell(shop)
    held = leased(shop)
    refused(shop, lambda: exchange(shop, sale, thing(shop, 0)), 409, "register_leased")
    refused(shop, lambda: exchange(shop, sale, thing(shop, 0), receipt_number="R1-000007"), 409, "number_not_leased")
    assert held["first_number"] == 2
    told = exchanged(shop, sale, thing(shop, 0), receipt_number="R1-000002")
    assert (told["sale"]["receipt_number"], told["refund"]["number"]) == ("R1-000002", "R1-R000001")
    assert register_of(shop)["last_number"] == 6
    again = exchange(shop, sell(shop, receipt_number="R1-000003"), thing(shop, 0), receipt_number="R1-000002")
    assert again.status_code == 409
    assert problems(shop) == []
