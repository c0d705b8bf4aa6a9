"""An exchange by the rarer tenders, and in the drawer and the shift where it happened."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from tests.answers import ids, refused
from tests.sales.drawer import add_register, close, ok, report, row, start
from tests.sales.owing import adds_up, cash_in_drawer, owe, paid, sold
from tests.sales.requests import REFUNDS, SALES, refund, sell
from tests.sales.returning import by_method, exchange, exchanged, problems, tenders, thing, void
from tests.sales.test_cash_rounding import shop_with, use_coin
from tests.sales.test_gift_cards import by_card, on_card, sell_card
from tests.sales.test_shift_reports import at, cash

pytestmark = pytest.mark.django_db


# --- Gift cards -------------------------------------------------------------------------------------------------------


def test_what_an_exchange_costs_less_goes_back_onto_the_card_that_paid(shop):
    card = sold(sell_card(shop))
    sale = sell(shop, payments=[by_card(card["code"], "14.32")])
    told = exchanged(shop, sale, thing(shop, 1))
    assert tenders(told["refund"]["payments"]) == [("GIFT_CARD", "-6.67"), ("EXCHANGE", "-3.33")]
    assert told["refund"]["payments"][0]["reference"] == f"… {card['last_four']}"
    assert told["sale"]["payments"][0]["came_by"] == "GIFT_CARD"
    assert on_card(shop, card) == "12.35"
    assert problems(shop) == []


def test_what_a_card_paid_for_goes_back_onto_it_from_the_end_of_a_chain_of_exchanges(shop):
    card = sold(sell_card(shop))
    sale = sell(shop, payments=[by_card(card["code"], "14.32")])
    first = exchanged(shop, sale, thing(shop, 0))
    second = exchanged(shop, first["sale"], thing(shop, 0))
    cashed = [{"method": "CARD", "amount": "10.00"}]
    refused(shop, lambda: refund(shop, second["sale"], payments=cashed), 409, "refund_tender_mismatch")
    back = ok(refund(shop, second["sale"]), 201)
    assert tenders(back["payments"]) == [("GIFT_CARD", "-10.00")]
    assert on_card(shop, card) == "15.68"
    assert problems(shop) == []


def test_of_two_cards_each_gets_back_no_more_than_it_paid(one):
    cards = [sold(sell_card(one)) for _ in range(2)]
    amounts = ("12.00", "8.00")
    payments = [by_card(card["code"], amount) for card, amount in zip(cards, amounts, strict=True)]
    sale = sold(owe(one, None, quantity="2", payments=payments))
    told = exchanged(one, sale, thing(one, quantity="0.5"), quantity="2")
    assert tenders(told["refund"]["payments"]) == [
        ("GIFT_CARD", "-12.00"),
        ("GIFT_CARD", "-3.00"),
        ("EXCHANGE", "-5.00"),
    ]
    assert [on_card(one, card) for card in cards] == ["20.00", "15.00"]
    ok(refund(one, told["sale"], "0.5"), 201)
    assert [on_card(one, card) for card in cards] == ["20.00", "20.00"]
    assert problems(one) == []


def test_a_card_pays_what_an_exchange_costs_more(one):
    card = sold(sell_card(one, "8"))
    sale = sell(one, payments=paid(CARD="10"))
    dear = thing(one, quantity="2")
    short = {"payments": [by_card(card["code"], "10.00")]}
    refused(one, lambda: exchange(one, sale, dear, **short), 409, "gift_card_short")
    payments = [by_card(card["code"], "8.00"), *paid(CASH="2")]
    told = exchanged(one, sale, dear, payments=payments)
    assert tenders(told["sale"]["payments"]) == [("EXCHANGE", "10.00"), ("GIFT_CARD", "8.00"), ("CASH", "2.00")]
    assert on_card(one, card) == "0.00"
    back = ok(refund(one, told["sale"], "2"), 201)
    assert sorted(tenders(back["payments"])) == [("CARD", "-10.00"), ("CASH", "-2.00"), ("GIFT_CARD", "-8.00")]
    assert on_card(one, card) == "8.00"
    assert problems(one) == []


def test_the_money_of_a_card_is_not_carried_away_twice(one):
    card = sold(sell_card(one))
    sale = sell(one, payments=[by_card(card["code"])])
    exchanged(one, sale, thing(one))
    refused(one, lambda: refund(one, sale), 409, "refund_too_much")
    refused(one, lambda: exchange(one, sale, thing(one)), 409, "refund_too_much")
    refused(one, lambda: void(one, sale), 409, "void_after_refund")
    assert on_card(one, card) == "10.00"


# --- Coins ------------------------------------------------------------------------------------------------------------


def of_coins(shop, coin: str) -> None:
    """Whatever moved in cash can be paid in such coins."""
    with shop.inside():
        moved = shop.account.payments.filter(method="CASH").values_list("amount", flat=True)
        assert [amount for amount in moved if amount % Decimal(coin)] == []


@pytest.mark.parametrize(
    ("quantity", "sent", "payments", "rounding", "drawer"),
    [
        ("1", [], [("EXCHANGE", "10.03")], "0.00", "10.05"),
        ("0.333", [], [("EXCHANGE", "3.34")], "0.00", "3.35"),
        ("1.5", paid(CASH="5.05"), [("EXCHANGE", "10.03"), ("CASH", "5.00")], "-0.02", "15.05"),
        ("1.5", paid(CARD="5.02"), [("EXCHANGE", "10.03"), ("CARD", "5.02")], "0.00", "10.05"),
    ],
    ids=["equal", "less", "more, in cash", "more, by card"],
)
def test_of_an_exchange_what_moves_in_cash_is_rounded_to_coins(db, quantity, sent, payments, rounding, drawer):
    shop = shop_with("10.03", "0.05")
    sale = sold(owe(shop, None, payments=paid(CASH="20")))
    told = exchanged(shop, sale, thing(shop, quantity=quantity), payments=sent)
    assert tenders(told["sale"]["payments"]) == payments
    assert told["sale"]["rounding"] == rounding
    assert cash_in_drawer(shop) == Decimal(drawer)
    of_coins(shop, "0.05")
    adds_up(shop)


@pytest.mark.parametrize(("price", "coin"), [("10.03", "0.05"), ("10.02", "0.05"), ("3.36", "0.10"), ("0.99", "1")])
@pytest.mark.parametrize("pieces", [("1",), ("0.4", "0.6"), ("0.25", "0.25", "0.5"), ("0.999", "0.001")])
def test_what_was_carried_into_an_exchange_comes_back_in_coins(db, price, coin, pieces):
    shop = shop_with(price, coin)
    sale = sold(owe(shop, None, quantity="2", payments=paid(CASH="50")))
    came = cash_in_drawer(shop)
    told = exchanged(shop, sale, thing(shop))
    assert told["refund"]["payments"][0]["method"] == "EXCHANGE"
    for piece in pieces:
        ok(refund(shop, told["sale"], piece), 201)
    ok(refund(shop, sale), 201)
    of_coins(shop, coin)
    assert abs(cash_in_drawer(shop)) <= Decimal(coin)  # half a coin for each of the two sales
    assert came >= Decimal(sale["total"]) - Decimal(coin)
    adds_up(shop)


def test_s41_in_francs_an_exchange_moves_coins_of_five(db):
    """S41."""
    shop = shop_with("1003", "5", country="SN", currency="XOF", time_zone="Africa/Dakar")
    sale = sold(owe(shop, None, payments=paid(CASH="2000")))
    told = exchanged(shop, sale, thing(shop, quantity="0.5"))
    assert tenders(told["refund"]["payments"]) == [("CASH", "-500"), ("EXCHANGE", "-502")]
    back = ok(refund(shop, told["sale"], "0.5"), 201)
    assert (back["total"], back["rounding"], tenders(back["payments"])) == ("502", "-2", [("CASH", "-500")])
    assert cash_in_drawer(shop) == 5
    adds_up(shop)


def test_where_coins_became_larger_what_came_in_small_ones_comes_back_as_it_came(db):
    shop = shop_with("10.03", "0")
    sale = sold(owe(shop, None, payments=paid(CASH="10.03")))
    use_coin(shop, "1")
    back = ok(refund(shop, sale), 201)
    assert tenders(back["payments"]) == [("CASH", "-10.03")]
    assert cash_in_drawer(shop) == 0


# --- Where and when ---------------------------------------------------------------------------------------------------


def test_an_exchange_is_in_the_shift_and_at_the_register_where_it_happened(shop):
    first = start(shop, "0")
    sale = sell(shop, payments=cash("14.32"))
    till = add_register(shop, "T1")
    second = start(shop, "0", register=str(till.pk))
    told = exchanged(shop, sale, thing(shop, 1), register=str(till.pk))
    for part in (told["refund"], told["sale"]):
        assert (part["register"], part["shift"]) == (str(till.pk), second["id"])
    assert ids(shop, SALES, shift=second["id"]) == ids(shop, SALES, register=str(till.pk)) == {told["sale"]["id"]}
    assert ids(shop, REFUNDS, shift=second["id"]) == ids(shop, REFUNDS, register=str(till.pk)) == {told["id"]}
    here, there = report(shop, first, "x"), report(shop, second, "x")
    assert (here["sales"]["count"], here["refunds"]["count"], here["expected"]) == (1, 0, "14.32")
    assert (there["sales"]["total"], there["refunds"]["total"], there["expected"]) == ("3.33", "10.00", "-6.67")
    assert [(each["method"], each["total"]) for each in there["payments"]] == [("CASH", "-6.67")]


def test_s38_an_exchange_that_comes_after_the_z_is_two_addenda_and_the_z_does_not_change(shop):
    """S38."""
    shift = start(shop, "50", opened_at=at(5))
    sale = sell(shop, sold_at=at(4), payments=cash("14.32"))
    ok(close(shop, shift, ("64.32", 1), closed_at=at(1)))
    before, kept = report(shop, shift, "z"), row(shop, shift)
    later = start(shop, "0")
    asked = {"quantity": "1", "exchanged_at": at(2), "shift": shift["id"], "payments": cash("10")}
    told = exchanged(shop, sale, thing(shop, quantity="2"), **asked)
    assert {told["refund"]["shift"], told["sale"]["shift"]} == {shift["id"]}
    after = report(shop, shift, "z")
    found = {(each["kind"], each["id"], each["total"], each["cash"]) for each in after.pop("addenda")}
    assert found == {
        ("REFUND", told["id"], "10.00", "0.00"),
        ("SALE", told["sale"]["id"], "20.00", "10.00"),
    }
    assert before == {**after, "addenda": []}
    assert row(shop, shift).z_report == kept.z_report
    assert report(shop, later, "x")["sales"]["count"] == 0
    assert by_method(shop)["CASH"] == Decimal("24.32")
    assert problems(shop) == []


def test_an_exchange_names_no_shift_of_elsewhere_or_of_another_time(shop, stranger):
    shift, theirs = start(shop, opened_at=at(5)), start(stranger)
    sale = sell(shop, sold_at=at(4))
    for unknown in (theirs["id"], str(uuid7())):
        extra = {"shift": unknown, "exchanged_at": at(2)}
        refused(shop, lambda e=extra: exchange(shop, sale, thing(shop), **e), 400, "invalid_input")
    ok(close(shop, shift, closed_at=at(1)))
    for moment in ({}, {"exchanged_at": at(0.5)}):
        extra = {"shift": shift["id"], **moment}
        refused(shop, lambda e=extra: exchange(shop, sale, thing(shop), **e), 409, "shift_closed")
    assert problems(shop) == []
