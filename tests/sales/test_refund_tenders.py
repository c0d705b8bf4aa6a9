"""S34: by which tender the money goes back."""

import pytest

from sales.errors import RefundTenderMismatch
from tests.conftest import Shop
from tests.sales import requests
from tests.sales.calls import give_back, lines_of, money, sell
from tests.traces import refused_with

pytestmark = pytest.mark.django_db


def split_sale(shop: Shop):
    """20.00, of which 12.00 by card and 8.00 in cash."""
    payments = [{"method": "CARD", "amount": money("12.00")}, {"method": "CASH", "amount": money("10.00")}]
    sale = sell(shop, "2", payments=payments)
    return sale, lines_of(shop, sale)[0]


def tenders(refund):
    return [(payment.method, payment.amount) for payment in refund.payments.all()]


def test_s34_money_goes_back_in_the_order_in_which_it_came(shop):
    """S34."""
    sale, line = split_sale(shop)
    first = give_back(shop, sale, [(line, "1.5", "SHELF")])
    assert tenders(first) == [("CARD", money("-12.00")), ("CASH", money("-3.00"))]
    assert tenders(give_back(shop, sale, [(line, "0.5", "SHELF")])) == [("CASH", money("-5.00"))]


def test_s34_money_goes_back_by_the_tender_that_is_named_if_so_much_came_by_it(shop):
    """S34."""
    sale, line = split_sale(shop)
    cash = [{"method": "CASH", "amount": money("8.00")}]
    assert tenders(give_back(shop, sale, [(line, "0.8", "SHELF")], payments=cash)) == [("CASH", money("-8.00"))]
    more = [{"method": "BANK", "amount": money("0.01")}, {"method": "CARD", "amount": money("9.99")}]
    error = refused_with(
        shop, RefundTenderMismatch, lambda: give_back(shop, sale, [(line, "1", "SHELF")], payments=more)
    )
    assert (error.status, error.code) == (409, "refund_tender_mismatch")


@pytest.mark.parametrize("amounts", [[], ["9.99"], ["10.01"], ["5.00", "4.99"]])
def test_s34_what_goes_back_is_neither_more_nor_less_than_is_due(shop, amounts):
    """S34."""
    sale, line = split_sale(shop)
    payments = [{"method": "CARD", "amount": money(amount)} for amount in amounts]
    refused_with(shop, RefundTenderMismatch, lambda: give_back(shop, sale, [(line, "1", "SHELF")], payments=payments))


def test_a_second_refund_over_the_wire_goes_on_where_the_first_left_off(one):
    """S34."""
    paid = [{"method": "CASH", "amount": "40"}, {"method": "CARD", "amount": "60"}]
    sale = requests.sell(one, "10", payments=paid)
    first, second = (requests.refund(one, sale, quantity).json()["data"] for quantity in ("3", "7"))
    assert [(each["method"], each["amount"]) for each in first["payments"]] == [("CASH", "-30.00")]
    assert [(each["method"], each["amount"]) for each in second["payments"]] == [("CASH", "-10.00"), ("CARD", "-60.00")]
