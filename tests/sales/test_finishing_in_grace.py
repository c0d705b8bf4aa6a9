"""In the days of grace, a shift that was open when it was paid for does at the till all that a shift does; no other."""

from datetime import timedelta

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from tests.access import put_in_state
from tests.answers import refused
from tests.sales import phones
from tests.sales.drawer import close, ok, report, start
from tests.sales.offline import on_hand, problems
from tests.sales.owing import add_customer, balance, owe, paid, sold
from tests.sales.requests import CUSTOMERS, REFUNDS, SALES, back, refund, sell

pytestmark = pytest.mark.django_db


def begin(shop):
    return start(shop, opened_at=(timezone.now() - timedelta(days=2)).isoformat())


def print_sale(shop, sale, path=SALES):
    return shop.client().post(f"{path}{sale['id']}/prints/", {"format": "JSON"}, HTTP_IDEMPOTENCY_KEY=str(uuid7()))


def void(shop, sale):
    return shop.client().post(f"{SALES}{sale['id']}/void/", {"id": str(uuid7()), "reason": "Typed wrongly"})


def exchange(shop, sale):
    line = sale["lines"][0]
    new = [{"product": line["product"], "quantity": "1"}]
    body = back(line["id"], id=str(uuid7()), reason="Too small", new_lines=new)
    return shop.client().post(f"{SALES}{sale['id']}/exchanges/", body)


def collect(shop, known):
    body = {"id": str(uuid7()), "register": str(shop.register.pk), "payments": paid(CASH="4")}
    return shop.client().post(f"{CUSTOMERS}{known.pk}/payments/", body)


def ask(shop):
    return shop.client().post(phones.PAYMENTS, phones.body(shop))


def test_a_shift_that_began_before_prints_voids_exchanges_collects_and_asks_phones(one, fake):
    known, shift = add_customer(one), begin(one)
    sold(owe(one, known))
    put_in_state(one, "GRACE")
    sale = sell(one)
    assert ok(print_sale(one, sale), 201)["is_copy"] is False
    assert ok(print_sale(one, sale), 201)["is_copy"] is True
    taken_back = ok(refund(one, sale), 201)
    assert ok(print_sale(one, taken_back, REFUNDS), 201)["number"] == 1
    ok(void(one, sell(one)), 201)
    exchanged = ok(exchange(one, sell(one)), 201)
    assert exchanged["sale"]["shift"] == exchanged["refund"]["shift"] == shift["id"]
    ok(collect(one, known), 201)
    assert balance(one, known) == ("6.00", "0.00")
    asked = ok(ask(one), 201)
    assert ok(phones.cancel(one, asked))["state"] == "CANCELLED"
    assert (on_hand(one), problems(one)) == ([98], [])
    assert report(one, shift, "x")["expected"] == "64.00"


def test_a_sale_is_paid_by_a_phone_that_was_asked_in_grace(one, fake):
    begin(one)
    put_in_state(one, "GRACE")
    payment = phones.paid(one, fake)
    told = sell(one, payments=[phones.by_phone(payment)])["payments"]
    assert [(each["method"], each["attempt"]) for each in told] == [("MOBILE_MONEY", payment["id"])]


def everything(shop, known, sale, taken_back, payment):
    """All of it, each as a call that is refused."""
    return [
        lambda: print_sale(shop, sale),
        lambda: print_sale(shop, taken_back, REFUNDS),
        lambda: void(shop, sale),
        lambda: exchange(shop, sale),
        lambda: collect(shop, known),
        lambda: ask(shop),
        lambda: phones.cancel(shop, payment),
    ]


@pytest.mark.parametrize("when", ["in grace", "never", "closed", "expired"])
def test_a_shift_that_began_in_grace_or_is_over_and_who_has_none_does_nothing_of_it(one, fake, when):
    known = add_customer(one)
    if when in ("closed", "expired"):
        shift = begin(one)
    sold(owe(one, known))
    sale = sell(one, "2")
    taken_back, payment = ok(refund(one, sale), 201), phones.ask(one)
    if when == "in grace":
        start(one)
    if when == "closed":
        ok(close(one, shift))
    put_in_state(one, "EXPIRED" if when == "expired" else "GRACE")
    before = phones.books(one), on_hand(one), balance(one, known)
    for call in everything(one, known, sale, taken_back, payment):
        refused(one, call, 402, "subscription_expired")
    assert (phones.books(one), on_hand(one), balance(one, known)) == before
    with one.inside():
        assert not one.account.receipt_prints.exists()


def test_what_a_shift_sold_that_is_over_is_not_printed_in_the_next_one(one):
    shift = begin(one)
    sale = sell(one)
    ok(close(one, shift, ("50", 1)))
    begin(one)
    put_in_state(one, "GRACE")
    refused(one, lambda: print_sale(one, sale), 402, "subscription_expired")
    assert ok(print_sale(one, sell(one)), 201)["is_copy"] is False
