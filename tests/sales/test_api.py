import pytest

pytestmark = pytest.mark.django_db


def test_s32_cash_of_50_for_42_gives_8_back_and_the_drawer_expects_42(shop):
    shop.products = shop.products[:1]
    response = shop.client().post(
        "/api/v1/sales/sales/",
        shop.basket("4.2", payments=[{"method": "CASH", "amount": "50.00"}]),
        format="json",
    )
    assert response.status_code == 201, response.content
    sale = response.json()["data"]
    assert (sale["total"], sale["change_due"], sale["paid"]) == ("42.00", "8.00", "50.00")
    assert [payment["amount"] for payment in sale["payments"]] == ["42.00"]
