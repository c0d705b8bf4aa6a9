"""Money is counted once: when it comes, and not when something is sold on credit, or paid with what had come before."""

from decimal import Decimal

import pytest
from django.utils import timezone

from tests.conftest import Shop, open_shop
from tests.reports.asking import ask
from tests.sales import drawer, offline
from tests.sales.owing import add_customer, owe, paid, pay, pay_out, sold
from tests.sales.requests import SALES, refund
from tests.sales.test_gift_cards import by_card, sell_card

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(db: None) -> Shop:
    return open_shop("Ama Provisions", prices=("10.00",))


def today(shop: Shop):
    return timezone.localdate(timezone=shop.account.zone)


def money(shop: Shop) -> Decimal:
    """As the report sums it, as its rows do, and as the till's own summary does."""
    told = ask(shop, "sales-by-tender", today(shop), today(shop))
    days = {"first_on": str(today(shop)), "last_on": str(today(shop))}
    summary = shop.client().get(f"{SALES}summary/tenders/", days).json()["data"]
    assert set(told["totals"]) == {"count", "money"}
    assert told["totals"]["money"] == sum(row["money"] for row in told["rows"])
    assert [(row["method"], Decimal(row["money"])) for row in summary] == [
        (row["method"], row["money"]) for row in told["rows"]
    ]
    return told["totals"]["money"]


def test_what_is_sold_on_credit_is_money_when_it_is_paid(one):
    efua = add_customer(one)
    sold(owe(one, efua))
    assert money(one) == 0
    sold(pay(one, efua, "4"))
    assert money(one) == 4
    sold(pay(one, efua, "6"))
    assert money(one) == 10
    rows = {row["method"]: row for row in ask(one, "sales-by-tender", today(one), today(one))["rows"]}
    assert {name: (row["total"], row["money"]) for name, row in rows.items()} == {
        "CASH": (10, 10),
        "CUSTOMER_CREDIT": (10, 0),
    }


def test_what_is_kept_for_a_customer_is_money_when_it_comes_and_when_it_leaves_and_not_when_it_is_spent(one):
    efua = add_customer(one)
    sold(pay(one, efua, "25", action="top-up"))
    assert money(one) == 25
    sale = sold(owe(one, efua, payments=paid(WALLET="10")))
    assert money(one) == 25
    back = [{"method": "WALLET", "amount": "10"}]
    assert refund(one, sale, payments=back).status_code == 201
    assert money(one) == 25
    sold(pay_out(one, efua, "5"))
    assert money(one) == 20


def test_a_gift_card_is_money_when_it_is_sold(one):
    card = sold(sell_card(one, "20"))
    assert money(one) == 20
    sold(owe(one, None, payments=[by_card(card["code"], "4"), *paid(CASH="6")]))
    assert money(one) == 26


def test_cash_that_came_or_left_when_the_shift_was_closed_is_told_beside_what_was_expected(one):
    shift = drawer.start(one, "50")
    sold(owe(one, None, payments=paid(CASH="10")))
    drawer.ok(drawer.move(one, shift, "PAID_OUT", "5"), 201)
    sold_at = timezone.now().isoformat()
    drawer.close(one, shift, ("10", 5))
    late = {"shift": shift["id"], "sold_at": sold_at, "payments": paid(CASH="20")}
    events = [
        offline.cash_event(shift["id"], "PAID_OUT", "3", occurred_at=sold_at),
        offline.cash_event(shift["id"], "PAID_IN", "1", occurred_at=sold_at),
    ]
    offline.sync(one, offline.sale(one, "2", **late), *events)
    told = ask(one, "cash", today(one), today(one))
    [row] = told["rows"]
    assert (row["expected"], row["counted"], row["difference"]) == (55, 50, -5)
    assert (row["paid_in"], row["paid_out"]) == (0, 5)
    assert (row["late"], row["late_moved"]) == (told["totals"]["late"], told["totals"]["late_moved"]) == (20, -2)
    addenda = drawer.report(one, shift, "z")["addenda"]
    assert len(addenda) == 3
    assert sum(Decimal(each["cash"]) for each in addenda) == row["late"] + row["late_moved"]
