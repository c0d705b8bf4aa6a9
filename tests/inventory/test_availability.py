"""One figure for what can be had, whoever asks: the till, its catalogue, the alerts, and who is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services
from tests.conftest import Shop, open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Shop:
    """3 that have expired, 4 that expire today, 5 that expire later and 6 that never do, of one product."""
    shop = open_shop("Ama Provisions", prices=("1.00",), stock="0")
    today = timezone.localdate(timezone=shop.account.zone)
    days = {3: today - timedelta(days=1), 4: today, 5: today + timedelta(days=9), 6: None}
    with shop.inside():
        for quantity, day in days.items():
            item = {"product": shop.products[0].pk, "quantity": Decimal(quantity), "unit_cost": Decimal(1)}
            services.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[{**item, "expires_on": day}])
        services.add_reorder_point(
            by=shop.owner, product=shop.products[0], location=shop.storefront.pk, minimum=Decimal(1000)
        )
    return shop


def hold(shop, quantity, **facts):
    with shop.inside():
        product = shop.products[0].pk
        services.hold_stock(
            by=shop.owner, location=shop.storefront.pk, product=product, cart=uuid7(), quantity=quantity, **facts
        )


def shown(shop):
    place, product = shop.storefront.pk, shop.products[0].pk
    path = f"/api/v1/inventory/storefronts/{place}/stock-products/{product}/availability/"
    return shop.client().get(path).json()["data"]


def told_everywhere(shop) -> set[str]:
    """What each says that can be had."""
    client, place = shop.client(), shop.storefront.pk
    catalogue = client.get(f"/api/v1/inventory/storefronts/{place}/sale-catalog/").json()["data"]["items"]
    alerts = client.get("/api/v1/inventory/alerts/").json()["data"]["short"]
    refused = client.post("/api/v1/sales/sales/", shop.basket("1000")).json()
    assert refused["code"] == "insufficient_stock"
    (available,) = refused["meta"]["available"].values()
    return {shown(shop)["available"], catalogue[0]["available"], alerts[0]["available"], available}


def test_whoever_asks_is_told_the_same_before_and_after_holds_and_sales(till):
    assert told_everywhere(till) == {"15.000"}
    hold(till, Decimal("4.5"))
    hold(till, Decimal(2))
    assert told_everywhere(till) == {"8.500"}
    assert till.client().post("/api/v1/sales/sales/", till.basket("8")).status_code == 201
    assert told_everywhere(till) == {"0.500"}


def test_what_is_held_is_of_the_batches_that_expire_first_and_the_rest_is_told_batch_by_batch(till):
    hold(till, Decimal("4.5"))
    found = shown(till)
    assert (found["on_hand"], found["expired"], found["held"], found["available"]) == (
        "18.000",
        "3.000",
        "4.500",
        "10.500",
    )
    assert [(batch["quantity"], batch["available"]) for batch in found["batches"]] == [
        ("4.000", "0.000"),
        ("5.000", "4.500"),
        ("6.000", "6.000"),
    ]
    assert [batch["expires_on"] is None for batch in found["batches"]] == [False, False, True]
