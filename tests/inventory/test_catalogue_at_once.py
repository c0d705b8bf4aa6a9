"""The catalogue under many hands at once. Every race has its control: the same without the guard."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import IntegrityError

from core.tenancy import UniqueBeside
from inventory import services
from inventory.errors import CategoryCircle
from inventory.models import ProductPack
from inventory.services import catalogue
from tests.answers import ids
from tests.conftest import Shop
from tests.inventory.catalogue import MILO, parents, plant, point
from tests.inventory.requests import REORDER_POINTS
from tests.races import administrator, at_once, count_of, meeting_before, one_behind_another

# --- A barcode is a product's or a pack's -----------------------------------------------------------------------------


def give_barcode(shop: Shop, index: int) -> str:
    """The first product, or its pack, gets the barcode, in a transaction of its own; which of them it was."""
    with shop.inside():
        if index:
            pack = shop.account.product_packs.locked().get()
            services.change_pack(by=shop.owner, pack=pack, barcode=MILO)
        else:
            first = shop.account.products.locked().get()
            services.change_product(by=shop.owner, product=first, barcode=MILO)
    return ("product", "pack")[index]


def bearers(shop: Shop) -> list[str]:
    with shop.inside():
        found = [("product", shop.account.products), ("pack", shop.account.product_packs)]
        return [name for name, rows in found if rows.filter(barcode=MILO).exists()]


@pytest.fixture
def packed(busy) -> Shop:
    """A business with one product, which has a pack."""
    with busy.inside():
        services.add_pack(
            by=busy.owner, product=busy.products[0], name="Carton", factor=Decimal(24), retail_price=Decimal(200)
        )
    return busy


@contextmanager
def given(shop: Shop, index: int) -> Iterator[None]:
    """While one of them has been given the barcode, and this is not yet committed."""
    with shop.inside():
        give_barcode(shop, index)
        yield


@pytest.mark.parametrize("index", [0, 1])
def test_who_wants_a_barcode_waits_for_who_was_first_and_does_not_get_it(packed, index):
    (outcome,) = one_behind_another([lambda: give_barcode(packed, 1 - index)], held=given(packed, index))
    assert isinstance(outcome, IntegrityError)
    assert bearers(packed) == [("product", "pack")[index]]


def test_of_a_product_and_a_pack_that_want_a_barcode_at_once_one_gets_it(packed):
    barrier = threading.Barrier(2)

    def race(index: int) -> str:
        with meeting_before("UPDATE", barrier):
            return give_barcode(packed, index)

    results = at_once([lambda index=index: race(index) for index in (0, 1)])
    assert count_of(results, IntegrityError) == 1
    assert bearers(packed) == [result for result in results if isinstance(result, str)]


@contextmanager
def without_waiting() -> Iterator[None]:
    """The database while who writes a barcode does not wait for whoever writes the same."""
    names = [rule.name for rule in ProductPack._meta.constraints if isinstance(rule, UniqueBeside)]
    names += ["product_barcode_is_no_packs"]
    with administrator() as admin:
        found = [admin.execute("SELECT pg_get_functiondef(%s::regproc)", [name]).fetchone()[0] for name in names]
        for definition in found:
            lock = definition[definition.index("PERFORM pg_advisory") : definition.index("IF EXISTS")]
            admin.execute(definition.replace(lock, ""))
        try:
            yield
        finally:
            for definition in found:
                admin.execute(definition)


@pytest.mark.parametrize("index", [0, 1])
def test_control_without_the_waiting_both_have_the_barcode(packed, index):
    with without_waiting():
        with given(packed, index):
            assert at_once([lambda: give_barcode(packed, 1 - index)]) == [("product", "pack")[1 - index]]
        assert bearers(packed) == ["product", "pack"]


# --- The tree of categories -------------------------------------------------------------------------------------------


def move(shop: Shop, name: str, below: str) -> str:
    """In a transaction of its own."""
    with shop.inside():
        categories = shop.account.categories
        category, parent = categories.locked().get(name=name), categories.get(name=below)
        services.change_category(by=shop.owner, category=category, parent=parent)
    return name


@contextmanager
def keeping_the_account(shop: Shop) -> Iterator[None]:
    with shop.inside():
        catalogue.accounts.lock_account(shop.account)
        yield


MOVES = [("Food", "Tools"), ("Tools", "Tea")]


def test_of_two_that_move_below_each_other_at_once_one_does(busy):
    plant(busy)
    calls = [lambda names=names: move(busy, *names) for names in MOVES]
    first, second = one_behind_another(calls, held=keeping_the_account(busy))
    assert first == "Food"
    assert isinstance(second, CategoryCircle)
    assert parents(busy) == {"Food": "Tools", "Drinks": "Food", "Tea": "Drinks", "Tools": None}


def test_control_without_the_lock_both_do_and_stand_below_each_other(busy, monkeypatch):
    monkeypatch.setattr(catalogue.accounts, "lock_account", lambda _: None)
    plant(busy)
    barrier = threading.Barrier(2)

    def race(name: str, below: str) -> str:
        with meeting_before("UPDATE", barrier):
            return move(busy, name, below)

    assert at_once([lambda names=names: race(*names) for names in MOVES]) == ["Food", "Tools"]
    assert parents(busy) == {"Food": "Tools", "Drinks": "Food", "Tea": "Drinks", "Tools": "Tea"}


# --- Reorder points ---------------------------------------------------------------------------------------------------


def test_of_two_that_add_the_same_reorder_point_at_once_one_does(busy):
    body = point(busy)
    clients = [busy.client() for _ in range(4)]
    answers = at_once([lambda client=client: client.post(REORDER_POINTS, body).status_code for client in clients])
    assert sorted(answers) == [201, 409, 409, 409]
    assert len(ids(busy, REORDER_POINTS)) == 1
