"""What was switched off, or used up, while a till was offline: what it did there has happened, and is noted."""

from decimal import Decimal

import pytest

from sales import services
from tests.sales.drawer import SHIFTS, add_register, start
from tests.sales.offers import add_coupon
from tests.sales.offers import add_customer as add_buyer
from tests.sales.offline import (
    codes,
    customer_payment,
    on_hand,
    problems,
    refund_of,
    sale,
    shift_open,
    sync,
    verdicts,
)
from tests.sales.owing import add_customer, balance, owe, paid, sold
from tests.sales.requests import CUSTOMERS, SALES
from tests.sales.requests import sell as sell_online

pytestmark = pytest.mark.django_db


def told(answer):
    return answer["verdict"], codes(answer), answer["is_final"]


OFF = ("ACCEPTED_WITH_EXCEPTION", ["register_inactive"], True)


def switch_off(shop, what):
    with shop.inside():
        rows = shop.account.registers if what == "register" else shop.account.locations
        rows.filter(pk=getattr(shop, what).pk).update(is_active=False)


# --- Registers and storefronts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["register", "storefront"])
def test_what_was_sold_where_it_is_switched_off_by_now_is_sold(one, what):
    switch_off(one, what)
    refused = one.client().post(SALES, one.basket())
    assert (refused.status_code, refused.json()["code"]) == (409, "register_inactive")
    item = sale(one, "2", payments=paid(CASH="25"))
    [answer] = sync(one, item)
    assert told(answer) == OFF
    assert (answer["row"]["receipt_number"], answer["row"]["change_due"]) == ("R1-000001", "5.00")
    assert verdicts(sync(one, item)) == [("sale", "DUPLICATE")]
    assert (on_hand(one), problems(one)) == ([98], [])
    with one.inside():
        assert one.account.registers.get().last_number == 1
        assert [payment.amount for payment in one.account.payments.all()] == [20]
        assert one.account.sync_issues.get().storefront_id == one.storefront.pk


@pytest.mark.parametrize("what", ["register", "storefront"])
def test_what_was_sold_and_refunded_in_a_shift_of_there_is_in_its_drawer(one, what):
    shift = start(one)
    switch_off(one, what)
    within = {"shift": shift["id"]}
    [answer] = sync(one, sale(one, payments=paid(CASH="10"), **within))
    assert (told(answer), answer["row"]["shift"]) == (OFF, shift["id"])
    back = refund_of(answer["row"], answer["row"]["lines"][0]["id"])
    back["content"] |= within
    [refunded] = sync(one, back)
    assert refunded["verdict"] == ("ACCEPTED_WITH_EXCEPTION" if what == "register" else "ACCEPTED")
    assert set(codes(refunded)) <= {"register_inactive"}
    assert (refunded["row"]["total"], refunded["row"]["shift"]) == ("10.00", shift["id"])
    assert (on_hand(one), problems(one)) == ([100], [])
    report = one.client().get(f"{SHIFTS}{shift['id']}/x-report/").json()["data"]
    assert report["expected"] == "50.00"


def test_what_a_customer_paid_there_is_paid(one):
    known = add_customer(one)
    sold(owe(one, known))
    switch_off(one, "register")
    body = {"id": str(known.pk), "register": str(one.register.pk), "payments": paid(CASH="4")}
    assert one.client().post(f"{CUSTOMERS}{known.pk}/payments/", body).json()["code"] == "register_inactive"
    item = customer_payment(one, str(known.pk), "4")
    [answer] = sync(one, item)
    assert (told(answer), balance(one, known)) == (OFF, ("6.00", "0.00"))
    assert verdicts(sync(one, item)) == [("customer_payment", "DUPLICATE")]
    assert (balance(one, known), problems(one)) == (("6.00", "0.00"), [])


def test_a_shift_that_began_there_has_begun_and_what_it_did_is_in_it(one):
    switch_off(one, "register")
    opened = shift_open(one)
    first = sale(one, payments=paid(CASH="10"), shift=opened["id"])
    answers = sync(one, first, opened)
    assert [told(answer) for answer in answers] == [OFF, OFF]
    assert answers[1]["row"]["shift"] == opened["id"]
    assert problems(one) == []


