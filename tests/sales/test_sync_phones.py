"""A sale made offline that a phone was asked to pay: its money counts once, wherever it is when the sale comes."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from tests.conftest import open_shop
from tests.sales import phones
from tests.sales.offline import codes, fields_of, on_hand, problems, sale, sync, verdicts
from tests.sales.phones import (
    CUSTOMERS,
    TRANSFERS,
    add_customer,
    age,
    ask,
    books,
    by_phone,
    cancel,
    paid,
    pays,
    pursue,
    state,
    transfers,
    wallet,
)
from tests.sales.requests import SALES

pytestmark = pytest.mark.django_db

TEN = Decimal(10)


def by_attempt(shop, payment, **extra):
    return sale(shop, payments=[by_phone(payment)], **extra)


def late(shop, fake, **extra):
    """The customer paid when nothing waited for it any more."""
    payment = ask(shop, **extra)
    age(shop, payment, minutes=6)
    pays(shop, fake, payment)
    assert state(shop, payment) == "PAID_LATE"
    return payment


def booked(shop, payment):
    """Where the money of an attempt is in the books: sale, customer, tender, amount."""
    with shop.inside():
        found = shop.account.payments.filter(attempt=payment["id"])
        return [(row.sale_id and str(row.sale_id), row.customer_id, row.method, row.amount) for row in found]


def tenders(answer):
    return [(each["method"], each["amount"], each["attempt"]) for each in answer["row"]["payments"]]


def told(answer):
    return answer["verdict"], codes(answer), answer["is_final"]


def pay_out(shop, customer, amount="10"):
    body = {"id": str(uuid7()), "register": str(shop.register.pk), "amount": amount}
    assert shop.client().post(f"{CUSTOMERS}{customer}/pay-out/", body).status_code == 201


# --- Too early --------------------------------------------------------------------------------------------------------


def test_s40_a_sale_whose_phone_has_not_answered_waits_and_is_taken_when_it_has(one, fake):
    """S40."""
    payment = ask(one)
    item, before = by_attempt(one, payment), books(one)
    for _ in range(2):
        [answer] = sync(one, item)
        assert told(answer) == ("REJECTED", ["payment_pending"], False)
    assert (books(one), on_hand(one)) == (before, [100])
    pays(one, fake, payment)
    [answer] = sync(one, item)
    assert (told(answer), tenders(answer)) == (("ACCEPTED", [], True), [("MOBILE_MONEY", "10.00", payment["id"])])
    assert verdicts(sync(one, item)) == [("sale", "DUPLICATE")]
    assert (booked(one, payment), on_hand(one)) == ([(item["id"], None, "MOBILE_MONEY", TEN)], [99])
    age(one, payment, hours=2)
    pursue(one, payment)
    assert (state(one, payment), transfers(one), problems(one)) == ("PAID", [], [])
    with one.inside():
        assert not one.account.sync_issues.exists()


def test_what_is_paid_in_time_and_synced_in_time_is_used_as_at_the_till(one, fake):
    payment = paid(one, fake)
    [answer] = sync(one, by_attempt(one, payment))
    assert told(answer) == ("ACCEPTED", [], True)
    with one.inside():
        assert one.account.payment_attempts.get().used_at


# --- Late -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["came late", "was kept in vain"])
def test_s39_what_waits_in_the_inbox_pays_the_sale_that_comes_later(one, fake, how):
    """S39."""
    if how == "came late":
        payment = late(one, fake)
    else:
        payment = paid(one, fake)
        age(one, payment, minutes=16)
        pursue(one, payment)
    assert [row["state"] for row in transfers(one)] == ["WAITING"]
    item = by_attempt(one, payment)
    [answer] = sync(one, item)
    assert (told(answer), tenders(answer)) == (("ACCEPTED", [], True), [("MOBILE_MONEY", "10.00", payment["id"])])
    assert (answer["row"]["receipt_number"], on_hand(one)) == ("R1-000001", [99])
    (transfer,) = transfers(one)
    assert (transfer["state"], transfer["is_seen"], transfer["customer"]) == ("USED", True, None)
    before = books(one)
    assert verdicts(sync(one, item)) == [("sale", "DUPLICATE")]
    matched = one.client().post(f"{TRANSFERS}{transfer['id']}/match/", {"customer": add_customer(one)})
    assert (matched.status_code, matched.json()["code"]) == (409, "transfer_decided")
    dismissed = one.client().post(f"{TRANSFERS}{transfer['id']}/dismiss/", {"reason": "?"})
    assert (dismissed.status_code, dismissed.json()["code"]) == (409, "transfer_decided")
    [second] = sync(one, by_attempt(one, payment))
    assert told(second) == ("REJECTED", ["payment_not_usable"], True)
    assert {**books(one), "customers": []} == before
    assert booked(one, payment) == [(item["id"], None, "MOBILE_MONEY", TEN)]
    assert problems(one) == []


@pytest.mark.parametrize("names_her", [True, False])
def test_s39_what_is_in_the_wallet_of_the_customer_by_now_comes_off_it_again(one, fake, names_her):
    """S39."""
    efua = add_customer(one)
    payment = late(one, fake, customer=efua)
    assert wallet(one, efua)[0] == TEN
    item = by_attempt(one, payment, **({"customer": efua} if names_her else {}))
    [answer] = sync(one, item)
    assert (told(answer), tenders(answer)) == (("ACCEPTED", [], True), [("WALLET", "10.00", None)])
    assert answer["row"]["customer"] == efua
    assert wallet(one, efua) == (0, 0, [("WALLET", "PAID_LATE", TEN), ("WALLET", "SPENT", -TEN)])
    [(sale_id, customer_id, method, amount)] = booked(one, payment)
    assert (sale_id, str(customer_id), method, amount) == (None, efua, "MOBILE_MONEY", TEN)
    assert verdicts(sync(one, item)) == [("sale", "DUPLICATE")]
    assert (wallet(one, efua)[:2], on_hand(one), problems(one)) == ((0, 0), [99], [])


def test_what_the_customer_has_spent_since_is_owed(one, fake):
    efua = add_customer(one)
    payment = late(one, fake, customer=efua)
    pay_out(one, efua, "0.01")
    [answer] = sync(one, by_attempt(one, payment, customer=efua))
    assert told(answer) == ("ACCEPTED_WITH_EXCEPTION", ["payment_not_usable", "credit_limit_exceeded"], True)
    assert tenders(answer) == [("CUSTOMER_CREDIT", "10.00", None)]
    assert wallet(one, efua)[:2] == (Decimal("9.99"), TEN)
    assert (on_hand(one), problems(one)) == ([99], [])


def test_what_is_in_the_wallet_of_one_does_not_pay_for_another(one, fake):
    efua, kofi = add_customer(one), add_customer(one, "Kofi", "0209998877")
    payment = late(one, fake, customer=efua)
    [answer] = sync(one, by_attempt(one, payment, customer=kofi))
    assert codes(answer) == ["payment_not_usable", "credit_limit_exceeded"]
    assert (wallet(one, efua)[:2], wallet(one, kofi)[:2]) == ((TEN, 0), (0, TEN))
    assert problems(one) == []


def test_two_attempts_and_cash_are_each_counted_where_they_are(one, fake):
    efua = add_customer(one)
    first, second = late(one, fake, amount="3.00", customer=efua), paid(one, fake, "4.00")
    item = sale(one, payments=[by_phone(first), by_phone(second), {"method": "CASH", "amount": "5"}], customer=efua)
    [answer] = sync(one, item)
    assert (answer["verdict"], answer["row"]["change_due"]) == ("ACCEPTED", "2.00")
    assert [each[:2] for each in tenders(answer)] == [("WALLET", "3.00"), ("MOBILE_MONEY", "4.00"), ("CASH", "3.00")]
    assert (wallet(one, efua)[0], problems(one)) == (0, [])


# --- Not paid, as far as anybody knows --------------------------------------------------------------------------------


def expired(shop, fake, payment):
    age(shop, payment, minutes=6)
    pursue(shop, payment)


UNPAID = {
    "EXPIRED": expired,
    "CANCELLED": lambda shop, fake, payment: cancel(shop, payment),
    "FAILED": lambda shop, fake, payment: pays(shop, fake, payment, status="FAILED"),
}


@pytest.mark.parametrize("how", UNPAID)
@pytest.mark.parametrize("is_known", [True, False])
def test_goods_that_went_for_money_that_has_not_come_are_sold_and_it_is_the_sales_when_it_comes(
    one, fake, how, is_known
):
    efua = add_customer(one)
    payment = ask(one, **({"customer": efua} if is_known else {}))
    UNPAID[how](one, fake, payment)
    assert state(one, payment) == how
    item = by_attempt(one, payment, **({"customer": efua} if is_known else {}))
    [answer] = sync(one, item)
    assert told(answer) == ("ACCEPTED_WITH_EXCEPTION", ["payment_not_usable"], True)
    assert (tenders(answer), on_hand(one)) == ([("MOBILE_MONEY", "10.00", payment["id"])], [99])
    with one.inside():
        assert one.account.sync_issues.get().reviewed_at is None
    age(one, payment, minutes=6)
    pays(one, fake, payment)
    pursue(one, payment)
    assert state(one, payment) == "PAID_LATE"
    assert [(row["state"], row["is_seen"]) for row in transfers(one)] == [("USED", True)]
    assert wallet(one, efua) == (0, 0, [])
    assert booked(one, payment) == [(item["id"], None, "MOBILE_MONEY", TEN)]
    assert verdicts(sync(one, item)) == [("sale", "DUPLICATE")]
    [second] = sync(one, by_attempt(one, payment))
    assert told(second) == ("REJECTED", ["payment_not_usable"], True)
    assert (on_hand(one), problems(one)) == ([99], [])


def test_money_that_comes_right_in_time_after_its_sale_came_waits_for_no_other(one, fake):
    payment = ask(one)
    pays(one, fake, payment, status="FAILED")
    item = by_attempt(one, payment)
    assert codes(sync(one, item)[0]) == ["payment_not_usable"]
    pays(one, fake, payment)
    assert state(one, payment) == "PAID"
    other = one.client().post(SALES, one.basket(payments=[by_phone(payment)]))
    assert (other.status_code, other.json()["code"]) == (409, "payment_not_usable")
    age(one, payment, minutes=16)
    pursue(one, payment)
    assert [row["state"] for row in transfers(one)] == ["USED"]
    assert booked(one, payment) == [(item["id"], None, "MOBILE_MONEY", TEN)]


@pytest.mark.parametrize("facts", [{"amount": "9.99"}, {"currency": "NGN"}])
def test_another_amount_or_currency_waits_for_somebody_to_look_and_is_nobody_elses(one, fake, facts):
    efua, payment = add_customer(one), ask(one)
    pays(one, fake, payment, **facts)
    [answer] = sync(one, by_attempt(one, payment))
    assert told(answer) == ("ACCEPTED_WITH_EXCEPTION", ["payment_not_usable"], True)
    (transfer,) = transfers(one)
    assert transfer["state"] == "WAITING"
    matched = one.client().post(f"{TRANSFERS}{transfer['id']}/match/", {"customer": efua})
    assert matched.status_code == 409
    assert wallet(one, efua) == (0, 0, [])
    dismissed = one.client().post(f"{TRANSFERS}{transfer['id']}/dismiss/", {"reason": "It paid a sale"})
    assert dismissed.json()["data"]["state"] == "DISMISSED"
    assert problems(one) == []


# --- What cannot be -----------------------------------------------------------------------------------------------


def test_money_that_another_sale_has_used_pays_no_second_one(one, fake):
    payment = paid(one, fake)
    assert one.client().post(SALES, one.basket(payments=[by_phone(payment)])).status_code == 201
    before = books(one)
    [answer] = sync(one, by_attempt(one, payment))
    assert told(answer) == ("REJECTED", ["payment_not_usable"], True)
    assert (books(one), on_hand(one)) == (before, [99])


def test_a_late_attempt_pays_by_its_own_tender_its_own_amount_and_once(one, fake, stranger):
    payment, theirs, before = late(one, fake), late(stranger, fake), books(one)
    cash = {"method": "CASH", "amount": "100"}
    [wrong] = sync(one, sale(one, payments=[by_phone(payment, "9.99"), cash]))
    assert (wrong["verdict"], fields_of(wrong)) == ("REJECTED", [("payments.0.amount", "wrong_amount")])
    [card] = sync(one, sale(one, payments=[cash, by_phone(payment) | {"method": "CARD"}]))
    assert (card["verdict"], fields_of(card)) == ("REJECTED", [("payments.1.attempt", "wrong_tender")])
    [twice] = sync(one, sale(one, "2", payments=[by_phone(payment), by_phone(payment)]))
    assert told(twice) == ("REJECTED", ["payment_not_usable"], True)
    [unknown] = sync(one, by_attempt(one, theirs))
    assert (fields_of(unknown), unknown["is_final"]) == ([("payments.0.attempt", "does_not_exist")], False)
    assert (books(one), on_hand(one)) == (before, [100])


def test_at_the_till_late_money_pays_nothing(one, fake):
    payment = late(one, fake)
    before = books(one)
    response = one.client().post(SALES, one.basket(payments=[by_phone(payment)]))
    assert (response.status_code, response.json()["code"]) == (409, "payment_not_usable")
    assert books(one) == before


def test_francs_that_came_late_come_off_the_wallet_whole(db, fake):
    francs = open_shop("Chez Awa", country="CI", currency="XOF", time_zone="Africa/Abidjan", prices=("1500",))
    awa = add_customer(francs)
    payment = phones.ask(francs, "1500", customer=awa)
    age(francs, payment, minutes=6)
    pays(francs, fake, payment)
    [answer] = sync(francs, by_attempt(francs, payment, customer=awa))
    assert tenders(answer) == [("WALLET", "1500", None)]
    assert wallet(francs, awa)[0] == 0
    assert problems(francs) == []
