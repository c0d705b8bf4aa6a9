"""Refunds over the API."""

import pytest
from uuid_utils.compat import uuid7

from tests.answers import refused
from tests.sales.requests import SALES, back, refund, sell

pytestmark = pytest.mark.django_db


def test_s34_a_refund_gives_back_what_was_paid_for_what_comes_back(one):
    """S34."""
    sale = sell(one, "3", discount="1.00")
    found = [refund(one, sale).json()["data"] for _ in range(3)]
    assert [(r["total"], r["payments"][0]["amount"]) for r in found] == [
        ("9.67", "-9.67"),
        ("9.66", "-9.66"),
        ("9.67", "-9.67"),
    ]
    shown = one.client().get(f"{SALES}{sale['id']}/").json()["data"]
    assert (shown["status"], shown["lines"][0]["refunded_quantity"]) == ("REFUNDED", "3.000")
    assert [p["amount"] for p in shown["payments"]] == ["29.00"]


def test_s34_of_each_tender_what_is_left_after_earlier_refunds_goes_back(one):
    """S34."""
    payments = [{"method": "CARD", "amount": "12.00"}, {"method": "CASH", "amount": "8.00"}]
    sale = sell(one, "2", payments=payments)
    card = [{"method": "CARD", "amount": "10.00"}]
    found = [refund(one, sale, payments=card).json()["data"], refund(one, sale, "0.5").json()["data"]]
    assert [[(p["method"], p["amount"]) for p in r["payments"]] for r in found] == [
        [("CARD", "-10.00")],
        [("CARD", "-2.00"), ("CASH", "-3.00")],
    ]
    five = [{"method": "CARD", "amount": "5.00"}]
    refused(one, lambda: refund(one, sale, "0.5", payments=five), 409, "refund_tender_mismatch")


def test_s34_a_refund_that_is_too_much_is_409(one):
    """S34."""
    sale = sell(one)
    refused(one, lambda: refund(one, sale, "1.001"), 409, "refund_too_much")
    cash = [{"method": "CASH", "amount": "9.99"}]
    refused(one, lambda: refund(one, sale, payments=cash), 409, "refund_tender_mismatch")
    card = [{"method": "CARD", "amount": "10.00"}]
    refused(one, lambda: refund(one, sale, payments=card), 409, "refund_tender_mismatch")


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "0.0001"])
def test_s34_a_refund_of_nothing_is_400(one, quantity):
    """S34."""
    sale = sell(one)
    refused(one, lambda: refund(one, sale, quantity), 400, "invalid_input")


def test_s34_a_retried_refund_happens_once(one):
    """S34."""
    sale = sell(one, "2")
    url, body = f"{SALES}{sale['id']}/refunds/", back(sale["lines"][0]["id"], id=str(uuid7()))
    first, again = one.client().post(url, body), one.client().post(url, body)
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    with one.inside():
        assert one.account.refunds.count() == 1
    del body["id"]
    refused(one, lambda: one.client().post(url, body), 400, "idempotency_key_required")


def test_a_cashier_may_not_refund(one):
    sale = sell(one)
    body = back(sale["lines"][0]["id"], id=str(uuid7()))
    url = f"{SALES}{sale['id']}/refunds/"
    refused(one, lambda: one.client(one.cashier).post(url, body), 403, "capability_missing")


def test_an_if_match_on_a_sale_which_has_no_version_is_412_not_500(one):
    sale = sell(one)
    body = back(sale["lines"][0]["id"], id=str(uuid7()))
    url = f"{SALES}{sale['id']}/refunds/"
    refused(one, lambda: one.client().post(url, body, headers={"If-Match": '"1"'}), 412, "stale_version")
    assert one.client().post(url, body, headers={"If-Match": "*"}).status_code == 201
