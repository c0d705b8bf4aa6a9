"""Two who take the same thing back at the same instant. Every race has its control: the same without the guard."""

import threading
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import IntegrityError, OperationalError

from inventory import services as inventory
from inventory import sums as stock_sums
from sales import services, sums
from sales.errors import RefundTooMuch, SaleVoided, VoidAfterRefund
from tests.conftest import Shop
from tests.races import at_once, count_of, meanwhile, meeting_before
from tests.sales.calls import sell, unlock_refunds

pytestmark = pytest.mark.usefixtures("committed")


def problems() -> list[str]:
    found = [*sums.find_disagreements(using="staff"), *stock_sums.find_disagreements(using="staff")]
    return [row.problem for row in found]


def money_left(shop: Shop) -> Decimal:
    with shop.inside():
        return sum(shop.account.payments.values_list("amount", flat=True), Decimal(0))


def find(shop: Shop, sale, *, is_locked: bool):
    sales = shop.account.sales
    return (sales.locked() if is_locked else sales).get(pk=sale.pk)


def void(shop: Shop, sale, *, is_locked: bool = True):
    with shop.inside():
        return services.void_sale(by=shop.owner, sale=find(shop, sale, is_locked=is_locked), reason="Wrong")


def refund(shop: Shop, sale, *, is_locked: bool = True, **extra):
    with shop.inside():
        line = {"line": shop.account.sale_lines.get(sale=sale).pk, "quantity": Decimal(1)}
        return services.refund_sale(by=shop.owner, sale=find(shop, sale, is_locked=is_locked), lines=[line], **extra)


def exchange(shop: Shop, sale, product, register: UUID, *, is_locked: bool = True):
    with shop.inside():
        locked = find(shop, sale, is_locked=is_locked)
        line = {"line": shop.account.sale_lines.get(sale=sale).pk, "quantity": Decimal(1)}
        return services.exchange_goods(
            by=shop.owner,
            sale=locked,
            register=register,
            lines=[line],
            new_lines=[{"product": product, "quantity": Decimal(1)}],
            reason="Other",
        )


def second_till(shop: Shop):
    with shop.inside():
        return services.add_register(by=shop.owner, storefront=shop.storefront, code="T1", name="Till")


def test_a_sale_is_voided_once_however_many_void_it_at_once(busy):
    sale = sell(busy, "1")
    outcomes = at_once([lambda: void(busy, sale)] * 6)
    assert count_of(outcomes, SaleVoided) == 5
    assert (money_left(busy), problems()) == (0, [])


def test_control_a_sale_that_is_not_locked_is_voided_twice_but_for_the_constraints(busy, monkeypatch):
    unlock_refunds(monkeypatch)
    sale, barrier = sell(busy, "1"), threading.Barrier(2)

    def void_unlocked():
        with meeting_before('INSERT INTO "refunds"', barrier):
            return void(busy, sale, is_locked=False)

    outcomes = at_once([void_unlocked] * 2)
    assert (count_of(outcomes, IntegrityError), count_of(outcomes, SaleVoided)) == (1, 0)
    assert money_left(busy) == 0


def test_a_sale_is_either_voided_or_refunded(busy):
    for _ in range(4):
        sale = sell(busy, "1")
        voided, refunded = at_once([lambda s=sale: void(busy, s), lambda s=sale: refund(busy, s)])
        assert isinstance(voided, VoidAfterRefund) != isinstance(refunded, SaleVoided)
        assert money_left(busy) == 0
    assert problems() == []


def test_control_a_sale_that_is_not_locked_is_voided_and_refunded(busy, monkeypatch):
    unlock_refunds(monkeypatch)
    till, sale, barrier = second_till(busy), sell(busy, "1"), threading.Barrier(2)

    def together(call, **extra):
        with meeting_before('INSERT INTO "refunds"', barrier):
            return call(busy, sale, is_locked=False, **extra)

    outcomes = at_once([lambda: together(void), lambda: together(refund, register=till.pk)])
    assert count_of(outcomes, Exception) == 0
    assert money_left(busy) == -10
    assert problems() != []


def test_a_line_is_exchanged_or_refunded_once(busy):
    till, product = second_till(busy), busy.products[0].pk
    sale = sell(busy, "1")
    calls = [lambda: exchange(busy, sale, product, till.pk), lambda: refund(busy, sale)] * 2
    assert count_of(at_once(calls), RefundTooMuch) == 3
    assert problems() == []


def test_control_a_line_that_is_not_locked_is_exchanged_and_refunded(busy, monkeypatch):
    unlock_refunds(monkeypatch)
    till, product = second_till(busy), busy.products[0].pk
    sale = sell(busy, "1")
    with meanwhile('INSERT INTO "refunds"', lambda: exchange(busy, sale, product, till.pk, is_locked=False)):
        refund(busy, sale, is_locked=False)
    # The customer has the money and the goods.
    with busy.inside():
        assert (money_left(busy), busy.account.refunds.count()) == (0, 2)
    assert any("came back of it" in problem for problem in problems())


def crossing(shop: Shop):
    """Two tills, and at each a sale of one thing that is to be exchanged for what the other one sold."""
    with shop.inside():
        other = inventory.add_product(by=shop.owner, sku="B", name="Other", retail_price=Decimal(10))
        goods = {"product": other.pk, "quantity": Decimal(500), "unit_cost": Decimal(1)}
        inventory.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[goods])
    tills = [shop.register, second_till(shop)]
    things = [shop.products[0].pk, other.pk]
    sales = [sell(shop, lines=[{"product": product, "quantity": Decimal(1)}]) for product in things]
    return sales, things, [till.pk for till in tills]


def test_two_who_exchange_the_one_for_the_other_do_not_wait_in_a_circle(busy):
    sales, things, tills = crossing(busy)
    for _ in range(5):
        things.reverse()
        swaps = zip(sales, things, tills, strict=True)
        outcomes = at_once([lambda s=swap: exchange(busy, *s) for swap in swaps])
        assert count_of(outcomes, Exception) == 0
        sales = [outcome.sale for outcome in outcomes]
    assert problems() == []


def test_control_without_the_locks_in_one_order_one_of_them_is_thrown_out(busy, monkeypatch):
    monkeypatch.setattr(inventory, "lock_batches", lambda **_: None)
    (sales, things, tills), barrier = crossing(busy), threading.Barrier(2)

    def swap(*args):
        with meeting_before('INSERT INTO "refunds"', barrier):
            return exchange(busy, *args)

    outcomes = at_once([lambda a=args: swap(*a) for args in zip(sales, reversed(things), tills, strict=True)])
    assert count_of(outcomes, OperationalError) == 1
    assert problems() == []
