"""The till, for people who work at some places only. tests/test_places.py sweeps over what they can name."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from core import errors
from sales import services
from tests.answers import ids, paths_of, refused
from tests.places import add_member, add_place, approved_by, give_pin, limit
from tests.sales import calls
from tests.sales.requests import REFUNDS, REGISTERS, SALES, back, refund, sell
from tests.traces import refused_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(shop):
    """The shop's second storefront, with 50 of every product."""
    return add_place(shop)


@pytest.fixture
def cashier(shop, there):
    """The cashier, who works at the first storefront."""
    return limit(shop, shop.cashier, shop.storefront)


@pytest.fixture
def manager(shop, there):
    """A manager of the first storefront."""
    return add_member(shop, Role.MANAGER, shop.storefront, name="Manager")


def test_a_cashier_sells_at_their_own_place_only(shop, there, cashier):
    sell(shop, member=cashier)
    client = shop.client(cashier)
    for body, path in (
        (there.basket(), "storefront"),
        (shop.basket(storefront=str(there.storefront.pk)), "storefront"),
        (shop.basket(storefront=str(uuid7())), "storefront"),
        (shop.basket(register=str(there.register.pk)), "register"),
        (shop.basket(register=str(uuid7())), "register"),
    ):
        told = refused(shop, lambda body=body: client.post(SALES, body), 400, "invalid_input")
        assert paths_of(told) == [(path, "does_not_exist")]


def test_a_cashier_sees_the_sales_receipts_and_refunds_of_their_own_place(shop, there, cashier):
    mine, theirs = sell(shop), sell(there)
    for place, sale in ((shop, mine), (there, theirs)):
        assert refund(place, sale).status_code == 201
    client = shop.client(cashier)
    for url in (SALES, REFUNDS, REGISTERS):
        shown = client.get(url).json()
        assert (shown["count"], len(shown["results"])) == (1, 1), url
        assert len(ids(shop, url)) == 2
    for part in ("", "receipt/", "receipt/html/"):
        assert client.get(f"{SALES}{mine['id']}/{part}").status_code == 200
        refused(shop, lambda part=part: client.get(f"{SALES}{theirs['id']}/{part}"), 404, "not_found")
    for name, value in (("storefront", there.storefront.pk), ("register", there.register.pk)):
        assert client.get(SALES, {name: str(value)}).json()["count"] == 0


def test_the_days_add_up_what_was_sold_where_the_member_works(shop, there, cashier):
    span = {"first_on": "2020-01-01", "last_on": "2020-12-31"}
    for place, quantity in ((shop, "1"), (there, "2")):
        sale = sell(place, quantity, sold_at="2020-06-01T12:00:00Z")
        assert refund(place, sale, refunded_at="2020-06-02T12:00:00Z").status_code == 201
    first, second = shop.client(cashier).get(f"{SALES}summary/", span).json()["data"]
    assert (first["sale_count"], first["sale_total"]) == (1, "14.32")
    assert (second["refund_count"], second["refund_total"]) == (1, "10.00")
    first, second = shop.client().get(f"{SALES}summary/", span).json()["data"]
    assert (first["sale_count"], first["sale_total"]) == (2, "42.96")
    assert (second["refund_count"], second["refund_total"]) == (2, "20.00")
    nowhere = add_member(shop, Role.CASHIER, is_limited=True)
    assert shop.client(nowhere).get(f"{SALES}summary/", span).json()["data"] == []


def test_a_sale_elsewhere_is_not_there_to_be_refunded(shop, there, manager):
    theirs, client = sell(there), shop.client(manager)
    body = back(theirs["lines"][0]["id"], id=str(uuid7()))
    refused(shop, lambda: client.post(f"{SALES}{theirs['id']}/refunds/", body), 404, "not_found")
    mine = sell(shop)
    told = refused(shop, lambda: client.post(f"{SALES}{mine['id']}/refunds/", body), 400, "invalid_input")
    assert paths_of(told) == [("lines.0.line", "does_not_exist")]


