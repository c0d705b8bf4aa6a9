"""One customer, one card, many tills at the same instant. Every race has its control."""

from contextlib import contextmanager
from decimal import Decimal
from threading import Barrier

import pytest
from uuid_utils.compat import uuid7

from sales import services, sums
from sales.errors import (
    CreditLimitExceeded,
    CustomerBlocked,
    DebtOverpaid,
    GiftCardShort,
    InsufficientWallet,
)
from sales.models import Customer, Register
from sales.services import collecting, credit, gift_cards
from tests.conftest import Shop
from tests.races import at_once, count_of, meeting_before, one_behind_another, without
from tests.sales.owing import add_customer

pytestmark = pytest.mark.usefixtures("committed")

TEN = Decimal(10)
SEQUENCE = "one_customer_entry_per_number"


@pytest.fixture
def tills(busy) -> list[Register]:
    """Four registers: what is sold at one waits for nothing at another."""
    with busy.inside():
        more = [
            services.add_register(by=busy.owner, storefront=busy.storefront, code=f"T{i}", name="Till")
            for i in (1, 2, 3)
        ]
    return [busy.register, *more]


def sell(shop: Shop, register: Register, method: str, customer=None, reference: str = ""):
    def call():
        with shop.inside():
            return services.complete_sale(
                by=shop.owner,
                storefront=shop.storefront.pk,
                register=register.pk,
                customer=customer and customer.pk,
                lines=[{"product": shop.products[0].pk, "quantity": Decimal(1)}],
                payments=[{"method": method, "amount": TEN, "reference": reference}],
            )

    return call


def book(shop: Shop, service, customer: Customer, register: Register, **facts):
    def call():
        with shop.inside():
            return service(by=shop.owner, customer=customer, register=register.pk, **facts)

    return call


def pay(shop: Shop, customer: Customer, register: Register, **facts):
    payments = [{"method": "CASH", "amount": TEN}]
    return book(shop, services.collect_debt, customer, register, payments=payments, **facts)


def top_up(shop: Shop, customer: Customer) -> None:
    payments = [{"method": "CASH", "amount": TEN}]
    book(shop, services.top_up_wallet, customer, shop.register, payments=payments)()


def balance(shop: Shop, customer: Customer) -> tuple[Decimal, Decimal]:
    with shop.inside():
        row = shop.account.customers.get(pk=customer.pk)
        return row.debt, row.wallet


def problems() -> list[str]:
    return [row.problem for row in sums.find_disagreements(using="staff")]


def unlock_customers(monkeypatch) -> None:
    def find(*, by, customer_id):
        return by.account.customers.get(pk=customer_id)

    for module in (credit, collecting):
        monkeypatch.setattr(module, "find_customer", find)


def meeting(statement: str, *calls):
    """All of these, who meet just before they write."""
    barrier = Barrier(len(calls))

    def met(call):
        def run():
            with meeting_before(statement, barrier):
                return call()

        return run

    return at_once([met(call) for call in calls])


# --- Credit -----------------------------------------------------------------------------------------------------------


def test_s35_of_two_sales_within_one_limit_one_passes(busy, tills):
    """S35."""
    customer = add_customer(busy, "15")
    results = at_once([sell(busy, till, "CUSTOMER_CREDIT", customer) for till in tills[:2]])
    assert count_of(results, CreditLimitExceeded) == 1
    assert balance(busy, customer) == (10, 0)
    with busy.inside():
        assert (busy.account.sales.count(), busy.account.debts.count()) == (1, 1)
        assert sorted(busy.account.registers.values_list("last_number", flat=True)) == [0, 0, 0, 1]
    assert problems() == []


def test_s35_control_without_the_lock_on_the_customer_both_pass(busy, tills, monkeypatch):
    """S35."""
    unlock_customers(monkeypatch)
    customer = add_customer(busy, "15")
    with without(SEQUENCE):
        meeting('INSERT INTO "debts"', *[sell(busy, till, "CUSTOMER_CREDIT", customer) for till in tills[:2]])
        with busy.inside():
            assert busy.account.debts.count() == 2
        assert "it owes 10.00, but by its ledger 20.00" in problems()


@contextmanager
def holding(shop: Shop, customer: Customer):
    with shop.inside():
        shop.account.customers.locked().get(pk=customer.pk)
        yield


def block(shop: Shop, customer: Customer):
    def call():
        with shop.inside():
            locked = shop.account.customers.locked().get(pk=customer.pk)
            return services.change_customer(by=shop.owner, customer=locked, is_blocked=True)

    return call


def test_who_is_blocked_while_a_sale_waits_gets_nothing_on_credit(busy):
    customer = add_customer(busy)
    calls = [block(busy, customer), sell(busy, busy.register, "CUSTOMER_CREDIT", customer)]
    results = one_behind_another(calls, held=holding(busy, customer))
    assert isinstance(results[1], CustomerBlocked)
    assert (balance(busy, customer), problems()) == ((0, 0), [])


def test_control_without_the_lock_a_sale_does_not_see_that_the_customer_was_blocked(busy, monkeypatch):
    unlock_customers(monkeypatch)
    customer = add_customer(busy)
    calls = [block(busy, customer), sell(busy, busy.register, "CUSTOMER_CREDIT", customer)]
    one_behind_another(calls, held=holding(busy, customer))
    with busy.inside():
        assert busy.account.customers.get(pk=customer.pk).is_blocked
        assert busy.account.sales.count() == 1


# --- The wallet -------------------------------------------------------------------------------------------------------


