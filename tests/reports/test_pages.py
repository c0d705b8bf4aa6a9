"""What is drawn of a report: a bar for each row, and every name in letters that are there."""

import re
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory import services as inventory
from reports import papers
from reports.catalogue import REPORTS
from sales.summaries import Span
from tests.conftest import Shop, receive
from tests.inventory.pdf import streams
from tests.reports.asking import NAMES
from tests.reports.test_exports import pages
from tests.sales import drawer
from tests.sales.owing import add_customer, owe, sold
from tests.sales.requests import refund, sell

pytestmark = pytest.mark.django_db

BAR = re.compile(r"\.121569 \.305882 \.47451 rg\n[^n]*n ([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+) re f\*")


def answer(shop: Shop, name: str):
    today = timezone.localdate(timezone=shop.account.zone)
    with shop.inside():
        return REPORTS[name].ask(shop.owner, Span(today, today))


def heights(content: bytes) -> list[float]:
    """Of the bars from left to right, with a minus where they hang."""
    found = [BAR.findall(drawn) for head, drawn in streams(content) if b"/Subtype /Form" not in head]
    bars = sorted(((float(x), float(height)) for page in found for x, _, _, height in page))
    return [height for _, height in bars]


@pytest.fixture
def busy_day(shop) -> Shop:
    """Something for every report, but for dead stock of which there is one more product."""
    drawer.start(shop, "50")
    refund(shop, sell(shop, "2"))
    for name, quantity in (("Efua", "1"), ("Kofi", "2")):
        customer = add_customer(shop, name=name)
        total = sell(shop, quantity)["total"]
        sold(owe(shop, customer, quantity=quantity, payments=[{"method": "CUSTOMER_CREDIT", "amount": total}]))
    with shop.inside():
        lost = [{"product": shop.products[0].pk, "quantity": 1}]
        inventory.adjust_stock(by=shop.owner, location=shop.storefront.pk, kind="THEFT", reason="Gone", lines=lost)
    return shop


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"dead-stock"}))
def test_a_report_is_drawn_with_a_bar_as_high_as_each_row_says(busy_day, name):
    told = answer(busy_day, name)
    assert told.rows
    _, value = told.report.chart
    drawn = heights(papers.render(told))
    values = [float(row[value]) for row in told.rows if row[value]]  # what is nothing has no bar
    assert len(drawn) == len(values)
    unit = max(drawn, key=abs) / max(values, key=abs)
    assert unit > 0
    assert drawn == pytest.approx([each * unit for each in values], abs=0.01)


def test_of_many_rows_the_first_are_drawn(shop):
    with shop.inside():
        shop.products = [
            inventory.add_product(by=shop.owner, sku=f"P{number}", name="Soap", retail_price=Decimal(1))
            for number in range(40)
        ]
        receive(shop, "1")
    told = answer(shop, "dead-stock")
    assert len(told.rows) == 43
    assert len(heights(papers.render(told))) == papers.MOST_BARS


def test_letters_that_the_font_lacks_are_drawn_as_others_that_are_like_them(shop):
    with shop.inside():
        shop.account.products.update(name="Ɛmo ɔdɔ 🥭")
        type(shop.account).across_accounts.filter(pk=shop.id).update(name="Ŋutsu ₵")
        shop.account.refresh_from_db()
    sell(shop)
    [text] = pages(papers.render(answer(shop, "sales-by-product")))
    assert "Nutsu C" in text
    assert text.count("Emo odo ?") == 6  # under each bar, and in each row
