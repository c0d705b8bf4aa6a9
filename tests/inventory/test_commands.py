"""verify_ledger: says that all is well, or names the first row that is not."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from inventory import sums
from tests.conftest import Shop, open_shop
from tests.races import administrator

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def shop(committed) -> Shop:
    return open_shop("Ama Provisions")


def verify() -> str:
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    return out.getvalue()


def corrupt(statement: str, *parameters) -> None:
    """What only a superuser can do, with every trigger asleep."""
    with administrator() as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement, parameters).rowcount == 1


def batch_of(shop: Shop, index: int):
    with shop.inside():
        return shop.account.stock_products.order_by("id").values_list("id", flat=True)[index]


def test_a_ledger_that_adds_up_is_said_to_and_so_is_an_empty_one(committed):
    assert verify() == "All ledgers add up.\n"
    open_shop("Ama Provisions")
    open_shop("Stranger Stores")
    assert verify() == "All ledgers add up.\n"


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE stock_products SET quantity = 7 WHERE id = %s",
            "holds 7.000, but its movements sum to 100.000",
        ),
        (
            "DELETE FROM stock_movements WHERE stock_product_id = %s",
            "holds 100.000, but its movements sum to 0",
        ),
        (
            "UPDATE stock_movements SET quantity = 99, value = 49.5 WHERE stock_product_id = %s",
            "holds 100.000, but its movements sum to 99.000",
        ),
        (
            "UPDATE stock_movements SET balance_after = 1 WHERE stock_product_id = %s",
            "movement 1 says 1.000 is left after it, not 100.000",
        ),
        (
            "UPDATE stock_movements SET value = 1 WHERE stock_product_id = %s",
            "movement 1 is worth 1.0000000, not quantity times unit cost",
        ),
        (
            "UPDATE stock_movements SET sequence = 2 WHERE stock_product_id = %s",
            "movement 2",
        ),
        (
            "UPDATE stock_products SET movement_count = 2 WHERE id = %s",
            "counts 2 movements, but there are 1",
        ),
    ],
)
def test_s22_a_row_that_was_tampered_with_is_named_and_the_exit_is_not_zero(shop, statement, problem):
    """S22."""
    batch = batch_of(shop, 1)
    corrupt(statement, batch)
    out = StringIO()
    with pytest.raises(CommandError, match="disagreement") as caught:
        call_command("verify_ledger", stdout=out)
    assert caught.value.returncode != 0
    first = out.getvalue().splitlines()[0]
    assert first.startswith(f"account {shop.id}, batch {batch}: ")
    assert problem in first
    assert problem in str(caught.value)


def test_the_first_bad_row_is_the_first_by_business_and_batch(shop):
    other = open_shop("Stranger Stores")
    for place in (batch_of(other, 0), batch_of(shop, 2), batch_of(shop, 0)):
        corrupt("UPDATE stock_products SET quantity = 7 WHERE id = %s", place)
    out = StringIO()
    with pytest.raises(CommandError, match="3 disagreements"):
        call_command("verify_ledger", stdout=out)
    named = [line.split(":")[0] for line in out.getvalue().splitlines()]
    assert named == [
        f"account {owner.id}, batch {batch_of(owner, index)}" for owner, index in ((shop, 0), (shop, 2), (other, 0))
    ]


def test_the_ledgers_of_all_businesses_are_compared_by_staff_and_by_nobody_else(shop):
    corrupt("UPDATE stock_products SET quantity = 7 WHERE id = %s", batch_of(shop, 0))
    other = open_shop("Stranger Stores")
    assert len(list(sums.find_disagreements(using="staff"))) == 1
    assert list(sums.find_disagreements(using="default")) == []
    for who, count in ((shop, 1), (other, 0)):
        with who.inside():
            assert len(list(sums.find_disagreements(using="default"))) == count
