"""Leases and prints at the same instant. Every race has its control: the same without the guard."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import IntegrityError
from uuid_utils.compat import uuid7

from sales import services, sums
from sales.errors import RegisterLeased
from sales.services import receipts
from tests.conftest import Shop
from tests.races import at_once, count_of, meeting_before, one_behind_another, weaken, without, without_index

pytestmark = pytest.mark.usefixtures("committed")


def sell(shop: Shop, number: str | None = None) -> str:
    with shop.inside():
        sale = services.complete_sale(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(1)}],
            payments=[{"method": "CASH", "amount": Decimal("10.00")}],
            receipt_number=number,
        )
        return sale.receipt_number


def lease(shop: Shop) -> tuple[int, int]:
    with shop.inside():
        held = services.lease_numbers(by=shop.owner, register=shop.account.registers.locked().get(), count=5)
        return held.first_number, held.last_number


@contextmanager
def held_register(shop: Shop) -> Iterator[None]:
    """While somebody else holds the register."""
    with shop.inside():
        shop.account.registers.locked().get()
        yield


def problems() -> list[str]:
    return [each.problem for each in sums.find_disagreements(using="staff")]


# --- Leases -----------------------------------------------------------------------------------------------------------


def test_s36_of_eight_who_lease_at_once_one_does(busy):
    """S36."""
    results = at_once([lambda: lease(busy)] * 8)
    assert (count_of(results, (1, 5)), count_of(results, RegisterLeased)) == (1, 7)
    assert problems() == []


def lease_unlocked(shop: Shop, barrier: threading.Barrier) -> tuple[int, int]:
    with shop.inside(), meeting_before('INSERT INTO "number_leases"', barrier):
        held = services.lease_numbers(by=shop.owner, register=shop.account.registers.get(), count=5)
        return held.first_number, held.last_number


def test_s36_control_a_register_that_is_not_locked_leases_the_same_numbers_twice(busy):
    """S36."""
    barrier = threading.Barrier(2)
    with without_index("one_open_lease_per_register"):
        assert at_once([lambda: lease_unlocked(busy, barrier)] * 2) == [(1, 5), (1, 5)]
        assert "it issued or leased 5 numbers twice" in problems()


def test_s36_control_numbers_that_are_leased_twice_are_refused_by_their_constraint(busy):
    """S36."""
    barrier = threading.Barrier(2)
    results = at_once([lambda: lease_unlocked(busy, barrier)] * 2)
    assert (count_of(results, (1, 5)), count_of(results, IntegrityError)) == (1, 1)


def lease_then_sell(shop: Shop):
    """What a sale is told that waited while the register was leased."""
    return one_behind_another([lambda: lease(shop), lambda: sell(shop)], held=held_register(shop))


def test_s36_a_sale_that_waited_for_a_lease_is_not_sold_beside_it(busy):
    """S36."""
    leased, sold = lease_then_sell(busy)
    assert leased == (1, 5)
    assert isinstance(sold, RegisterLeased)
    assert problems() == []


def test_s36_control_a_sale_that_asks_for_no_lease_is_sold_beside_it(busy, monkeypatch):
    """S36."""
    weaken(monkeypatch, receipts, "_OPEN_RECEIPT", "r.open_lease_id", "NULL::uuid")
    assert lease_then_sell(busy) == [(1, 5), "R1-000006"]


def test_s36_one_leased_number_is_sold_once_by_eight_at_once(busy):
    """S36."""
    lease(busy)
    results = at_once([lambda: sell(busy, "R1-000003")] * 8)
    assert (count_of(results, "R1-000003"), count_of(results, IntegrityError)) == (1, 7)
    with busy.inside():
        assert busy.account.stock_products.get().quantity == 499
        assert busy.account.payments.count() == 1
    assert problems() == []


def test_s36_control_a_number_that_is_not_unique_is_sold_by_everybody(busy):
    """S36."""
    lease(busy)
    with without("one_sale_per_receipt_number"):
        assert at_once([lambda: sell(busy, "R1-000003")] * 4) == ["R1-000003"] * 4
        assert "it issued or leased 1 numbers twice" in problems()


def test_s36_sales_from_a_lease_and_its_return_at_once_leave_no_gap_and_no_double(busy):
    """S36."""
    lease(busy)

    def give_back():
        with busy.inside():
            register = busy.account.registers.locked().get()
            held = register.leases.get(account=busy.account)
            return services.return_numbers(by=busy.owner, register=register, lease=held, next_number=3).next_number

    results = at_once([lambda n=n: sell(busy, f"R1-{n:06d}") for n in range(1, 6)] + [give_back])
    assert results[0] == "R1-000001"
    assert results[1] == "R1-000002"
    is_returned = results[5] == 3
    late = [result for result in results[2:5] if isinstance(result, str)]
    assert is_returned == (late == [])
    assert problems() == []


# --- Prints -----------------------------------------------------------------------------------------------------------


def sold_at(shop: Shop):
    sell(shop)
    with shop.inside():
        return shop.account.sales.get()


def print_unlocked(shop: Shop, barrier: threading.Barrier) -> bool:
    with shop.inside(), meeting_before('INSERT INTO "receipt_prints"', barrier):
        sale = shop.account.sales.with_receipt().get()
        return services.print_receipt(by=shop.owner, document=sale, format="JSON").row.is_copy


def test_of_eight_prints_at_once_one_is_the_original(busy):
    sale = sold_at(busy)
    clients = [busy.client() for _ in range(8)]
    url = f"/api/v1/sales/sales/{sale.pk}/prints/"
    prints = at_once(
        [
            lambda client=client: client.post(url, {"format": "JSON"}, HTTP_IDEMPOTENCY_KEY=str(uuid7())).json()["data"]
            for client in clients
        ]
    )
    assert sorted(each["number"] for each in prints) == list(range(1, 9))
    assert sorted(each["is_copy"] for each in prints) == [False] + [True] * 7
    assert all(("COPY" in each["receipt"]["marks"]) == each["is_copy"] for each in prints)


def test_control_a_sale_that_is_not_locked_has_two_originals(busy):
    sold_at(busy)
    barrier = threading.Barrier(2)
    with without_index("one_print_of_a_sale_per_number"):
        assert at_once([lambda: print_unlocked(busy, barrier)] * 2) == [False, False]


def test_control_two_originals_are_refused_by_their_constraint(busy):
    sold_at(busy)
    barrier = threading.Barrier(2)
    results = at_once([lambda: print_unlocked(busy, barrier)] * 2)
    assert (count_of(results, False), count_of(results, IntegrityError)) == (1, 1)
