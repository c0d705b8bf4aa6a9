"""Receipts, for programs and for people."""

import re
from decimal import Decimal

import pytest
import time_machine

from inventory import services as inventory
from sales import services
from tests.answers import refused
from tests.sales.requests import SALES, sell

pytestmark = pytest.mark.django_db


@time_machine.travel("2026-03-04T00:00:00Z")
def test_a_receipt_says_who_sold_what_where_and_sums_each_levy(shop):
    with shop.inside():
        customer = services.add_customer(by=shop.owner, name="Efua")
    sale = sell(shop, member=shop.cashier, customer=str(customer.pk), sold_at="2026-03-01T10:00:00Z")
    receipt = shop.client().get(f"{SALES}{sale['id']}/receipt/").json()["data"]
    assert receipt["sale"] == sale
    assert (receipt["business_name"], receipt["storefront_name"]) == ("Ama Provisions", "Main")
    assert (receipt["cashier_name"], receipt["customer_name"]) == ("Cashier of Ama Provisions", "Efua")
    assert receipt["sold_at_local"] == "2026-03-01 10:00"
    sums = {tax["code"]: Decimal(tax["amount"]) for tax in receipt["taxes"]}
    assert set(sums) == {"VAT", "NHIL", "GETFUND"}
    assert sum(sums.values()) == Decimal(sale["tax_total"])


def test_the_receipt_page_escapes_what_people_typed(one):
    with one.inside():
        product = one.account.products.locked().get(pk=one.products[0].pk)
        inventory.change_product(by=one.owner, product=product, name="<script>alert(1)</script>")
        customer = services.add_customer(by=one.owner, name='"><img src=x onerror=alert(1)>')
    sale = sell(one, "2", customer=str(customer.pk), discount="1.00", payments=[{"method": "CASH", "amount": "20"}])
    response = one.client().get(f"{SALES}{sale['id']}/receipt/html/")
    page = response.content.decode()
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    cells = re.sub(r"<[^>]+>", " ", page)
    for text in ("R1-000001", " 2 × 10.00 − 1.00", "Total GHS", "19.00", "Change", "of which VAT"):
        assert text in cells


def test_a_receipt_of_a_strangers_sale_is_404(one, stranger):
    theirs = sell(stranger)
    for tail in ("", "receipt/", "receipt/html/"):
        refused(one, lambda tail=tail: one.client().get(f"{SALES}{theirs['id']}/{tail}"), 404, "not_found")
