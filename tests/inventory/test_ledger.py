"""The stock ledger: every change is a line, every line counts, and no line is ever changed."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import RestrictViolation
from uuid_utils.compat import uuid7

from sales import services as sales
from tests.conftest import Shop, open_shop, receive
from tests.stock import batches, move


def held(shop: Shop, batch) -> tuple[Decimal, int]:
    with shop.inside():
        return shop.account.stock_products.values_list("quantity", "movement_count").get(pk=batch)


def lines(shop: Shop, batch) -> list[tuple]:
    with shop.inside():
        rows = shop.account.stock_movements.filter(stock_product=batch).order_by("sequence")
        return list(rows.values_list("sequence", "quantity", "balance_after", "value"))


def assert_adds_up(shop: Shop) -> None:
    """Computed here, line by line, from nothing but the movements."""
    for batch in batches(shop):
        balance = Decimal(0)
        for position, (sequence, quantity, balance_after, value) in enumerate(lines(shop, batch), start=1):
            balance += quantity
            assert (sequence, balance_after) == (position, balance)
            assert value == (quantity * Decimal("0.5")).quantize(Decimal("0.0001"))
        assert held(shop, batch) == (balance, len(lines(shop, batch)))


@pytest.mark.django_db
def test_several_entries_of_one_batch_build_on_each_other(shop):
    batch, other, _ = batches(shop)
    assert move(shop, (batch, "-1"), (other, "-2.5"), (batch, "3"), (batch, "-0.001"))
    assert lines(shop, batch) == [
        (1, Decimal(100), Decimal(100), Decimal(50)),
        (2, Decimal(-1), Decimal(99), Decimal("-0.5")),
        (3, Decimal(3), Decimal(102), Decimal("1.5")),
        (4, Decimal("-0.001"), Decimal("101.999"), Decimal("-0.0005")),
    ]
    assert held(shop, batch) == (Decimal("101.999"), 4)
    assert held(shop, other) == (Decimal("97.5"), 2)


@pytest.mark.django_db
def test_all_entries_fit_or_nothing_moves(shop):
    batch, other, _ = batches(shop)
    assert not move(shop, (other, "-1"), (batch, "-100.001"))
    assert not move(shop, (batch, "-60"), (batch, "-60"))
    assert [held(shop, b) for b in (batch, other)] == [(Decimal(100), 1)] * 2
    assert move(shop, (batch, "-100"))
    assert held(shop, batch) == (0, 2)


@pytest.mark.django_db
def test_a_batch_that_is_unknown_or_a_strangers_moves_nothing(shop, stranger):
    (batch, *_), theirs = batches(shop), batches(stranger)[0]
    for unknown in (uuid7(), theirs):
        assert not move(shop, (batch, "-1"), (unknown, "-1"))
    assert held(shop, batch) == (Decimal(100), 1)
    assert held(stranger, theirs) == (Decimal(100), 1)


@pytest.mark.django_db
def test_nothing_to_post_is_nothing_posted(shop):
    assert move(shop)
    assert_adds_up(shop)


@pytest.mark.django_db
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 2), st.integers(-90_000, 90_000).filter(bool)), min_size=1, max_size=6),
        max_size=6,
    )
)
def test_s22_whatever_is_posted_the_count_is_the_sum_of_the_lines(shop, rounds):
    """S22."""
    for entries in rounds:
        found = batches(shop)
        before = {batch: held(shop, batch) for batch in found}
        moves = [(found[index], Decimal(units).scaleb(-3)) for index, units in entries]
        after = {batch: q + sum(m for b, m in moves if b == batch) for batch, (q, _) in before.items()}
        fits = all(quantity >= 0 for quantity in after.values())
        assert move(shop, *moves) is fits
        assert {batch: held(shop, batch)[0] for batch in found} == (
            after if fits else {batch: quantity for batch, (quantity, _) in before.items()}
        )
    assert_adds_up(shop)


@pytest.mark.django_db
def test_s22_on_hand_is_the_sum_of_the_movements_after_delivery_sale_and_refund(shop):
    """S22."""
    with shop.inside():
        receive(shop, "2.5")
        sale = sales.complete_sale(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            lines=[{"product": product.pk, "quantity": Decimal("101.25")} for product in shop.products],
            payments=[{"method": "CASH", "amount": Decimal(5000)}],
        )
        taken = list(shop.account.sale_lines.filter(sale=sale).order_by("position"))
        sales.refund_sale(
            by=shop.owner,
            sale=shop.account.sales.locked().get(pk=sale.pk),
            lines=[
                {"line": line.pk, "quantity": Decimal("1.125"), "restock": restock}
                for line, restock in zip(taken, ("SHELF", "DAMAGED", "NOT_RETURNED"), strict=True)
            ],
        )
        on_hand = {
            product.pk: sum(shop.account.stock_products.filter(product=product).values_list("quantity", flat=True))
            for product in shop.products
        }
    # received 102.5, sold 101.25, and only the first came back to the shelf
    assert list(on_hand.values()) == [Decimal("2.375"), Decimal("1.25"), Decimal("1.25")]
    assert_adds_up(shop)


CHANGES = (
    "UPDATE stock_movements SET quantity = 1",
    "UPDATE stock_movements SET recorded_at = now()",
    "DELETE FROM stock_movements",
)


def try_as(alias: str, statement: str) -> None:
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("alias", ["owner", "staff"])
@pytest.mark.parametrize("statement", CHANGES)
def test_s22_a_movement_is_changed_by_nobody_not_even_the_tables_owner(alias, statement):
    """S22."""
    shop = open_shop("Ama Provisions")
    with pytest.raises(IntegrityError, match="append-only") as caught:
        try_as(alias, statement)
    assert isinstance(caught.value.__cause__, RestrictViolation)
    assert_adds_up(shop)
    assert all(len(lines(shop, batch)) == 1 for batch in batches(shop))


@pytest.mark.django_db
@pytest.mark.parametrize("statement", CHANGES)
def test_s22_a_movement_is_not_changed_by_the_web(shop, statement):
    """S22."""

    def change():
        with shop.inside(), connection.cursor() as cursor:
            cursor.execute(statement)

    with pytest.raises(IntegrityError, match="append-only"):
        change()
    assert_adds_up(shop)
