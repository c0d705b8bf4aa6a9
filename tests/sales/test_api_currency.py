"""S41: a currency without decimals has none anywhere."""

import re

import pytest
from uuid_utils.compat import uuid7

from accounts.models import Account
from tests.answers import paths_of, refused
from tests.conftest import Shop, open_shop
from tests.sales.requests import PRODUCTS, REFUNDS, SALES, back, refund, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def boutique(db) -> Shop:
    """A business whose currency has no decimals, with prices that leave remainders."""
    return open_shop("Boutique", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("333", "1000", "5"))


MONEY = {
    *("retail_price", "wholesale_price", "subtotal", "discount_total", "tax_total", "total", "paid", "change_due"),
    *(
        "unit_price",
        "list_price",
        "discount",
        "tax_amount",
        "amount",
        "tendered",
        "sale_total",
        "refund_total",
        "excess",
    ),
}


def amounts_in(value, name=""):
    """Every amount of money anywhere in an answer."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from amounts_in(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from amounts_in(item, name)
    elif name in MONEY and value is not None:
        yield name, value


def test_s41_no_answer_has_a_decimal_and_rounding_still_sums(boutique):
    """S41."""
    client = boutique.client()
    sale = sell(boutique, "0.5", discount="10", payments=[{"method": "CARD", "amount": "600"}, *CASH_200])
    assert sale["total"] == str(sum(int(line["total"]) for line in sale["lines"])) == "660"  # 167 + 500 + 3 - 10
    assert sum(int(line["discount"]) for line in sale["lines"]) == 10
    url = f"{SALES}{sale['id']}/refunds/"
    refunds = [
        client.post(url, back(line["id"], part, id=str(uuid7())))
        for line in sale["lines"]
        for part in ("0.2", "0.1", "0.2")
    ]
    assert [response.status_code for response in refunds] == [201] * 9
    assert sum(int(response.json()["data"]["total"]) for response in refunds) == 660
    day = sale["sold_at"][:10]
    answers = [
        sale,
        *(response.json() for response in refunds),
        *(client.get(path).json() for path in (SALES, REFUNDS, PRODUCTS, "/api/v1/inventory/stock-products/")),
        client.get(f"{SALES}{sale['id']}/receipt/").json(),
        client.get(f"{SALES}summary/", {"first_on": day, "last_on": day}).json(),
        client.get("/api/v1/system/audit-logs/").json(),
        client.post(SALES, boutique.basket(payments=[{"method": "CARD", "amount": "5000.00"}])).json(),
        client.post(SALES, boutique.basket(payments=[])).json(),
    ]
    found = [pair for answer in answers for pair in amounts_in(answer)]
    assert len(found) > 100
    assert [pair for pair in found if not re.fullmatch(r"-?\d+", pair[1])] == []
    page = client.get(f"{SALES}{sale['id']}/receipt/html/").content.decode()
    table = re.sub(r"\d+\.\d+ ×|line-height|font: [^;]+|4\.5%|<svg.*?</svg>", "", page.partition("<body>")[2])
    assert re.findall(r"\d\.\d", table) == []


CASH_200 = [{"method": "CASH", "amount": "200"}]


def test_s41_an_amount_with_decimals_is_400(boutique):
    """S41."""
    client = boutique.client()
    line = {"product": str(boutique.products[0].pk), "quantity": "1"}
    for extra, path in (
        ({"payments": [{"method": "CASH", "amount": "400.5"}]}, "payments.0.amount"),
        ({"discount": "0.01"}, "discount"),
        ({"lines": [{**line, "unit_price": "1.5"}]}, "lines.0.unit_price"),
        ({"lines": [{**line, "discount": "1.5"}]}, "lines.0.discount"),
    ):
        body = refused(boutique, lambda extra=extra: client.post(SALES, boutique.basket(**extra)), 400, "invalid_input")
        assert paths_of(body) == [(path, "currency")]
    product = {"sku": "NEW", "name": "New", "retail_price": "10.50"}
    assert paths_of(refused(boutique, lambda: client.post(PRODUCTS, product), 400, "invalid_input")) == [
        ("retail_price", "currency")
    ]
    sale = sell(boutique)
    cash = [{"method": "CASH", "amount": "332.5"}]
    body = refused(boutique, lambda: refund(boutique, sale, payments=cash), 400, "invalid_input")
    assert paths_of(body) == [("payments.0.amount", "currency")]


def test_the_currency_is_the_one_of_the_account(boutique):
    with boutique.inside():
        assert Account.across_accounts.get().currency == "XOF"
    assert sell(boutique)["currency"] == "XOF"
