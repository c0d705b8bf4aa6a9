"""The till's lists: every filter filters, and what makes no sense is refused."""

from decimal import Decimal

import pytest
import time_machine
from uuid_utils.compat import uuid7

from inventory import services as inventory
from sales import services
from tests.answers import fields_of, ids, paths_of, refused
from tests.sales.requests import CUSTOMERS, REFUNDS, REGISTERS, SALES, refund, sell

pytestmark = pytest.mark.django_db


CASH_10 = [{"method": "CASH", "amount": "10.00"}]


@time_machine.travel("2026-03-04T00:00:00Z")
def test_every_filter_of_sales_really_filters(one):
    with one.inside():
        customer = services.add_customer(by=one.owner, name="Efua", phone="0244 000 001")
        place = inventory.add_location(by=one.owner, kind="STOREFRONT", name="Second")
        till = services.add_register(by=one.owner, storefront=place, code="S2", name="Other till")
        inventory.receive_stock(
            by=one.owner,
            location=place.pk,
            items=[{"product": one.products[0].pk, "quantity": Decimal(5), "unit_cost": Decimal(1)}],
        )
    plain = sell(one, sold_at="2026-03-01T10:00:00Z")
    theirs = sell(one, sold_at="2026-03-02T10:00:00Z", customer=str(customer.pk), member=one.cashier)
    elsewhere = sell(
        one, sold_at="2026-03-03T10:00:00Z", storefront=str(place.pk), register=str(till.pk), payments=CASH_10
    )
    refund(one, elsewhere)
    everything = {plain["id"], theirs["id"], elsewhere["id"]}
    assert ids(one, SALES) == everything
    for query, expected in (
        ({"receipt_number": "R1-000002"}, {theirs["id"]}),
        ({"status": "REFUNDED"}, {elsewhere["id"]}),
        ({"status": "PARTLY_REFUNDED"}, set()),
        ({"storefront": place.pk}, {elsewhere["id"]}),
        ({"register": one.register.pk}, {plain["id"], theirs["id"]}),
        ({"customer": customer.pk}, {theirs["id"]}),
        ({"sold_by": one.cashier.pk}, {theirs["id"]}),
        ({"sold_from": "2026-03-02T10:00:00Z"}, {theirs["id"], elsewhere["id"]}),
        ({"sold_before": "2026-03-02T10:00:00Z"}, {plain["id"]}),
        ({"sold_from": "2026-03-02T00:00:00Z", "sold_before": "2026-03-03T00:00:00Z"}, {theirs["id"]}),
        ({"customer": uuid7()}, set()),
    ):
        assert ids(one, SALES, **query) == expected, query
    rows = one.client().get(SALES).json()["results"]
    assert [row["id"] for row in rows] == [elsewhere["id"], theirs["id"], plain["id"]]


def test_every_filter_of_refunds_registers_and_customers_really_filters(one):
    first, second = (sell(one, sold_at="2026-02-28T10:00:00Z") for _ in range(2))
    early = refund(one, first, refunded_at="2026-03-01T10:00:00Z").json()["data"]["id"]
    late = refund(one, second, refunded_at="2026-03-02T10:00:00Z").json()["data"]["id"]
    assert ids(one, REFUNDS) == {early, late}
    assert ids(one, REFUNDS, sale=first["id"]) == {early}
    assert ids(one, REFUNDS, refunded_from="2026-03-02T00:00:00Z") == {late}
    assert ids(one, REFUNDS, refunded_before="2026-03-02T00:00:00Z") == {early}
    with one.inside():
        place = inventory.add_location(by=one.owner, kind="STOREFRONT", name="Second")
        till = str(services.add_register(by=one.owner, storefront=place, code="S2", name="Other").pk)
        efua = services.add_customer(by=one.owner, name="Efua Mensah", phone="0244 000 001")
        kojo = services.add_customer(by=one.owner, name="Kojo Mensah", phone="0244 000 002")
        services.change_customer(by=one.owner, customer=one.account.customers.locked().get(pk=kojo.pk), is_active=False)
    efua, kojo = str(efua.pk), str(kojo.pk)
    assert ids(one, REGISTERS, storefront=place.pk) == ids(one, REGISTERS, code="S2") == {till}
    assert ids(one, CUSTOMERS, search="mensah efu") == {efua}
    assert ids(one, CUSTOMERS, search="0244") == {efua, kojo}
    assert ids(one, CUSTOMERS, search="%") == ids(one, CUSTOMERS, search="_") == set()
    assert ids(one, CUSTOMERS, phone="0244 000 002") == ids(one, CUSTOMERS, is_active="false") == {kojo}
    assert ids(one, CUSTOMERS, is_active="true") == {efua}


@pytest.mark.parametrize(
    ("url", "query"),
    [
        (SALES, {"status": "LOST"}),
        (SALES, {"storefront": "main"}),
        (SALES, {"sold_from": "yesterday"}),
        (REFUNDS, {"sale": "7"}),
        (CUSTOMERS, {"is_active": "maybe"}),
        (CUSTOMERS, {"search": "x" * 101}),
    ],
)
def test_a_filter_that_makes_no_sense_is_400(one, url, query):
    body = refused(one, lambda: one.client().get(url, query), 400, "invalid_input")
    assert fields_of(body) == list(query)


@pytest.mark.parametrize("url", [SALES, REFUNDS, CUSTOMERS, REGISTERS])
def test_a_query_parameter_that_nobody_knows_is_400(one, url):
    body = refused(one, lambda: one.client().get(url, {"colour": "red"}), 400, "unknown_parameter")
    assert paths_of(body) == [("colour", "unknown_parameter")]
    refused(one, lambda: one.client().get(f"{url}{uuid7()}/", {"colour": "red"}), 400, "unknown_parameter")