def test_of_two_who_spend_one_wallet_one_is_refused(busy, tills):
    customer = add_customer(busy)
    top_up(busy, customer)
    out = book(busy, services.pay_out_wallet, customer, tills[2], amount=TEN)
    results = at_once([*[sell(busy, till, "WALLET", customer) for till in tills[:2]], out])
    assert count_of(results, InsufficientWallet) == 2
    assert (balance(busy, customer), problems()) == ((0, 0), [])


def test_control_without_the_lock_a_wallet_is_spent_twice(busy, tills, monkeypatch):
    unlock_customers(monkeypatch)
    customer = add_customer(busy)
    top_up(busy, customer)
    with without(SEQUENCE):
        results = meeting('UPDATE "customers"', *[sell(busy, till, "WALLET", customer) for till in tills[:2]])
        assert count_of(results, InsufficientWallet) == 0
        assert "its wallet holds 0.00, but by its ledger -10.00" in problems()


# --- What is owed -----------------------------------------------------------------------------------------------------


def test_s35_of_two_payments_of_one_debt_the_second_becomes_wallet(busy, tills):
    """S35."""
    customer = add_customer(busy)
    sell(busy, tills[0], "CUSTOMER_CREDIT", customer)()
    at_once([pay(busy, customer, till) for till in tills[:2]])
    assert (balance(busy, customer), problems()) == ((0, 10), [])


def test_of_two_who_pay_the_same_chosen_debt_one_is_refused(busy, tills):
    customer = add_customer(busy)
    sell(busy, tills[0], "CUSTOMER_CREDIT", customer)()
    with busy.inside():
        chosen = [{"debt": busy.account.debts.get().pk, "amount": TEN}]
    results = at_once([pay(busy, customer, till, debts=chosen) for till in tills[:2]])
    assert count_of(results, DebtOverpaid) == 1
    assert (balance(busy, customer), problems()) == ((0, 0), [])


def test_s35_control_without_the_lock_a_payment_vanishes(busy, tills, monkeypatch):
    """S35."""
    customer = add_customer(busy)
    sell(busy, tills[0], "CUSTOMER_CREDIT", customer)()
    unlock_customers(monkeypatch)
    with without(SEQUENCE):
        meeting('UPDATE "debts"', *[pay(busy, customer, till) for till in tills[:2]])
        assert balance(busy, customer) == (0, 0)
        with busy.inside():
            assert busy.account.payments.filter(customer=customer).count() == 2
        assert "it owes 0.00, but by its ledger -10.00" in problems()


def test_a_debt_that_is_paid_while_it_is_written_off_is_settled_once(busy, tills):
    customer = add_customer(busy)
    sell(busy, tills[0], "CUSTOMER_CREDIT", customer)()
    with busy.inside():
        debt = busy.account.debts.get()

    def write_off():
        with busy.inside():
            return services.write_off_debt(by=busy.owner, debt=debt, reason="Gone")

    results = at_once([write_off, pay(busy, customer, tills[0])])
    refused = count_of(results, DebtOverpaid)
    assert balance(busy, customer) == (0, 0 if refused else 10)
    assert problems() == []


# --- Gift cards -------------------------------------------------------------------------------------------------------


def sold_card(shop: Shop) -> str:
    with shop.inside():
        cash = [{"method": "CASH", "amount": TEN}]
        return services.sell_gift_card(by=shop.owner, register=shop.register.pk, amount=TEN, payments=cash).code


def test_a_gift_card_that_is_shown_at_two_tills_pays_at_one(busy, tills):
    code = sold_card(busy)
    results = at_once([sell(busy, till, "GIFT_CARD", reference=code) for till in tills[:2]])
    assert count_of(results, GiftCardShort) == 1
    with busy.inside():
        card = busy.account.gift_cards.get()
        assert (card.balance, card.entry_count, busy.account.sales.count()) == (0, 2, 1)
    assert problems() == []


def test_control_without_the_lock_a_gift_card_pays_at_both(busy, tills, monkeypatch):
    code, digest = sold_card(busy), gift_cards._digest

    def find(by, codes):
        return {card.code_hash: card for card in by.account.gift_cards.filter(code_hash__in=map(digest, codes))}

    monkeypatch.setattr(gift_cards, "_find", find)
    with without("one_card_entry_per_number"):
        results = meeting('UPDATE "gift_cards"', *[sell(busy, till, "GIFT_CARD", reference=code) for till in tills[:2]])
        assert count_of(results, GiftCardShort) == 0
        assert any("but by its ledger -10.00 of 10.00" in problem for problem in problems())


# --- All of it --------------------------------------------------------------------------------------------------------


def test_sales_payments_refunds_and_pay_outs_of_one_customer_never_wait_in_a_circle(busy, tills):
    customer, code = add_customer(busy, "1000"), sold_card(busy)
    top_up(busy, customer)
    owed = [sell(busy, till, "CUSTOMER_CREDIT", customer)() for till in tills]

    def give_back(sale):
        def call():
            with busy.inside():
                locked = busy.account.sales.locked().get(pk=sale.pk)
                line = sale.lines.all()[0].pk
                return services.refund_sale(
                    by=busy.owner, sale=locked, id=uuid7(), lines=[{"line": line, "quantity": Decimal(1)}]
                )

        return call

    calls = [
        *[give_back(sale) for sale in owed[:2]],
        *[sell(busy, till, "CUSTOMER_CREDIT", customer) for till in tills[2:]],
        sell(busy, tills[1], "WALLET", customer),
        sell(busy, tills[0], "GIFT_CARD", customer, code),
        *[pay(busy, customer, till) for till in tills[1:3]],
        block(busy, customer),
    ]
    results = at_once(calls)
    wrong = [each for each in results if isinstance(each, Exception) and not isinstance(each, CustomerBlocked)]
    assert wrong == []
    assert problems() == []