def test_a_register_that_never_was_is_unknown_still(one, stranger):
    switch_off(one, "register")
    for register in (str(stranger.register.pk), str(one.storefront.pk)):
        [answer] = sync(one, sale(one, register=register))
        assert told(answer) == ("REJECTED", ["invalid_input"], False)
    assert on_hand(one) == [100]


# --- Coupons ----------------------------------------------------------------------------------------------------------


def with_coupon(shop, quantity="1", cash="9", **extra):
    return sale(shop, quantity, coupon="ama-10", payments=paid(CASH=cash), **extra)


def counted(shop):
    """What the coupon counts, how much of that is too much, and its uses."""
    with shop.inside():
        coupon = shop.account.coupons.get()
        return coupon.use_count, coupon.over_count, [use.amount for use in shop.account.coupon_uses.order_by("id")]


def test_a_coupon_that_two_offline_tills_took_for_the_last_time_is_used_twice_and_noted(one):
    add_coupon(one, max_uses=1)
    till = str(add_register(one, "R2").pk)
    first, second = with_coupon(one), with_coupon(one, register=till)
    answers = [sync(one, item)[0] for item in (first, second)]
    assert [told(answer) for answer in answers] == [
        ("ACCEPTED", [], True),
        ("ACCEPTED_WITH_EXCEPTION", ["coupon_used_up"], True),
    ]
    assert [answer["row"]["total"] for answer in answers] == ["9.00", "9.00"]
    assert counted(one) == (2, 1, [Decimal(1)] * 2)
    assert verdicts(sync(one, first, second)) == [("sale", "DUPLICATE")] * 2
    assert (counted(one)[:2], on_hand(one), problems(one)) == ((2, 1), [98], [])
    refused = one.client().post(SALES, one.basket(coupon="AMA-10"))
    assert (refused.status_code, refused.json()["code"]) == (409, "coupon_used_up")
    with one.inside():
        coupon = one.account.coupons.get()
        services.change_coupon(by=one.owner, coupon=coupon, max_uses=3)
    assert sell_online(one, coupon="AMA-10")["total"] == "9.00"
    refused = one.client().post(SALES, one.basket(coupon="AMA-10"))
    assert (refused.json()["code"], counted(one)[:2]) == ("coupon_used_up", (3, 1))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"is_active": False}, "switched_off"),
        ({"ends_on": "2020-01-01"}, "over"),
        ({"starts_on": "2999-01-01"}, "not_yet"),
        ({"max_uses_per_customer": 1}, "customer_required"),
        ({"min_basket": Decimal("10.01")}, "basket_too_small"),
    ],
)
def test_a_coupon_that_does_not_hold_any_more_was_taken_off_all_the_same(one, facts, reason):
    add_coupon(one)
    with one.inside():
        one.account.coupons.update(**facts)
    before = counted(one)
    refused = one.client().post(SALES, one.basket(coupon="AMA-10"))
    assert (refused.json()["code"], counted(one)) == ("coupon_not_valid", before)
    [answer] = sync(one, with_coupon(one))
    assert told(answer) == ("ACCEPTED_WITH_EXCEPTION", ["coupon_not_valid"], True)
    assert answer["reasons"][0]["meta"]["reason"] == reason
    assert (answer["row"]["total"], answer["row"]["discount_total"]) == ("9.00", "1.00")
    assert (counted(one), on_hand(one), problems(one)) == ((1, 0, [Decimal(1)]), [99], [])


def test_what_one_customer_used_too_often_is_noted_and_counted(one):
    add_coupon(one, max_uses_per_customer=1, max_uses=5)
    efua = str(add_buyer(one).pk)
    answers = sync(one, with_coupon(one, customer=efua), with_coupon(one, customer=efua))
    assert [codes(answer) for answer in answers] == [[], ["coupon_used_up"]]
    assert (counted(one)[:2], problems(one)) == ((2, 0), [])


def test_a_coupon_that_never_was_takes_nothing_off(one):
    add_coupon(one, code="OTHER")
    short, enough = with_coupon(one), with_coupon(one, cash="10")
    answers = sync(one, short, enough)
    assert told(answers[0]) == ("REJECTED", ["payment_short"], True)
    assert told(answers[1]) == ("ACCEPTED_WITH_EXCEPTION", ["coupon_not_valid"], True)
    assert (counted(one), on_hand(one), problems(one)) == ((0, 0, []), [99], [])
