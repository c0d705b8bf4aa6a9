"""Mobile money at the till: asked for, paid, used by one sale, or late."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from tests.billing import payments
from tests.conftest import open_shop
from tests.places import add_member, add_place
from tests.sales.phones import (
    PAYMENTS,
    add_customer,
    age,
    ask,
    attempt_of,
    body,
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
GATEWAYS = ("MOMO", "PAYSTACK")


def sell(shop, *tenders, **extra):
    return shop.client().post(SALES, shop.basket(payments=list(tenders), **extra))


def refused(response, status, code):
    told = response.json()
    assert (response.status_code, told["code"]) == (status, code), response.content
    return [(error["field"], error["code"]) for error in told["errors"]]


# --- As it should be --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_phone_is_asked_the_customer_pays_and_the_sale_is_paid(one, fake, gateway):
    payment = ask(one, gateway=gateway, network="MTN")
    assert (payment["state"], payment["phone"], payment["amount"]) == ("INITIATED", "0244123456", "10.00")
    assert state(one, payment) == "PROMPTED"
    pays(one, fake, payment)
    assert state(one, payment) == "PAID"
    sold = sell(one, by_phone(payment))
    assert sold.status_code == 201, sold.content
    (told,) = sold.json()["data"]["payments"]
    assert (told["method"], told["amount"], told["attempt"]) == ("MOBILE_MONEY", "10.00", payment["id"])
    assert one.client().get(f"{PAYMENTS}{payment['id']}/").json()["data"]["used_at"]
    age(one, payment, hours=2)
    pursue(one, payment)
    assert (state(one, payment), transfers(one)) == ("PAID", [])


def test_a_sale_is_paid_by_two_phones_and_cash(one, fake):
    first, second = paid(one, fake, "3.00"), paid(one, fake, "4.00", gateway="PAYSTACK")
    sold = sell(one, by_phone(first), by_phone(second), {"method": "CASH", "amount": "5"})
    assert sold.status_code == 201, sold.content
    assert sold.json()["data"]["change_due"] == "2.00"


def test_without_an_interface_the_cashier_reads_the_customers_phone(one, fake):
    sold = sell(one, {"method": "MOBILE_MONEY", "amount": "10", "reference": "MP-77"})
    assert sold.status_code == 201
    (told,) = sold.json()["data"]["payments"]
    assert (told["reference"], told["attempt"]) == ("MP-77", None)


def test_a_retry_of_the_request_asks_the_phone_once_and_a_retry_of_the_sale_is_the_same_sale(one, fake):
    wanted = body(one)
    first, again = (one.client().post(PAYMENTS, wanted) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotency-Replayed"] == "true"
    assert len(payments.jobs()) == 1
    payment = first.json()["data"]
    pursue(one, payment)
    pays(one, fake, payment)
    basket = one.basket(payments=[by_phone(payment)])
    sold, replayed = (one.client().post(SALES, basket) for _ in range(2))
    assert (sold.status_code, replayed.status_code) == (201, 201)
    assert sold.json()["data"] == replayed.json()["data"]


def test_francs_have_no_decimals(db, fake):
    francs = open_shop("Chez Awa", country="CI", currency="XOF", time_zone="Africa/Abidjan", prices=("1500",))
    errors = refused(francs.client().post(PAYMENTS, body(francs, "1500.50")), 400, "invalid_input")
    assert errors == [("amount", "currency")]
    payment = paid(francs, fake, "1500")
    assert payment["amount"] == "1500"
    assert sell(francs, by_phone(payment)).status_code == 201


# --- Refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"amount": "0"}, "amount", "min_value"),
        ({"amount": "-1"}, "amount", "min_value"),
        ({"amount": "0.001"}, "amount", "max_decimal_places"),
        ({"amount": "1" * 15}, "amount", "max_digits"),
        ({"amount": None}, "amount", "null"),
        ({"phone": ""}, "phone", "blank"),
        ({"phone": "Ɛfua"}, "phone", "invalid"),
        ({"phone": "٠٢٤٤١٢٣٤٥٦"}, "phone", "invalid"),
        ({"phone": "1" * 33}, "phone", "invalid"),
        ({"gateway": "STRIPE"}, "gateway", "invalid_choice"),
        ({"network": "ACME"}, "network", "invalid_choice"),
        ({"register": str(uuid7())}, "register", "does_not_exist"),
        ({"customer": str(uuid7())}, "customer", "does_not_exist"),
        ({"state": "PAID"}, "state", "unknown_field"),
    ],
)
def test_a_request_that_is_not_right_asks_nobody(one, fake, wrong, field, code):
    before = books(one)
    assert refused(one.client().post(PAYMENTS, {**body(one), **wrong}), 400, "invalid_input") == [(field, code)]
    assert (books(one), payments.jobs()) == (before, [])


def test_a_request_needs_a_key_or_an_id(one, fake):
    wanted = body(one)
    del wanted["id"]
    refused(one.client().post(PAYMENTS, wanted), 400, "idempotency_key_required")


def test_a_gateway_that_is_not_set_up_is_said_to_be(one, fake, settings):
    settings.GATEWAYS = {}
    refused(one.client().post(PAYMENTS, body(one)), 409, "gateway_not_configured")


def test_a_register_that_is_off_asks_nobody(one, fake):
    with one.inside():
        one.account.registers.update(is_active=False)
    refused(one.client().post(PAYMENTS, body(one)), 409, "register_inactive")


def decided(shop, fake, payment, **facts):
    pays(shop, fake, payment, **facts)
    return payment


def late(shop, fake):
    payment = ask(shop)
    age(shop, payment, minutes=6)
    return decided(shop, fake, payment)


def used(shop, fake):
    payment = paid(shop, fake)
    assert sell(shop, by_phone(payment)).status_code == 201
    return payment


UNPAID = {
    "before the customer paid": lambda shop, fake: ask(shop),
    "declined": lambda shop, fake: decided(shop, fake, ask(shop), status="FAILED"),
    "of another amount": lambda shop, fake: decided(shop, fake, ask(shop), amount="9.99"),
    "in another currency": lambda shop, fake: decided(shop, fake, ask(shop), currency="NGN"),
    "too late": late,
    "used": used,
}


@pytest.mark.parametrize("how", UNPAID)
def test_an_attempt_pays_no_sale(one, fake, how):
    payment = UNPAID[how](one, fake)
    before = books(one)
    refused(sell(one, by_phone(payment)), 409, "payment_not_usable")
    assert books(one) == before


def test_an_attempt_pays_by_mobile_money_its_own_amount_and_once(one, fake):
    payment = paid(one, fake)
    before = books(one)
    cash = {"method": "CASH", "amount": "100"}
    told = refused(sell(one, by_phone(payment, "9.99"), cash), 400, "invalid_input")
    assert told == [("payments.0.amount", "wrong_amount")]
    told = refused(sell(one, cash, by_phone(payment) | {"method": "CARD"}), 400, "invalid_input")
    assert told == [("payments.1.attempt", "wrong_tender")]
    twice = sell(one, by_phone(payment), by_phone(payment), quantity="2")
    refused(twice, 409, "payment_not_usable")
    assert books(one) == before
    assert sell(one, by_phone(payment)).status_code == 201


def test_an_attempt_is_free_again_when_the_sale_fails(one, fake):
    payment = paid(one, fake)
    before = books(one)
    refused(sell(one, by_phone(payment), quantity="1000"), 409, "payment_short")
    too_many = {"lines": [{"product": str(one.products[0].pk), "quantity": "101"}]}
    refused(sell(one, by_phone(payment), {"method": "CASH", "amount": "9999"}, **too_many), 409, "insufficient_stock")
    assert books(one) == before
    assert sell(one, by_phone(payment)).status_code == 201


def test_the_attempt_of_a_stranger_is_unknown_as_one_that_never_was(one, stranger, fake):
    theirs = paid(stranger, fake)
    for attempt in (theirs["id"], str(uuid7())):
        told = refused(sell(one, {**by_phone(theirs), "attempt": attempt}), 400, "invalid_input")
        assert told == [("payments.0.attempt", "does_not_exist")]
        assert one.client().get(f"{PAYMENTS}{attempt}/").status_code == 404
        assert one.client().post(f"{PAYMENTS}{attempt}/cancel/").status_code == 404
    assert state(stranger, theirs) == "PAID"


def test_to_who_works_elsewhere_an_attempt_is_not_there(one, fake):
    there = add_place(one)
    kofi = add_member(one, Role.CASHIER, there.storefront, name="Kofi")
    payment = paid(one, fake)
    client = one.client(kofi)
    assert client.get(PAYMENTS).json()["results"] == []
    assert client.post(f"{PAYMENTS}{payment['id']}/cancel/").status_code == 404
    told = refused(client.post(SALES, there.basket(payments=[by_phone(payment)])), 400, "invalid_input")
    assert told == [("payments.0.attempt", "does_not_exist")]
    assert refused(client.post(PAYMENTS, body(one)), 400, "invalid_input") == [("register", "does_not_exist")]
    assert state(one, payment) == "PAID"


def test_who_only_looks_asks_and_cancels_nothing(one, fake):
    looker = add_member(one, Role.STAFF, name="Looker")
    payment = ask(one)
    assert one.client(looker).get(PAYMENTS).status_code == 200
    refused(one.client(looker).post(PAYMENTS, body(one)), 403, "capability_missing")
    refused(cancel(one, payment, looker), 403, "capability_missing")


# --- Late -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_s39_mobile_money_that_is_confirmed_after_the_customer_paid_cash_is_in_the_wallet_and_on_the_list(
    one, fake, gateway
):
    """S39."""
    efua = add_customer(one)
    payment = ask(one, gateway=gateway, customer=efua)
    assert sell(one, {"method": "CASH", "amount": "10"}, customer=efua).status_code == 201
    assert cancel(one, payment).json()["data"]["state"] == "CANCELLED"
    pays(one, fake, payment)
    pursue(one, payment)
    assert state(one, payment) == "PAID_LATE"
    assert wallet(one, efua) == (Decimal(10), Decimal(0), [("WALLET", "PAID_LATE", Decimal(10))])
    (news,) = transfers(one, is_seen="false")
    assert (news["state"], news["cause"], news["customer"]) == ("MATCHED", "LATE", efua)
    with one.inside():
        booked = one.account.payments.get(attempt=payment["id"])
        assert (booked.method, booked.amount, str(booked.customer_id)) == ("MOBILE_MONEY", Decimal(10), efua)
        assert (booked.register_id, booked.sale_id) == (one.register.pk, None)
    refused(sell(one, by_phone(payment)), 409, "payment_not_usable")


@pytest.mark.parametrize("how", ["expired", "failed", "never used"])
def test_s39_what_comes_late_in_another_way_is_in_the_wallet_as_well(one, fake, how):
    """S39."""
    efua = add_customer(one)
    payment = ask(one, customer=efua)
    if how == "expired":
        age(one, payment, minutes=6)
        pursue(one, payment)
        assert state(one, payment) == "EXPIRED"
    elif how == "failed":
        pays(one, fake, payment, status="FAILED")
        age(one, payment, minutes=6)
    pays(one, fake, payment)
    if how == "never used":
        assert (state(one, payment), wallet(one, efua)[0]) == ("PAID", Decimal(0))
        age(one, payment, minutes=16)
        pursue(one, payment)
    pursue(one, payment)
    assert (state(one, payment), wallet(one, efua)[0]) == ("PAID_LATE", Decimal(10))
    assert [row["state"] for row in transfers(one)] == ["MATCHED"]


def test_what_comes_late_from_nobody_known_waits_in_the_inbox(one, fake):
    payment = ask(one)
    cancel(one, payment)
    pays(one, fake, payment)
    (row,) = transfers(one, state="WAITING")
    assert (row["mobile_payment"], row["amount"], row["payer_phone"]) == (payment["id"], "10.00", "0244123456")
    assert (row["register"], row["customer"], row["is_seen"]) == (str(one.register.pk), None, False)
    with one.inside():
        assert not one.account.payments.exists()


def test_what_comes_late_from_who_is_served_no_more_waits_in_the_inbox(one, fake):
    efua = add_customer(one)
    payment = ask(one, customer=efua)
    assert one.client().post(f"/api/v1/sales/customers/{efua}/erase/").status_code == 200
    cancel(one, payment)
    pays(one, fake, payment)
    assert [row["state"] for row in transfers(one)] == ["WAITING"]
    assert wallet(one, efua)[0] == 0


@pytest.mark.parametrize(
    ("facts", "cause", "amount", "currency"),
    [
        ({"amount": "9.99"}, "WRONG_AMOUNT", "9.99", "GHS"),
        ({"currency": "NGN"}, "WRONG_CURRENCY", "10.00", "NGN"),
        ({"amount": "99999999999999"}, "WRONG_AMOUNT", "0.00", "GHS"),
    ],
)
def test_another_amount_or_currency_grants_nothing_and_waits_for_somebody_to_look(
    one, fake, facts, cause, amount, currency
):
    efua = add_customer(one)
    payment = ask(one, customer=efua)
    pays(one, fake, payment, **facts)
    pursue(one, payment)
    assert (state(one, payment), wallet(one, efua)) == ("FAILED", (Decimal(0), Decimal(0), []))
    (row,) = transfers(one)
    assert (row["state"], row["cause"], row["amount"], row["currency"]) == ("WAITING", cause, amount, currency)


def test_what_is_paid_cannot_be_cancelled(one, fake):
    payment = paid(one, fake)
    told = cancel(one, payment)
    refused(told, 409, "payment_over")
    assert told.json()["meta"] == {"state": "PAID"}
    assert sell(one, by_phone(payment)).status_code == 201


def test_a_refund_gives_back_by_mobile_money_what_came_by_it(one, fake):
    sold = sell(one, by_phone(paid(one, fake))).json()["data"]
    lines = [{"line": sold["lines"][0]["id"], "quantity": "1"}]
    back = one.client().post(f"{SALES}{sold['id']}/refunds/", {"id": str(uuid7()), "lines": lines})
    assert back.status_code == 201, back.content
    (told,) = back.json()["data"]["payments"]
    assert (told["method"], told["amount"], told["attempt"]) == ("MOBILE_MONEY", "-10.00", None)


def test_the_phone_of_an_erased_customer_is_nowhere(one, fake):
    efua = add_customer(one, phone="0209998877")
    payment = ask(one, customer=efua, phone="0209998877")
    attempt = attempt_of(one, payment)
    payments.decide(fake, attempt)
    told = payments.notice(fake, attempt.reference)
    assert b"209998877" in told.body
    payments.deliver(one.client(), told, "MOMO", one.id)
    cancel(one, payment)
    pursue(one, payment)
    assert transfers(one)[0]["payer_phone"] == "0209998877"
    assert one.client().post(f"/api/v1/sales/customers/{efua}/erase/").json()["code"] == "wallet_not_empty"
    out = {"id": str(uuid7()), "register": str(one.register.pk), "amount": "10.00", "method": "CASH"}
    assert one.client().post(f"/api/v1/sales/customers/{efua}/pay-out/", out).status_code == 201
    assert one.client().post(f"/api/v1/sales/customers/{efua}/erase/").status_code == 200
    with one.inside():
        account = one.account
        assert account.payment_attempts.get(pk=payment["id"]).payer_phone == ""
        assert [event.body for event in account.gateway_notices.all()] == [""]
        assert [row.payer_phone for row in account.incoming_transfers.all()] == [""]
        assert not account.idempotency_keys.filter(body__contains="209998877").exists()
