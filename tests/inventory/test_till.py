"""What a till keeps of the catalogue: all of it once, then what has changed, and never less than that."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connections
from django.utils import timezone
from uuid_utils.compat import uuid7

from core import vault
from inventory import services, till
from inventory.till import Cursor, Look
from tests.accounts.tills import told
from tests.conftest import open_shop, receive
from tests.places import add_place
from tests.races import weaken
from tests.test_query_counts import statements

RESERVATIONS = "/api/v1/inventory/reservations/"
UNKNOWN = (400, "cursor_unknown")


def ask(shop, cursor=None, client=None):
    path = f"/api/v1/inventory/storefronts/{shop.storefront.pk}/sale-catalog/"
    return (client or shop.client()).get(path, {"cursor": cursor} if cursor is not None else {})


def look(shop, cursor=None, client=None):
    """What came, by id, page after page, and the cursor for the next look."""
    items, has_more = {}, True
    while has_more:
        response = ask(shop, cursor, client)
        assert response.status_code == 200, response.content
        data = response.json()["data"]
        items |= {item["id"]: item for item in data["items"]}
        cursor, has_more = data["cursor"], data["has_more"]
    return items, cursor


def cursor_of_now():
    """The tightest that there can be, where nobody else writes: what is open in other databases holds others back."""
    with connections["owner"].cursor() as asked:
        asked.execute("SELECT pg_current_xact_id()::text::bigint + 1, extract(epoch FROM now())::bigint")
        return str(Cursor(Look(*asked.fetchone())))


def key(row):
    return str(row.pk)


@pytest.mark.django_db
def test_a_till_gets_all_that_is_sold_with_packs_prices_and_what_is_available(shop):
    first, second, gone = shop.products
    with shop.inside():
        pack = first.packs.create(
            account=shop.account, name="Carton", factor=Decimal(24), barcode="60", retail_price=Decimal(200)
        )
        second.packs.create(
            account=shop.account, name="Pair", factor=Decimal(2), retail_price=Decimal(6), is_active=False
        )
        services.change_product(by=shop.owner, product=shop.account.products.locked().get(pk=gone.pk), is_active=False)
    items, _ = look(shop)
    assert set(items) == {key(first), key(second)}
    assert items[key(first)] == {
        "id": key(first),
        "is_deleted": False,
        "sku": "SKU-0",
        "name": "Thing 0",
        "barcode": "",
        "item_code": "",
        "category": None,
        "unit": "piece",
        "tax_class": "STANDARD",
        "tracking": "NONE",
        "is_stocked": True,
        "retail_price": "10.00",
        "wholesale_price": None,
        "packs": [
            {
                "id": key(pack),
                "name": "Carton",
                "factor": "24.000",
                "barcode": "60",
                "retail_price": "200.00",
                "wholesale_price": None,
            }
        ],
        "available": "100.000",
    }
    assert items[key(second)]["packs"] == []


@pytest.mark.django_db
def test_s41_money_without_decimals_has_none_here_either():
    """S41."""
    shop = open_shop("Dakar", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("500",))
    (item,) = look(shop)[0].values()
    assert item["retail_price"] == "500"


CHANGES = {
    "a price": lambda shop: services.change_product(
        by=shop.owner, product=shop.account.products.locked().get(pk=shop.products[0].pk), retail_price=Decimal(11)
    ),
    "a pack": lambda shop: shop.products[0].packs.create(
        account=shop.account, name="Pair", factor=Decimal(2), retail_price=Decimal(19)
    ),
    "a delivery": lambda shop: services.receive_stock(
        by=shop.owner,
        location=shop.storefront.pk,
        items=[{"product": shop.products[0].pk, "quantity": Decimal(1), "unit_cost": Decimal(1)}],
    ),
    "a hold": lambda shop: services.hold_stock(
        by=shop.owner,
        location=shop.storefront.pk,
        product=shop.products[0].pk,
        cart=uuid7(),
        quantity=Decimal(5),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_only_what_has_changed_comes_with_a_cursor(committed, what):
    shop = open_shop("Ama Provisions")
    shop.tokens()
    cursor = cursor_of_now()
    assert look(shop, cursor)[0] == {}
    with shop.inside():
        CHANGES[what](shop)
    items, _ = look(shop, cursor)
    assert set(items) == {key(shop.products[0])}
    whole, _ = look(shop)
    assert items[key(shop.products[0])] == whole[key(shop.products[0])]


def test_what_is_sold_here_comes_and_what_is_sold_elsewhere_does_not(committed):
    shop = open_shop("Ama Provisions")
    there = add_place(shop)
    cursor = cursor_of_now()
    elsewhere = there.basket(lines=[{"product": key(shop.products[1]), "quantity": "1"}])
    here = shop.basket(lines=[{"product": key(shop.products[0]), "quantity": "1"}])
    for basket in (elsewhere, here):
        assert told(shop.client().post("/api/v1/sales/sales/", basket)) == (201, None)
    items, _ = look(shop, cursor)
    assert {pk: item["available"] for pk, item in items.items()} == {key(shop.products[0]): "99.000"}


def test_what_is_no_longer_sold_is_said_to_be_deleted_and_comes_back_when_it_is(committed):
    shop = open_shop("Ama Provisions")
    _, cursor = look(shop)
    for is_active in (False, True):
        with shop.inside():
            row = shop.account.products.locked().get(pk=shop.products[0].pk)
            services.change_product(by=shop.owner, product=row, is_active=is_active)
        items, cursor = look(shop, cursor)
        assert items[key(shop.products[0])]["is_deleted"] is not is_active


def test_what_runs_out_by_the_clock_alone_comes_too(committed):
    shop = open_shop("Ama Provisions")
    with shop.inside():
        today = timezone.localdate(timezone=shop.account.zone)
        receive(shop, "7", expires_on=today)
        services.hold_stock(
            by=shop.owner, location=shop.storefront.pk, product=shop.products[1].pk, cart=uuid7(), quantity=Decimal(9)
        )
    _, cursor = look(shop)
    assert look(shop)[0][key(shop.products[0])]["available"] == "107.000"
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=True):
        client = open_again(shop)
        items, _ = look(shop, cursor, client)
    assert items[key(shop.products[0])]["available"] == "100.000"
    assert items[key(shop.products[1])]["available"] == "100.000"


def open_again(shop):
    """A till of the owner's who signs in now."""
    shop.sessions.clear()
    return shop.client()