def test_money_does_not_go_back_from_a_drawer_elsewhere(shop, there, manager):
    sale, client = sell(shop), shop.client(manager)
    url = f"{SALES}{sale['id']}/refunds/"
    for register in (there.register.pk, uuid7()):
        body = back(sale["lines"][0]["id"], id=str(uuid7()), register=str(register))
        told = refused(shop, lambda body=body: client.post(url, body), 400, "invalid_input")
        assert paths_of(told) == [("register", "does_not_exist")]
    body["register"] = str(shop.register.pk)
    assert client.post(url, body).status_code == 201


def test_registers_are_added_and_changed_at_ones_own_place_only(shop, there, manager):
    client = shop.client(manager)
    body = {"storefront": str(there.storefront.pk), "code": "K9", "name": "Till"}
    told = refused(shop, lambda: client.post(REGISTERS, body), 400, "invalid_input")
    assert paths_of(told) == [("storefront", "does_not_exist")]
    refused(shop, lambda: client.patch(f"{REGISTERS}{there.register.pk}/", {"name": "Mine"}), 404, "not_found")
    assert client.post(REGISTERS, {**body, "storefront": str(shop.storefront.pk)}).status_code == 201


def test_what_a_colleague_sold_elsewhere_is_not_replayed(shop, there, cashier, manager):
    theirs, mine = there.basket(), shop.basket()
    for body in (theirs, mine):
        assert shop.client().post(SALES, body).status_code == 201
    refused(shop, lambda: shop.client(cashier).post(SALES, theirs), 404, "not_found")
    again = shop.client(cashier).post(SALES, mine)
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    sale = sell(there)
    url, body = f"{SALES}{sale['id']}/refunds/", back(sale["lines"][0]["id"], id=str(uuid7()))
    assert shop.client().post(url, body).status_code == 201
    refused(shop, lambda: shop.client(manager).post(url, body), 404, "not_found")


# --- The services themselves ------------------------------------------------------------------------------------------


def test_the_services_refuse_a_place_elsewhere_whoever_calls_them(shop, there, manager):
    sale = calls.sell(there, "1")
    error = refused_with(shop, errors.InvalidInput, lambda: calls.sell(there, "1", by=manager))
    assert error.errors == (errors.unknown_reference("storefront"),)

    def give_back():
        with shop.inside():
            locked = shop.account.sales.locked().get(pk=sale.pk)
            line = locked.lines.first()
            services.refund_sale(by=manager, sale=locked, lines=[{"line": line.pk, "quantity": Decimal(1)}])

    refused_with(shop, errors.NotFound, give_back)

    def add_register():
        with shop.inside():
            services.add_register(by=manager, storefront=there.storefront, code="K9", name="Till")

    error = refused_with(shop, errors.InvalidInput, add_register)
    assert error.errors == (errors.unknown_reference("storefront"),)


# --- Approvers have places too ----------------------------------------------------------------------------------------


def test_a_manager_of_another_place_approves_nothing_here(shop, there, cashier, manager):
    elsewhere = give_pin(shop, add_member(shop, Role.MANAGER, there.storefront, name="Elsewhere"))
    give_pin(shop, manager)
    sale, client = sell(shop), shop.client(cashier)
    url, body = f"{SALES}{sale['id']}/refunds/", back(sale["lines"][0]["id"], id=str(uuid7()))
    told = refused(shop, lambda: client.post(url, body, **approved_by(elsewhere)), 403, "capability_missing")
    assert told["meta"] == {"capability": "sale:refund"}
    cheap = shop.basket(discount="1.00")
    refused(shop, lambda: client.post(SALES, cheap, **approved_by(elsewhere)), 403, "capability_missing")
    assert client.post(url, body, **approved_by(manager)).status_code == 201
    assert client.post(SALES, cheap, **approved_by(manager)).status_code == 201


def test_who_approves_nothing_here_is_not_recorded_as_the_approver(shop, there, cashier):
    elsewhere = give_pin(shop, add_member(shop, Role.MANAGER, there.storefront, name="Elsewhere"))
    assert shop.client(cashier).post(SALES, shop.basket(), **approved_by(elsewhere)).status_code == 201
    with shop.inside():
        assert shop.account.audit_events.get(action="sale.completed").approved_by is None
