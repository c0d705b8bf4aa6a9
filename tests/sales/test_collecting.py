"""What customers pay, leave with the shop and take out again: exact to the pesewa, and nothing vanishes."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from sales import services
from tests.answers import paths_of, refused
from tests.conftest import open_shop
from tests.places import add_member, add_place, approved_by, give_pin
from tests.sales.owing import (
    add_customer,
    adds_up,
    balance,
    cash_in_drawer,
    debts,
    entries,
    owe,
    paid,
    pay,
    pay_out,
    sold,
)
from tests.sales.requests import CUSTOMERS

pytestmark = pytest.mark.django_db

DEBTS = "/api/v1/sales/debts/"


def three_debts(shop, *terms: int):
    """A customer who owes 10.00 three times, each for so many days."""
    customer = add_customer(shop)
    for days in terms or (30, 10, 20):
        with shop.inside():
            shop.account.customers.filter(pk=customer.pk).update(terms_days=days)
        sold(owe(shop, customer))
    return customer


def ids_of(shop, customer):
    """The open debts in the order in which they are due."""
    rows = shop.client(shop.cashier).get(f"{CUSTOMERS}{customer.pk}/debts/").json()["results"]
    return [row["id"] for row in rows]


def test_s35_what_is_due_first_is_paid_first_to_the_pesewa(one):
    """S35."""
    customer = three_debts(one)
    answer = sold(pay(one, customer, "10.01", member=one.cashier))
    assert debts(one, customer) == [(10, 10), (10, Decimal("0.01")), (10, 0)]
    assert (answer["customer"]["debt"], answer["customer"]["wallet"]) == ("19.99", "0.00")
    assert [(each["kind"], each["amount"]) for each in answer["entries"]] == [("PAID", "-10.00"), ("PAID", "-0.01")]
    sold(pay(one, customer, "9.98"))
    assert debts(one, customer) == [(10, 10), (10, Decimal("9.99")), (10, 0)]
    sold(pay(one, customer, "10.01"))
    assert debts(one, customer) == [(10, 10)] * 3
    assert balance(one, customer) == ("0.00", "0.00")
    assert cash_in_drawer(one) == 30
    adds_up(one)


def test_s35_what_is_more_than_owed_becomes_wallet(one):
    """S35."""
    customer = three_debts(one)
    sold(pay(one, customer, "", payments=paid(CASH="20", MOBILE_MONEY="12.34")))
    assert balance(one, customer) == ("0.00", "2.34")
    assert entries(one, customer)[-1] == ("OVERPAID", Decimal("2.34"))
    assert cash_in_drawer(one) == 20
    adds_up(one)


def test_s35_who_owes_nothing_and_pays_has_it_in_the_wallet(one):
    """S35."""
    customer = add_customer(one)
    sold(pay(one, customer, "5"))
    assert (balance(one, customer), entries(one, customer)) == (("0.00", "5.00"), [("OVERPAID", 5)])


def test_chosen_debts_are_paid_first_and_the_rest_goes_to_what_is_due_first(one):
    customer = three_debts(one)
    _, second, last = ids_of(one, customer)
    chosen = [{"debt": last, "amount": "3"}, {"debt": second, "amount": "2"}, {"debt": last, "amount": "4"}]
    sold(pay(one, customer, "9", debts=chosen))
    assert [settled for _, settled in debts(one, customer)] == [0, 2, 7]
    sold(pay(one, customer, "12", debts=[{"debt": second, "amount": "1"}]))
    assert [settled for _, settled in debts(one, customer)] == [10, 4, 7]
    assert balance(one, customer) == ("9.00", "0.00")
    adds_up(one)


def test_no_more_is_allotted_than_is_open_or_than_is_paid(one):
    customer = three_debts(one)
    first, second, _ = ids_of(one, customer)
    over = [{"debt": first, "amount": "6"}, {"debt": first, "amount": "4.01"}]
    body = refused(one, lambda: pay(one, customer, "20", debts=over), 409, "debt_overpaid")
    assert body["meta"] == {"open": "10.00"}
    much = [{"debt": first, "amount": "6"}, {"debt": second, "amount": "4.01"}]
    refused(one, lambda: pay(one, customer, "10", debts=much), 409, "allocation_too_much")
    sold(pay(one, customer, "10", debts=[{"debt": first, "amount": "10"}]))
    settled = [{"debt": first, "amount": "0.01"}]
    assert refused(one, lambda: pay(one, customer, "1", debts=settled), 409, "debt_overpaid")["meta"] == {
        "open": "0.00"
    }
    refused(one, lambda: pay(one, customer, "1", debts=[{"debt": second, "amount": "0"}]), 400, "invalid_input")


def test_a_debt_of_another_customer_or_of_a_stranger_is_as_unknown_as_none(one, stranger):
    customer, other = three_debts(one), three_debts(one)
    stranger.products = stranger.products[:1]
    theirs = three_debts(stranger, 1)
    for pk in (ids_of(one, other)[0], ids_of(stranger, theirs)[0], str(uuid7())):
        chosen = [{"debt": pk, "amount": "1"}]
        body = refused(one, lambda chosen=chosen: pay(one, customer, "10", debts=chosen), 400, "invalid_input")
        assert paths_of(body) == [("debts.0.debt", "does_not_exist")]


@pytest.mark.parametrize("payments", [[], paid(CASH="0"), paid(CASH="-1"), paid(WALLET="1"), paid(CUSTOMER_CREDIT="1")])
def test_a_debt_is_paid_with_money(one, payments):
    customer = three_debts(one)
    body = {"id": str(uuid7()), "register": str(one.register.pk), "payments": payments}
    refused(one, lambda: one.client().post(f"{CUSTOMERS}{customer.pk}/payments/", body), 400, "invalid_input")


def test_money_comes_in_at_a_register_where_the_member_works_and_in_its_shift(one):
    customer = three_debts(one)
    there = add_place(one)
    yaa = add_member(one, Role.CASHIER, one.storefront)
    for action in ("payments", "top-up"):
        body = refused(
            one, lambda action=action: pay(there, customer, "1", member=yaa, action=action), 400, "invalid_input"
        )
        assert paths_of(body) == [("register", "does_not_exist")]
    with one.inside():
        one.account.__class__.across_accounts.filter(pk=one.id).update(is_shift_required=True)
    refused(one, lambda: pay(one, customer, "1"), 409, "shift_required")
    with one.inside():
        shift = services.open_shift(by=one.owner, register=one.register.pk)
    sold(pay(one, customer, "1"))
    with one.inside():
        payment = one.account.payments.get(customer=customer)
        assert (payment.shift_id, payment.sale_id, payment.amount) == (shift.pk, None, 1)


def test_a_register_that_is_off_takes_no_money(one):
    customer = three_debts(one)
    with one.inside():
        one.account.registers.update(is_active=False)
    refused(one, lambda: pay(one, customer, "1"), 409, "register_inactive")


def test_a_retry_pays_once_and_wants_a_key(one):
    customer, client = three_debts(one), one.client()
    url = f"{CUSTOMERS}{customer.pk}/payments/"
    body = {"id": str(uuid7()), "register": str(one.register.pk), "payments": paid(CASH="4")}
    first, again = client.post(url, body), client.post(url, body)
    assert first.json()["data"] == again.json()["data"]
    assert (first.json()["data"]["id"], again["Idempotency-Replayed"]) == (body["id"], "true")
    assert balance(one, customer) == ("26.00", "0.00")
    refused(one, lambda: client.post(url, {**body, "payments": paid(CASH="5")}), 422, "idempotency_key_reused")
    key = {"HTTP_IDEMPOTENCY_KEY": "another"}
    refused(one, lambda: client.post(url, body, **key), 409, "id_taken")
    del body["id"]
    refused(one, lambda: client.post(url, body), 400, "idempotency_key_required")


@pytest.mark.parametrize("days", [-8, 2])
def test_money_is_not_booked_on_a_day_that_a_till_could_not_mean(one, days):
    customer = three_debts(one)
    paid_at = (timezone.now() + timedelta(days=days)).isoformat()
    status, code = (403, "capability_missing") if days < 0 else (400, "invalid_input")
    refused(one, lambda: pay(one, customer, "1", member=one.cashier, paid_at=paid_at), status, code)


# --- The wallet -------------------------------------------------------------------------------------------------------


def test_s32_change_that_is_kept_is_in_the_wallet_and_in_the_drawer(one):
    """S32."""
    customer = add_customer(one)
    sale = sold(owe(one, customer, payments=paid(CASH="18.50"), keep_change=True))
    assert (sale["paid"], sale["change_due"], sale["total"]) == ("10.00", "0.00", "10.00")
    assert [(each["amount"], each["tendered"]) for each in sale["payments"]] == [("10.00", "10.00")]
    assert entries(one, customer) == [("CHANGE_KEPT", Decimal("8.50"))]
    assert (balance(one, customer), cash_in_drawer(one)) == (("0.00", "8.50"), Decimal("18.50"))
    adds_up(one)


def test_there_is_nothing_to_keep_of_what_was_paid_exactly(one):
    customer = add_customer(one)
    sold(owe(one, customer, payments=paid(CASH="10"), keep_change=True))
    sold(owe(one, None, payments=paid(CASH="10"), keep_change=True))
    assert (entries(one, customer), cash_in_drawer(one)) == ([], 20)


def test_a_wallet_is_spent_with_other_tenders_and_never_below_nothing(one):
    customer = add_customer(one)
    sold(pay(one, customer, "6", action="top-up", member=one.cashier))
    body = refused(
        one, lambda: owe(one, customer, payments=paid(WALLET="6.01", CASH="3.99")), 409, "insufficient_wallet"
    )
    assert body["meta"] == {"available": "6.00"}
    # What is kept of the change of a sale does not pay for it.
    more = paid(WALLET="6.01", CASH="10")
    refused(one, lambda: owe(one, customer, payments=more, keep_change=True), 409, "insufficient_wallet")
    split = [*paid(WALLET="2"), *paid(CASH="3", CUSTOMER_CREDIT="1"), *paid(WALLET="4")]
    sold(owe(one, customer, payments=split))
    assert balance(one, customer) == ("1.00", "0.00")
    assert entries(one, customer) == [("TOPPED_UP", 6), ("SPENT", -6), ("SOLD_ON_CREDIT", 1)]
    adds_up(one)


def test_a_wallet_may_be_spent_and_filled_by_the_same_sale(one):
    customer = add_customer(one)
    sold(pay(one, customer, "6", action="top-up"))
    sold(owe(one, customer, payments=paid(WALLET="6", CASH="10"), keep_change=True))
    assert balance(one, customer) == ("0.00", "6.00")
    assert entries(one, customer)[1:] == [("SPENT", -6), ("CHANGE_KEPT", 6)]
    adds_up(one)


def test_what_is_kept_is_paid_out_from_the_drawer_and_no_more(one):
    customer = add_customer(one)
    sold(pay(one, customer, "6", action="top-up"))
    refused(one, lambda: pay_out(one, customer, "6.01"), 409, "insufficient_wallet")
    refused(one, lambda: pay_out(one, customer, "0"), 400, "invalid_input")
    refused(one, lambda: pay_out(one, customer, "1", method="WALLET"), 400, "invalid_input")
    answer = sold(pay_out(one, customer, "6", reason="Moves to Tamale", member=one.cashier))
    assert [(each["method"], each["amount"]) for each in answer["payments"]] == [("CASH", "-6.00")]
    assert [(each["kind"], each["reason"]) for each in answer["entries"]] == [("PAID_OUT", "Moves to Tamale")]
    assert (balance(one, customer), cash_in_drawer(one)) == (("0.00", "0.00"), 0)
    adds_up(one)


# --- Written off ------------------------------------------------------------------------------------------------------


def write_off(shop, pk, *, member=None, headers=None, **body):
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid7()), **(headers or {})}
    return shop.client(member).post(f"{DEBTS}{pk}/write-off/", {"reason": "Gone", **body}, **key)


def test_a_debt_is_given_up_as_far_as_it_is_open(one):
    customer = three_debts(one)
    first = ids_of(one, customer)[0]
    sold(pay(one, customer, "4"))
    body = refused(one, lambda: write_off(one, first, amount="6.01"), 409, "debt_overpaid")
    assert body["meta"] == {"open": "6.00"}
    refused(one, lambda: write_off(one, first, amount="0"), 400, "invalid_input")
    refused(one, lambda: write_off(one, first, reason=""), 400, "invalid_input")
    shown = write_off(one, first, amount="1.50").json()["data"]
    assert (shown["settled"], shown["open_amount"]) == ("5.50", "4.50")
    assert write_off(one, first).json()["data"]["open_amount"] == "0.00"
    refused(one, lambda: write_off(one, first), 409, "debt_overpaid")
    assert balance(one, customer) == ("20.00", "0.00")
    assert entries(one, customer)[-2:] == [("WRITTEN_OFF", Decimal("-1.50")), ("WRITTEN_OFF", Decimal("-4.50"))]
    assert cash_in_drawer(one) == 4
    adds_up(one)


def test_a_manager_gives_up_a_debt_with_the_owners_pin_only(one):
    customer = three_debts(one)
    manager, owner = add_member(one, Role.MANAGER, name="Manager"), give_pin(one, one.owner)
    debt = ids_of(one, customer)[0]
    refused(one, lambda: write_off(one, debt, member=manager), 403, "capability_missing")
    assert write_off(one, debt, member=manager, headers=approved_by(owner)).status_code == 200
    with one.inside():
        event = one.account.audit_events.get(action="debt.written_off")
        assert (event.by_id, event.approved_by_id, event.after) == (manager.pk, owner.pk, {"amount": "10.00"})


def test_s41_in_a_currency_without_cents_debts_are_paid_in_whole_coins(db):
    """S41."""
    shop = open_shop("Dakar", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("10",))
    customer = add_customer(shop)
    sold(owe(shop, customer, payments=paid(CUSTOMER_CREDIT="10")))
    refused(shop, lambda: pay(shop, customer, "0.50"), 400, "invalid_input")
    answer = sold(pay(shop, customer, "25"))
    assert [each["amount"] for each in answer["entries"]] == ["-10", "15"]
    assert (answer["customer"]["debt"], answer["customer"]["wallet"]) == ("0", "15")
