"""What is paid in cash more or less than the total, because there are no coins for it, stands on the paper."""

import pytest

from sales.receipts import pdf
from tests.sales.owing import add_customer, owe, paid, sold
from tests.sales.requests import REFUNDS, SALES, refund
from tests.sales.test_cash_rounding import shop_with
from tests.sales.test_receipt_papers import boxes, get, page_of, paper_of

pytestmark = pytest.mark.django_db


def paid_part(paper) -> list[list[str]]:
    """The words of the rows below the last line but one."""
    rows = "\n".join(paper.lines).split("-" * 42)[-2].split("\n")
    return [row.split() for row in rows if row]


def height_of(shop, row, collection=SALES) -> float:
    [(_, height)] = boxes(get(shop, f"{collection}{row['id']}/receipt/pdf/"))
    return height


@pytest.mark.parametrize(
    ("price", "given", "rows"),
    [
        ("10.02", "50", [["Rounding", "-0.02"], ["Cash", "50.00"], ["Change", "40.00"]]),
        ("10.03", "50", [["Rounding", "0.02"], ["Cash", "50.00"], ["Change", "39.95"]]),
        ("10.05", "50", [["Cash", "50.00"], ["Change", "39.95"]]),
        ("0.02", "1", [["Rounding", "-0.02"], ["Cash", "1.00"], ["Change", "1.00"]]),
    ],
)
def test_the_rounding_of_a_sale_is_on_every_paper_before_what_was_paid(db, price, given, rows):
    shop = shop_with(price, "0.05")
    sale = sold(owe(shop, None, payments=paid(CASH=given)))
    assert paid_part(paper_of(shop, sale)) == rows
    said = [" ".join(row).replace("-", "−") for row in rows]
    assert " ".join(said) in page_of(shop, sale)
    by_card = sold(owe(shop, None, payments=paid(CARD=price)))
    assert "Rounding" not in page_of(shop, by_card)
    more = len(rows) - 1  # of which the card has one
    assert height_of(shop, sale) - height_of(shop, by_card) == pytest.approx(more * pdf.PLAIN * pdf.LEADING, abs=0.01)


def test_the_rounding_of_a_refund_is_on_its_own_paper(db):
    shop = shop_with("2.49", "0.05")
    sale = sold(owe(shop, None, quantity="3", payments=paid(CASH="10")))
    assert sale["rounding"] == "-0.02"
    first, last = (sold(refund(shop, sale, quantity)) for quantity in ("1", "2"))
    for given, rows in (
        (first, [["Rounding", "0.01"], ["Cash", "back", "2.50"]]),
        (last, [["Rounding", "-0.03"], ["Cash", "back", "4.95"]]),
    ):
        assert paid_part(paper_of(shop, given, REFUNDS)) == rows
        assert " ".join(map(" ".join, rows)).replace("-", "−") in page_of(shop, given, REFUNDS)
    assert height_of(shop, first, REFUNDS) == pytest.approx(height_of(shop, last, REFUNDS), abs=0.01)


def test_what_goes_back_to_the_wallet_is_not_rounded_and_says_nothing_of_it(db):
    shop = shop_with("10.02", "0.05")
    customer = add_customer(shop)
    sale = sold(owe(shop, customer, payments=paid(CARD="10.02")))
    given = sold(refund(shop, sale, payments=paid(WALLET="10.02")))
    assert paid_part(paper_of(shop, given, REFUNDS)) == [["Wallet", "back", "10.02"]]


def test_s41_francs_are_rounded_to_their_coin_without_decimals(db):
    """S41."""
    shop = shop_with("1503", "5", country="TG", currency="XOF")
    sale = sold(owe(shop, None, payments=paid(CASH="2000")))
    assert paid_part(paper_of(shop, sale)) == [["Rounding", "2"], ["Cash", "2000"], ["Change", "495"]]
    assert "Rounding 2 Cash 2000 Change 495" in page_of(shop, sale)