# --- Nothing is missed ------------------------------------------------------------------------------------------------


def change_that_is_open_while_the_till_looks(shop):
    """What the next look brings of a change that began before the last one and was committed after it."""
    _, cursor = look(shop)
    with connections["owner"].cursor() as other:
        other.execute("BEGIN")
        other.execute("UPDATE products SET retail_price = 77 WHERE id = %s", [shop.products[0].pk])
        with shop.inside():  # somebody else, whose transaction is younger and ends first
            row = shop.account.products.locked().get(pk=shop.products[1].pk)
            services.change_product(by=shop.owner, product=row, retail_price=Decimal(88))
        before, cursor = look(shop, cursor)
        assert before[key(shop.products[1])]["retail_price"] == "88.00"
        other.execute("COMMIT")
    return look(shop, cursor)[0]


def test_a_change_that_was_open_while_the_till_looked_is_not_missed(committed):
    shop = open_shop("Ama Provisions")
    found = change_that_is_open_while_the_till_looks(shop)
    assert found[key(shop.products[0])]["retail_price"] == "77.00"


def test_control_a_cursor_at_the_youngest_transaction_misses_it(committed, monkeypatch):
    weaken(monkeypatch, till, "_CATALOGUE", "pg_snapshot_xmin(s)", "pg_snapshot_xmax(s)")
    shop = open_shop("Ama Provisions")
    assert key(shop.products[0]) not in change_that_is_open_while_the_till_looks(shop)


def test_a_large_catalogue_comes_in_pages_and_what_changes_meanwhile_comes_afterwards(committed, monkeypatch):
    monkeypatch.setattr(till, "PAGE", 2)
    shop = open_shop("Ama Provisions", prices=("1", "2", "3", "4", "5"))
    found, cursor = [], None
    for has_more in (True, True, False):
        data = ask(shop, cursor).json()["data"]
        assert data["has_more"] is has_more
        found += [item["id"] for item in data["items"]]
        cursor = data["cursor"]
        with shop.inside():
            row = shop.account.products.locked().get(pk=shop.products[0].pk)
            services.change_product(by=shop.owner, product=row, retail_price=row.retail_price + 1)
    assert found == sorted(map(key, shop.products))
    items, _ = look(shop, cursor)
    assert items[key(shop.products[0])]["retail_price"] == "4.00"


# --- Cursors that are none --------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["", "x", "1-0-0-0-0", "a" * 5000, "ɛ"])
def test_a_cursor_that_is_none_is_400(shop, cursor):
    assert told(ask(shop, cursor)) == UNKNOWN


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["1-2-3", "1-2-3-4-nothing", "one-2-3-4-" + "0" * 32, f"{10**30}-1-0-0-{'0' * 32}"])
def test_a_sealed_text_that_is_no_cursor_is_400(shop, text):
    assert told(ask(shop, vault.seal(text))) == UNKNOWN


@pytest.mark.django_db
def test_a_cursor_of_a_time_to_come_is_that_of_another_database(shop):
    assert told(ask(shop, str(Cursor(Look(2**60, 1))))) == UNKNOWN


@pytest.mark.django_db
def test_a_catalogue_costs_the_same_statements_however_large_it_is(shop):
    client = shop.client()
    few = len(statements(lambda: look(shop, client=client)))
    with shop.inside():
        for n in range(20):
            product = services.add_product(by=shop.owner, sku=f"N{n}", name=f"New {n}", retail_price=Decimal(1))
            product.packs.create(account=shop.account, name="Pair", factor=Decimal(2), retail_price=Decimal(2))
    assert len(statements(lambda: look(shop, client=client))) == few == 4
