"""What a cart would cost with a coupon and discounts: as its sale then does, and nothing of it is kept."""

import pytest

from tests.answers import refused
from tests.sales import carting
from tests.sales.carting import CARTS
from tests.sales.offers import add_coupon

pytestmark = pytest.mark.django_db


def quote(shop, pk, member=None, **asked):
    return shop.client(member).get(f"{CARTS}{pk}/quote/", asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"coupon": "ama-10"},
        {"discount": "1.25"},
        {"discount_percent": "12.5"},
        {"coupon": "AMA-10", "discount": "0.10", "discount_percent": "5"},
    ],
)
def test_a_quote_of_a_cart_is_what_its_sale_then_costs(shop, asked):
    add_coupon(shop, max_uses=1)
    pk = carting.filled(shop, "2", "1", "3")
    quoted = quote(shop, pk, **asked).json()["data"]
    assert quote(shop, pk, **asked).json()["data"] == quoted
    with shop.inside():
        assert shop.account.coupons.get().use_count == 0
    response = carting.sell(shop, pk, "2", "1", "3", **asked)
    assert response.status_code == 201, response.content
    sold = response.json()["data"]
    for name in ("subtotal", "discount_total", "tax_total", "total"):
        assert quoted[name] == sold[name], name
    assert quoted["discount_total"] != "0.00"
    assert quoted["total"] != carting_total(shop)


def carting_total(shop):
    return quote(shop, carting.filled(shop, "2", "1", "3")).json()["data"]["total"]


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"coupon": "NONE"}, 409, "coupon_not_valid"),
        ({"discount": "0.001"}, 400, "invalid_input"),
        ({"discount": "-1"}, 400, "invalid_input"),
        ({"discount": "1000"}, 409, "discount_too_large"),
        ({"discount_percent": "101"}, 400, "invalid_input"),
        ({"reduction": "1"}, 400, "unknown_parameter"),
    ],
)
def test_a_quote_is_refused_for_what_its_sale_is_refused(shop, asked, status, code):
    pk = carting.filled(shop, "1")
    refused(shop, lambda: quote(shop, pk, **asked), status, code)


def test_who_may_not_give_a_discount_is_not_quoted_one_but_a_coupon(shop):
    add_coupon(shop)
    pk = carting.filled(shop, "1")
    refused(shop, lambda: quote(shop, pk, shop.cashier, discount="1"), 403, "capability_missing")
    assert quote(shop, pk, shop.cashier, coupon="AMA-10").json()["data"]["total"] == "9.00"
