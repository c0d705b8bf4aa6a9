"""The day until which goods wait for a customer, and a customer for whom goods wait."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from sales import services
from sales.errors import GoodsLaidAside
from sales.models import Layaway
from sales.services import layaways
from tests.answers import paths_of, refused
from tests.conftest import receive
from tests.places import add_member, add_place
from tests.races import meanwhile, watching
from tests.sales.asides import LAYAWAYS, cancel, complete, customer_of, due, laid, pay, shown, took
from tests.sales.requests import CUSTOMERS, SALES
from tests.sales.test_layaways import SHORT, available, sell_it
from tests.sales.test_layaways_at_once import a_customer, adds_up, lay_aside
from tests.test_query_counts import statements


def move(shop, pk, days, *, member=None, **headers):
    return shop.client(member).patch(f"{LAYAWAYS}{pk}/", {"due_on": due(shop, days)}, **headers)


@pytest.fixture
def last(bare):
    """A shop with one piece of its one product."""
    with bare.inside():
        receive(bare, "1")
    return bare


# --- Another day ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_later_day_holds_the_goods_until_its_end(last):
    layaway = laid(last, "1", paid="2", days=2)
    moved = took(move(last, layaway["id"], 8))
    assert (moved["due_on"], moved["version"], moved["paid"]) == (due(last, 8), layaway["version"] + 1, "2.00")
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        last.sessions.clear()
        refused(last, lambda: sell_it(last), *SHORT)
        assert shown(last, layaway["id"])["is_overdue"] is False
    with time_machine.travel(timezone.now() + timedelta(days=9), tick=True):
        last.sessions.clear()
        assert available(last, last.products[0]) == ("0.000", "1.000")
    with last.inside():
        event = last.account.audit_events.get(action="layaway.changed")
        assert event.after == {"due_on": due(last, 8)}


@pytest.mark.django_db
def test_an_earlier_day_lets_go_of_them_earlier(last):
    layaway = laid(last, "1", paid="2", days=20)["id"]
    took(move(last, layaway, 2))
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=True):
        last.sessions.clear()
        assert sell_it(last).status_code == 201


@pytest.mark.django_db
def test_one_that_is_overdue_holds_again_what_is_there_still_and_else_stays_as_it_was(last):
    layaway = laid(last, "1", paid="2", days=2)["id"]
    with time_machine.travel(timezone.now() + timedelta(days=4), tick=True):
        last.sessions.clear()
        took(move(last, layaway, 3))
        refused(last, lambda: sell_it(last), *SHORT)
        assert available(last, last.products[0]) == ("1.000", "0.000")
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        last.sessions.clear()
        assert sell_it(last).status_code == 201
        before = shown(last, layaway)
        refused(last, lambda: move(last, layaway, 30), *SHORT)
        assert (shown(last, layaway), before["is_overdue"]) == (before, True)


@pytest.mark.django_db
@pytest.mark.parametrize("days", [-1, 367])
def test_a_day_that_cannot_be_is_refused(shop, days):
    layaway = laid(shop, "1", paid="5")["id"]
    told = refused(shop, lambda: move(shop, layaway, days), 400, "invalid_input")
    assert paths_of(told) == [("due_on", "invalid_span")]
    for wrong in (None, "", "tomorrow", "2026-02-30", 1):
        body = {"due_on": wrong}
        refused(shop, lambda b=body: shop.client().patch(f"{LAYAWAYS}{layaway}/", b), 400, "invalid_input")
    assert took(shop.client().patch(f"{LAYAWAYS}{layaway}/", {}))["due_on"] == due(shop, 30)


@pytest.mark.django_db
def test_one_that_is_over_waits_for_nobody(shop):
    given_up, handed_over = laid(shop, "1", paid="5")["id"], laid(shop, "1", paid="10")["id"]
    took(cancel(shop, given_up))
    took(complete(shop, handed_over))
    for layaway in (given_up, handed_over):
        refused(shop, lambda pk=layaway: move(shop, pk, 40), 409, "layaway_closed")
    assert available(shop, shop.products[0]) == ("0.000", "99.000")


@pytest.mark.django_db
def test_what_is_no_longer_sold_waits_for_nobody(shop):
    layaway = laid(shop, "1", paid="5")["id"]
    with shop.inside():
        product = shop.account.products.locked().get(pk=shop.products[0].pk)
        inventory.change_product(by=shop.owner, product=product, is_active=False)
    refused(shop, lambda: move(shop, layaway, 40), 409, "product_inactive")


@pytest.mark.django_db
def test_who_saw_an_older_version_moves_nothing(shop):
    layaway = laid(shop, "1", paid="5")
    took(pay(shop, layaway["id"], ("CASH", "1")))
    refused(shop, lambda: move(shop, layaway["id"], 40, HTTP_IF_MATCH=f'"{layaway["version"]}"'), 412, "stale_version")
    took(move(shop, layaway["id"], 40, HTTP_IF_MATCH=f'"{layaway["version"] + 1}"'))


@pytest.mark.django_db
def test_nobody_from_elsewhere_moves_it(shop, stranger):
    layaway = laid(shop, "1", paid="5")["id"]
    there = add_place(shop)
    limited = add_member(shop, Role.MANAGER, there.storefront)
    refused(shop, lambda: move(shop, layaway, 40, member=limited), 404, "not_found")
    refused(shop, lambda: move(stranger, layaway, 40), 404, "not_found")
    staff = add_member(shop, Role.STAFF, name="Esi")
    refused(shop, lambda: move(shop, layaway, 40, member=staff), 403, "capability_missing")
    took(move(shop, layaway, 40, member=shop.cashier))


@pytest.mark.django_db
def test_the_number_of_statements_does_not_grow_with_the_lines(shop):
    small, large = laid(shop, "1", paid="5")["id"], laid(shop, "1", "1", "1", paid="5")["id"]
    move(shop, small, 33)
    few = len(statements(lambda: took(move(shop, small, 34))))
    assert len(statements(lambda: took(move(shop, large, 34)))) == few


# --- A customer who is waited for -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_customer_for_whom_goods_wait_is_not_forgotten(shop):
    layaway = laid(shop, "1", paid="5")["id"]
    url = f"{CUSTOMERS}{customer_of(shop)}/"
    refused(shop, lambda: shop.client().post(f"{url}erase/"), 409, "goods_laid_aside")
    assert shop.client().get(url).json()["data"]["name"] == "Efua"
    took(cancel(shop, layaway))
    assert took(shop.client().post(f"{url}erase/"))["name"] == "Erased customer"


@pytest.mark.django_db
def test_when_the_goods_are_handed_over_the_customer_may_be_forgotten(shop):
    took(complete(shop, laid(shop, "1", paid="10")["id"]))
    url = f"{CUSTOMERS}{customer_of(shop)}/erase/"
    assert took(shop.client().post(url))["is_active"] is False
    body = {"due_on": due(shop), "payments": [], "register": str(shop.register.pk), "customer": url.split("/")[-3]}
    body |= {"storefront": str(shop.storefront.pk), "lines": shop.basket()["lines"], "id": str(uuid7())}
    told = refused(shop, lambda: shop.client().post(LAYAWAYS, body), 400, "invalid_input")
    assert paths_of(told) == [("customer", "does_not_exist")]
    assert shop.client().get(SALES).json()["count"] == 1


def forget(shop, customer):
    with shop.inside():
        locked = shop.account.customers.locked().get(pk=customer.pk)
        return services.erase_customer(by=shop.owner, customer=locked)


def test_a_customer_is_forgotten_or_waited_for_but_not_both(busy):
    customer = a_customer(busy)
    with watching() as until_blocked:
        held = meanwhile('INSERT INTO "layaways"', lambda: forget(busy, customer), until=lambda _: until_blocked(1))
        with pytest.raises(GoodsLaidAside), held:
            lay_aside(busy, "1", "5")
    with busy.inside():
        assert busy.account.customers.get().is_active
        assert busy.account.layaways.get().paid == Decimal(5)
    assert adds_up()


def test_control_without_the_lock_goods_wait_for_somebody_who_is_forgotten(busy, monkeypatch):
    customer = a_customer(busy)
    monkeypatch.setattr(layaways, "_lock_customer", lambda by, pk: by.account.customers.get(pk=pk))
    with meanwhile('INSERT INTO "layaways"', lambda: forget(busy, customer)):
        assert isinstance(lay_aside(busy, "1", "5"), Layaway)
    with busy.inside():
        assert not busy.account.customers.get().is_active
