"""Two at the same instant, on real PostgreSQL; each race has a control that shows it without the guard."""

from functools import partial
from threading import Barrier

import pytest
from django.db import IntegrityError, connections
from rest_framework.test import APIClient

from accounts import services
from accounts.models import Account, Membership
from accounts.roles import Role
from tests.conftest import PASSWORD, open_shop
from tests.races import at_once, count_of, without

pytestmark = pytest.mark.usefixtures("committed")


def owner_sql(sql, params=()):
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else None


def register(email):
    body = {
        "business_name": "Esi Stores",
        "name": "Esi",
        "email": email,
        "password": PASSWORD,
        "country": "GH",
    }
    response = APIClient(raise_request_exception=False).post("/api/v1/accounts/auth/register-business/", body)
    return response.status_code, response.json().get("code")


def users():
    return owner_sql("SELECT count(*), count(DISTINCT account_id) FROM users")[0]


def test_s03_one_person_who_registers_two_businesses_at_once_gets_one():
    """S03."""
    forms = ["esi@x.com", "ESI@x.com", "esi@ｘ.com", "Esi@X.com"]
    results = at_once([partial(register, form) for form in forms])
    assert sorted(results, key=str) == [(201, None)] + [(409, "user_already_exists")] * 3
    assert users() == (1, 1)
    assert owner_sql("SELECT count(*) FROM accounts")[0] == (1,)


def test_s03_control_without_the_constraint_the_person_is_there_twice():
    """S03."""
    with without("one_user_per_email"):
        results = at_once([partial(register, "esi@x.com")] * 2)
        assert results == [(201, None)] * 2
        assert users() == (2, 2)


def seat(shop, user):
    with shop.inside():
        shop.account.memberships.create(user=user, name="Esi", role=Role.CASHIER)
    return "seated"


def a_person_without_a_seat(shop):
    with shop.inside():
        shop.account.memberships.filter(pk=shop.cashier.pk).update(user=None, is_active=False)
    return shop.cashier.user


def test_s03_one_person_who_is_given_two_seats_at_once_has_one():
    """S03."""
    shop = open_shop("Ama Provisions")
    user = a_person_without_a_seat(shop)
    results = at_once([partial(seat, shop, user)] * 4)
    assert (count_of(results, "seated"), count_of(results, IntegrityError)) == (1, 3)
    with shop.inside():
        assert Membership.across_accounts.filter(user=user).count() == 1


def test_s03_control_without_the_constraint_the_person_has_two_seats():
    """S03."""
    shop = open_shop("Ama Provisions")
    user = a_person_without_a_seat(shop)
    with without("one_user_one_business"):
        assert at_once([partial(seat, shop, user)] * 2) == ["seated"] * 2
        with shop.inside():
            assert Membership.across_accounts.filter(user=user).count() == 2


def rename(shop, name):
    response = shop.client().patch("/api/v1/accounts/account/", {"name": name}, HTTP_IF_MATCH='"1"')
    return response.status_code


def facts(shop):
    with shop.inside():
        events = shop.account.audit_events.filter(action="account.changed").count()
        return Account.across_accounts.get().version, events


def test_of_two_who_change_what_they_have_read_at_once_one_is_told_that_it_is_stale():
    shop = open_shop("Ama Provisions")
    results = at_once([partial(rename, shop, f"Name {number}") for number in range(4)])
    assert sorted(results) == [200, 412, 412, 412]
    assert facts(shop) == (2, 1)


def test_control_without_the_lock_a_change_is_lost():
    shop = open_shop("Ama Provisions")
    both_have_read = Barrier(2)

    def change(name):
        with shop.inside():
            account = Account.across_accounts.get()
            assert account.version == 1
            both_have_read.wait(timeout=30)
            services.change_account(by=shop.owner, account=account, name=name)
        return "changed"

    assert at_once([partial(change, "One"), partial(change, "Two")]) == ["changed"] * 2
    assert facts(shop) == (2, 2)
