"""Money that comes late or unasked is told to those who may say whose it is."""

import pytest

from accounts.roles import Role
from tests.places import add_member, add_place
from tests.sales.phones import add_customer, ask, cancel, pays, pursue, transfers

pytestmark = pytest.mark.django_db
NOTIFICATIONS = "/api/v1/system/notifications/"


def told(shop, member=None):
    rows = shop.client(member).get(NOTIFICATIONS).json()["results"]
    return [(row["kind"], row["about"], row["text"]) for row in rows]


def late(shop, fake, **extra):
    payment = ask(shop, **extra)
    assert cancel(shop, payment).status_code == 200
    pays(shop, fake, payment)
    return payment


def test_s39_what_came_late_into_a_wallet_is_a_notice_once_that_names_nobody(one, fake):
    """S39."""
    payment = late(one, fake, customer=add_customer(one))
    (transfer,) = transfers(one)
    ((kind, key, text),) = told(one)
    assert (kind, key) == ("till.paid_late", transfer["id"])
    assert text.startswith("10.00 GHS came after its time")
    assert "Efua" not in text
    pursue(one, payment)
    assert len(told(one)) == 1
    assert told(one, one.cashier) == []


def test_s39_what_waits_for_its_owner_is_a_notice_too(one, fake):
    """S39."""
    late(one, fake)
    (transfer,) = transfers(one)
    assert [(kind, key) for kind, key, _ in told(one)] == [("till.unmatched", transfer["id"])]


def test_who_works_at_another_place_is_told_nothing_of_it(one, fake):
    there = add_place(one)
    elsewhere = add_member(one, Role.MANAGER, there.storefront, name="Yaa")
    here = add_member(one, Role.MANAGER, one.storefront, name="Kofi")
    late(one, fake)
    assert len(told(one, here)) == 1
    assert told(one, elsewhere) == []
