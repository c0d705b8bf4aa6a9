"""Where there are no coins for every amount: what is paid in cash is rounded, and so is what goes back."""

from decimal import Decimal
from random import Random

import pytest

from accounts.models import Account
from tests.answers import refused
from tests.conftest import open_shop
from tests.sales.owing import add_customer, adds_up, balance, cash_in_drawer, entries, owe, paid, sold
from tests.sales.requests import refund

pytestmark = pytest.mark.django_db


def shop_with(price: str, coin: str, **facts):
    shop = open_shop("Ama Provisions", prices=(price,), **facts)
    use_coin(shop, coin)
    return shop


def use_coin(shop, coin: str) -> None:
    with shop.inside():
        Account.across_accounts.filter(pk=shop.id).update(cash_rounding=Decimal(coin))


@pytest.mark.parametrize(
    ("price", "coin", "rounding", "paid_in_cash"),
    [
        ("10.00", "0.05", "0.00", "10.00"),
        ("10.02", "0.05", "-0.02", "10.00"),
        ("10.03", "0.05", "0.02", "10.05"),
        ("10.05", "0.10", "0.05", "10.10"),
        ("10.04", "0.10", "-0.04", "10.00"),
        ("0.02", "0.05", "-0.02", "0.00"),
        ("10.02", "0", "0.00", "10.02"),
        ("10.49", "1", "-0.49", "10.00"),
    ],
)
def test_cash_is_rounded_half_up_to_the_smallest_coin(db, price, coin, rounding, paid_in_cash):
    shop = shop_with(price, coin)
    sale = sold(owe(shop, None, payments=paid(CASH="50")))
    change = Decimal(50) - Decimal(paid_in_cash)
    assert (sale["total"], sale["rounding"]) == (price, rounding)
    assert (sale["paid"], sale["change_due"]) == ("50.00", f"{change:.2f}")
    assert [each["amount"] for each in sale["payments"]] == [paid_in_cash]
    assert cash_in_drawer(shop) == Decimal(paid_in_cash)
    adds_up(shop)


def test_what_is_due_is_what_coins_can_pay(db):
    shop = shop_with("10.03", "0.05")
    body = refused(shop, lambda: owe(shop, None, payments=paid(CASH="10.03")), 409, "payment_short")
    assert body["meta"] == {"total": "10.05"}
    assert sold(owe(shop, None, payments=paid(CASH="10.05")))["change_due"] == "0.00"


def test_by_card_every_amount_can_be_paid_and_of_a_split_only_the_cash_is_rounded(db):
    shop = shop_with("10.03", "0.05")
    assert sold(owe(shop, None, payments=paid(CARD="10.03")))["rounding"] == "0.00"
    split = sold(owe(shop, None, payments=paid(CARD="5.01", CASH="10")))
    assert (split["rounding"], split["change_due"]) == ("-0.02", "5.00")
    assert [(each["method"], each["amount"]) for each in split["payments"]] == [("CARD", "5.01"), ("CASH", "5.00")]
    refused(shop, lambda: owe(shop, None, payments=paid(CARD="10.00")), 409, "payment_short")
    refused(shop, lambda: owe(shop, None, payments=paid(CARD="10.08", CASH="0.05")), 409, "payment_too_much")
    adds_up(shop)


def test_change_that_is_kept_is_kept_of_the_rounded_amount(db):
    shop = shop_with("10.03", "0.05")
    customer = add_customer(shop)
    sale = sold(owe(shop, customer, payments=paid(CASH="12"), keep_change=True))
    assert (sale["rounding"], sale["paid"], sale["change_due"]) == ("0.02", "10.05", "0.00")
    assert (balance(shop, customer), entries(shop, customer)) == (("0.00", "1.95"), [("CHANGE_KEPT", Decimal("1.95"))])
    assert cash_in_drawer(shop) == 12
    adds_up(shop)


def test_s41_in_francs_the_smallest_coin_is_five(db):
    """S41."""
    shop = shop_with("1003", "5", country="SN", currency="XOF", time_zone="Africa/Dakar")
    sale = sold(owe(shop, None, payments=paid(CASH="2000")))
    assert (sale["total"], sale["rounding"], sale["change_due"]) == ("1003", "2", "995")
    back = sold(refund(shop, sale, "0.333"))
    assert (back["total"], back["rounding"], back["payments"][0]["amount"]) == ("334", "1", "-335")
    back = sold(refund(shop, sale, "0.667"))
    assert (back["total"], back["rounding"], back["payments"][0]["amount"]) == ("669", "1", "-670")
    assert cash_in_drawer(shop) == 0
    adds_up(shop)


@pytest.mark.parametrize("price", ["10.03", "10.02", "0.99", "0.05", "0.02"])
@pytest.mark.parametrize("coin", ["0.05", "0.10", "1"])
def test_s34_any_sequence_of_refunds_gives_back_exactly_what_was_paid(db, price, coin):
    """S34."""
    shop = shop_with(price, coin)
    sale = sold(owe(shop, None, quantity="4", payments=paid(CASH="100")))
    received = cash_in_drawer(shop)
    due = back = Decimal(0)
    for quantity in ("0.7", "0.3", "1.25", "0.001", "0.749", "1"):
        given = sold(refund(shop, sale, quantity))
        assert Decimal(given["total"]) + Decimal(given["rounding"]) == -sum(
            Decimal(each["amount"]) for each in given["payments"]
        )
        due, back = due + Decimal(given["total"]), back - sum(Decimal(each["amount"]) for each in given["payments"])
        assert abs(back - due) <= Decimal(coin) / 2  # never ahead of what came back by more than a rounding
        assert cash_in_drawer(shop) == received - back
    assert (due, cash_in_drawer(shop)) == (Decimal(sale["total"]), 0)
    adds_up(shop)


@pytest.mark.parametrize("seed", range(4))
def test_s34_of_split_payments_each_tender_gets_back_what_it_gave(db, seed):
    """S34."""
    dice = Random(seed)
    shop = shop_with("3.33", "0.05")
    sale = sold(owe(shop, None, quantity="6", payments=paid(CARD=f"{dice.randrange(1, 1900) / 100:.2f}", CASH="50")))
    left = 6000
    while left:
        part = min(left, dice.randrange(1, 2500))
        left -= part
        sold(refund(shop, sale, f"{part / 1000:.3f}"))
    with shop.inside():
        for method in ("CARD", "CASH"):
            assert sum(shop.account.payments.filter(method=method).values_list("amount", flat=True)) == 0
    adds_up(shop)


def test_another_coin_between_sale_and_refund_changes_nothing_of_what_goes_back_in_all(db):
    for before, after in (("0.05", "0"), ("0", "0.10"), ("0.10", "0.05"), ("0.05", "1")):
        shop = open_shop(f"Coins {before} {after}".replace(".", "-"), prices=("2.49",))
        use_coin(shop, before)
        sale = sold(owe(shop, None, quantity="3", payments=paid(CASH="10")))
        use_coin(shop, after)
        for quantity in ("1", "0.5", "1.5"):
            sold(refund(shop, sale, quantity))
            assert cash_in_drawer(shop) >= 0
        assert cash_in_drawer(shop) == 0
        adds_up(shop)
