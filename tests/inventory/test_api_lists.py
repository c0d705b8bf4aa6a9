"""Look-ups and lists: every filter filters, and what makes no sense is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import ledger, services
from inventory.ledger import Entry
from tests.answers import fields_of, ids, refused
from tests.conftest import receive
from tests.inventory.requests import (
    ALL,
    BATCHES,
    LOOKUP,
    MOVEMENTS,
    PRODUCTS,
    product,
)

pytestmark = pytest.mark.django_db


# --- Look-ups --------------------------------------------------------------------------------------------------------


@pytest.fixture
def milo(shop):
    """A product with a barcode, in stock in two places."""
    with shop.inside():
        found = services.add_product(
            by=shop.owner, sku="MILO", name="Milo tin", barcode="5901234123457", retail_price=Decimal(45)
        )
        depot = services.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
        for place, quantity in ((shop.storefront, "1.5"), (depot, "2")):
            services.receive_stock(
                by=shop.owner,
                location=place.pk,
                items=[{"product": found.pk, "quantity": Decimal(quantity), "unit_cost": Decimal(1)}],
            )
    return found


def test_a_barcode_finds_its_product_with_what_is_on_hand(shop, milo):
    response = shop.client().get(LOOKUP, {"barcode": milo.barcode})
    assert response.status_code == 200
    found = response.json()["data"]
    assert (found["id"], found["retail_price"], found["quantity"]) == (str(milo.pk), "45.00", "3.500")


def test_a_product_never_received_has_none_on_hand(shop):
    shop.client().post(PRODUCTS, product(barcode="590"))
    assert shop.client().get(LOOKUP, {"barcode": "590"}).json()["data"]["quantity"] == "0.000"


def test_a_barcode_that_is_unknown_switched_off_or_a_strangers_is_404(shop, milo, stranger):
    refused(shop, lambda: shop.client().get(LOOKUP, {"barcode": "0"}), 404, "not_found")
    refused(stranger, lambda: stranger.client().get(LOOKUP, {"barcode": milo.barcode}), 404, "not_found")
    shop.client().patch(f"{PRODUCTS}{milo.pk}/", {"is_active": False})
    refused(shop, lambda: shop.client().get(LOOKUP, {"barcode": milo.barcode}), 404, "not_found")


def test_a_look_up_without_a_barcode_is_400_and_never_the_product_that_has_none(shop):
    for query in ({}, {"barcode": ""}):
        body = refused(shop, lambda query=query: shop.client().get(LOOKUP, query), 400, "invalid_input")
        assert fields_of(body) == ["barcode"]
    refused(shop, lambda: shop.client().get(LOOKUP, {"barcode": "1", "page": "1"}), 400, "unknown_parameter")


# --- Lists -----------------------------------------------------------------------------------------------------------


def test_every_filter_of_products_really_filters(shop, milo):
    first = str(shop.products[0].pk)
    with shop.inside():
        shelf = services.add_category(by=shop.owner, name="Drinks")
        row = shop.account.products.locked().get(pk=milo.pk)
        services.change_product(by=shop.owner, product=row, category=shelf, is_active=False)
    everything = {first, *(str(p.pk) for p in shop.products), str(milo.pk)}
    only = {str(milo.pk)}
    assert ids(shop, PRODUCTS) == everything
    for query in (
        {"search": "milo"},
        {"search": "TIN mil"},
        {"search": "34123"},
        {"sku": "MILO"},
        {"barcode": milo.barcode},
        {"category": shelf.pk},
        {"is_active": "false"},
    ):
        assert ids(shop, PRODUCTS, **query) == only, query
    assert ids(shop, PRODUCTS, is_active="true") == everything - only
    for query in ({"search": "milo soap"}, {"search": "%"}, {"sku": "milo"}, {"category": uuid7()}):
        assert ids(shop, PRODUCTS, **query) == set(), query


def test_every_filter_of_batches_and_movements_really_filters(shop, milo):
    with shop.inside():
        depot = shop.account.locations.warehouses().get()
        far = timezone.localdate() + timedelta(days=90)
        stock = receive(shop, "1", expires_on=far)
        dated = {str(pk) for pk in stock.batches.filter(account=shop.account).values_list("id", flat=True)}
        of_milo = {str(pk) for pk in milo.batches.filter(account=shop.account).values_list("id", flat=True)}
        there = {str(pk) for pk in depot.batches.filter(account=shop.account).values_list("id", flat=True)}
        sold_out = shop.account.stock_products.get(pk=next(iter(there)))
    everything = ids(shop, BATCHES)
    assert len(everything) == 8
    assert ids(shop, BATCHES, product=milo.pk) == ids(shop, BATCHES, search="milo") == of_milo
    assert ids(shop, BATCHES, location=depot.pk) == there
    assert ids(shop, BATCHES, expires_before=far + timedelta(days=1)) == dated
    assert ids(shop, BATCHES, expires_before=far) == set()
    assert ids(shop, BATCHES, in_stock="true") == everything
    assert ids(shop, BATCHES, in_stock="false") == set()
    with shop.inside():
        ledger.post(
            [Entry(sold_out.pk, "SOLD", -sold_out.quantity)],
            by=shop.owner,
            source=stock,
            occurred_at=timezone.now(),
        )
    assert ids(shop, BATCHES, in_stock="false") == there
    assert ids(shop, BATCHES, in_stock="true") == everything - there

    def moved(**query) -> set[str]:
        rows = shop.client().get(MOVEMENTS, query).json()["results"]
        return {row["stock_product"] for row in rows}

    assert len(ids(shop, MOVEMENTS)) == 9
    assert moved(product=milo.pk) == of_milo
    assert moved(location=depot.pk) == moved(stock_product=sold_out.pk) == there


@pytest.mark.parametrize(
    ("url", "query"),
    [
        (PRODUCTS, {"is_active": "maybe"}),
        (PRODUCTS, {"category": "7"}),
        (PRODUCTS, {"search": "x" * 101}),
        (BATCHES, {"in_stock": "some"}),
        (BATCHES, {"expires_before": "soon"}),
        (BATCHES, {"product": "milo"}),
        (MOVEMENTS, {"location": "main"}),
    ],
)
def test_a_filter_that_makes_no_sense_is_400(shop, url, query):
    body = refused(shop, lambda: shop.client().get(url, query), 400, "invalid_input")
    assert fields_of(body) == list(query)


@pytest.mark.parametrize("url", ALL)
def test_a_query_parameter_that_nobody_knows_is_400(shop, url):
    body = refused(shop, lambda: shop.client().get(url, {"colour": "red"}), 400, "unknown_parameter")
    assert fields_of(body) == ["colour"]
