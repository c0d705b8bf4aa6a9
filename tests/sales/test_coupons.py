"""Coupons: what they are worth, to whom, and that none is used once too often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sales import sums
from sales.errors import CouponNotValid, CouponUsedUp
from tests.answers import paths_of, refused
from tests.conftest import Shop
from tests.places import add_place
from tests.sales.calls import give_back, lines_of, money, sell
from tests.sales.offers import add_coupon, add_customer, buy_get, parts
from tests.sales.requests import SALES
from tests.traces import refused_with

pytestmark = pytest.mark.django_db

COUPONS = "/api/v1/sales/coupons/"


def uses(shop: Shop, coupon) -> tuple[int, int]:
    """What the coupon counts, and what there is."""
    with shop.inside():
        return shop.account.coupons.get(pk=coupon.pk).use_count, shop.account.coupon_uses.filter(coupon=coupon).count()


def test_a_coupon_takes_its_part_off_every_line_and_nobody_needs_a_right(shop):
    coupon = add_coupon(shop)
    sale = sell(shop, "1", "1", by=shop.cashier, coupon="AMA-10")
    assert (sale.discount_total, sale.total) == (money("1.33"), money("12.00"))
    first, second = lines_of(shop, sale)
    assert first.discounts == [{"source": "COUPON", "id": str(coupon.pk), "name": "Coupon", "amount": "1.00"}]
    assert parts(second) == [("COUPON", "0.33")]
    assert uses(shop, coupon) == (1, 1)


@pytest.mark.parametrize("code", ["ama-10", "Ama-10", "AMA-10"])
def test_a_code_is_the_same_in_any_case(shop, code):
    add_coupon(shop, "AMA-10")
    assert sell(shop, "1", coupon=code).total == money("9.00")
    body = {"name": "Again", "code": code, "percent": "5"}
    refused(shop, lambda: shop.client().post(COUPONS, body), 409, "coupon_exists")


def test_a_coupon_is_never_worth_more_than_the_basket(shop):
    add_coupon(shop, amount=money("500.00"))
    sale = sell(shop, "1", payments=[], coupon="AMA-10")
    assert (sale.total, sale.discount_total) == (0, money("10.00"))


@pytest.mark.parametrize(("quantity", "reason"), [("4.999", "basket_too_small"), ("5", "")])
def test_the_basket_has_to_cost_enough_after_promotions(shop, quantity, reason):
    buy_get(shop, 100, 1)
    coupon = add_coupon(shop, min_basket=money("50.00"))
    if not reason:
        assert sell(shop, quantity, coupon="AMA-10").total == money("45.00")
        return
    error = refused_with(shop, CouponNotValid, lambda: sell(shop, quantity, coupon="AMA-10"))
    assert (error.code, error.meta) == ("coupon_not_valid", {"reason": reason, "minimum": "50.00"})
    assert uses(shop, coupon) == (0, 0)


def test_a_coupon_says_why_it_does_not_hold(shop, stranger):
    there = add_place(shop)
    today = timezone.localdate(timezone=shop.account.zone)
    add_coupon(shop, "OFF", is_active=False)
    add_coupon(shop, "SOON", starts_on=today + timedelta(days=1))
    add_coupon(shop, "PAST", ends_on=today - timedelta(days=1))
    add_coupon(shop, "THERE", storefront=there.storefront)
    add_coupon(shop, "ONCE-EACH", max_uses_per_customer=1)
    add_coupon(stranger, "THEIRS")
    expected = {
        "OFF": "switched_off",
        "SOON": "not_yet",
        "PAST": "over",
        "THERE": "not_here",
        "ONCE-EACH": "customer_required",
        "THEIRS": "unknown",
        "NONE": "unknown",
        "%": "unknown",
        "Ünïcode ☀": "unknown",
    }
    found = {
        code: refused_with(shop, CouponNotValid, lambda code=code: sell(shop, "1", coupon=code)).meta["reason"]
        for code in expected
    }
    assert found == expected
    assert sell(there, "1", coupon="THERE").discount_total == money("1.00")


def test_a_coupon_of_yesterday_holds_for_what_was_sold_offline_yesterday(shop):
    yesterday = timezone.localdate(timezone=shop.account.zone) - timedelta(days=1)
    add_coupon(shop, ends_on=yesterday)
    assert sell(shop, "1", coupon="AMA-10", sold_at=timezone.now() - timedelta(days=1)).total == money("9.00")


def test_after_its_last_use_a_coupon_is_used_up_and_a_refund_does_not_give_it_back(shop):
    coupon = add_coupon(shop, max_uses=1)
    sale = sell(shop, "1", coupon="AMA-10")
    error = refused_with(shop, CouponUsedUp, lambda: sell(shop, "1", coupon="AMA-10"))
    assert (error.status, error.code) == (409, "coupon_used_up")
    assert give_back(shop, sale, [(lines_of(shop, sale)[0], "1", "SHELF")]).total == money("9.00")
    refused_with(shop, CouponUsedUp, lambda: sell(shop, "1", coupon="AMA-10"))
    assert uses(shop, coupon) == (1, 1)


def test_each_customer_uses_it_as_often_as_one_may(shop):
    coupon = add_coupon(shop, max_uses_per_customer=2)
    efua, kofi = add_customer(shop, "Efua"), add_customer(shop, "Kofi")
    for customer in (efua, efua, kofi):
        sell(shop, "1", coupon="AMA-10", customer=customer.pk)
    refused_with(shop, CouponUsedUp, lambda: sell(shop, "1", coupon="AMA-10", customer=efua.pk))
    sell(shop, "1", coupon="AMA-10", customer=kofi.pk)
    assert uses(shop, coupon) == (4, 4)


def test_a_sale_that_fails_uses_no_coupon(shop):
    coupon = add_coupon(shop)
    short = [{"method": "CASH", "amount": "8.99"}]
    one = {"lines": [{"product": str(shop.products[0].pk), "quantity": "1"}], "coupon": "AMA-10"}
    body = shop.basket(payments=short, **one)
    refused(shop, lambda: shop.client().post(SALES, body), 409, "payment_short")
    assert uses(shop, coupon) == (0, 0)


def test_a_retry_uses_the_coupon_once(shop):
    coupon = add_coupon(shop)
    body = shop.basket(coupon="AMA-10")
    answers = [shop.client().post(SALES, body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["data"]["total"] for answer in answers}) == 1
    assert uses(shop, coupon) == (1, 1)


def test_a_coupon_is_not_allowed_fewer_uses_than_it_had(shop):
    coupon = add_coupon(shop, max_uses=5)
    for _ in range(2):
        sell(shop, "1", coupon="AMA-10")
    url = f"{COUPONS}{coupon.pk}/"
    refused(shop, lambda: shop.client().patch(url, {"max_uses": 1}), 409, "coupon_used_up")
    assert shop.client().patch(url, {"max_uses": 2}).status_code == 200
    refused_with(shop, CouponUsedUp, lambda: sell(shop, "1", coupon="AMA-10"))


@pytest.mark.parametrize(
    ("worth", "code"),
    [
        ({}, "coupon_incomplete"),
        ({"percent": "0"}, "coupon_incomplete"),
        ({"percent": "5", "amount": "5"}, "coupon_incomplete"),
        ({"percent": "5", "starts_on": "2026-02-02", "ends_on": "2026-02-01"}, "ends_before_start"),
    ],
)
def test_a_coupon_is_a_percentage_or_an_amount(shop, worth, code):
    refused(shop, lambda: shop.client().post(COUPONS, {"name": "C", "code": "C-1", **worth}), 409, code)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"code": "A"}, "code"),
        ({"code": "ÄÖÜ"}, "code"),
        ({"code": "A B C"}, "code"),
        ({"code": "A" * 33}, "code"),
        ({"percent": "100.01"}, "percent"),
        ({"amount": "-1"}, "amount"),
        ({"min_basket": "-0.01"}, "min_basket"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses_per_customer": -1}, "max_uses_per_customer"),
        ({"use_count": 0}, "use_count"),
    ],
)
def test_what_makes_no_sense_in_a_coupon_is_refused(shop, change, path):
    body = {"name": "C", "code": "CODE-1", "percent": "5", **change}
    told = refused(shop, lambda: shop.client().post(COUPONS, body), 400, "invalid_input")
    assert [field for field, _ in paths_of(told)] == [path]


def test_the_count_of_a_coupon_is_compared_with_its_uses(shop):
    coupon = add_coupon(shop)
    sell(shop, "1", coupon="AMA-10")
    with shop.inside():
        assert list(sums.find_disagreements(using="default")) == []
        shop.account.coupons.update(use_count=2)
        (found,) = sums.find_disagreements(using="default")
    assert (found.table, found.id, found.problem) == ("coupons", coupon.pk, "it counts 2 uses, but there are 1")


def test_who_sells_is_told_no_code_that_a_customer_has_not_named(shop):
    """A code is worth money without anybody's right: who makes prices sees it, and who sells has to be told it."""
    coupon = add_coupon(shop)
    for url in (COUPONS, f"{COUPONS}{coupon.pk}/"):
        assert shop.client().get(url).status_code == 200
        refused(shop, lambda url=url: shop.client(shop.cashier).get(url), 403, "capability_missing")
    sale = sell(shop, "1", coupon="AMA-10")
    assert b"AMA-10" not in shop.client(shop.cashier).get(f"{SALES}{sale.pk}/").content
