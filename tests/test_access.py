"""Who may do what in which state of the subscription: the whole table, written out here and compared with the answers.

A new route has to get a row in `TABLE`; nothing here is read from the declarations that it checks.
"""

from datetime import timedelta

import pytest
from django.urls import path
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.views import APIView
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Capability, Role
from core.api.views import DeclaredView
from subscriptions.models import Subscription
from subscriptions.policy import State
from tests.conftest import PASSWORD
from tests.routes import addresses, routes

pytestmark = pytest.mark.django_db

TENANT_ERROR = "must be associated with a business"
PUBLIC, MEMBER = "everybody", "any member"

# What a route asks for: a right, and the feature that the subscription has to cover.
TABLE = {
    "GET accounts/auth/csrf/": PUBLIC,
    "POST accounts/auth/register-business/": PUBLIC,
    "POST accounts/auth/login/": PUBLIC,
    "POST accounts/auth/logout/": PUBLIC,
    "POST accounts/auth/token/": PUBLIC,
    "POST accounts/auth/token/refresh/": PUBLIC,
    "GET accounts/auth/me/": MEMBER,
    "GET accounts/account/": ("account:read", "account"),
    "PATCH accounts/account/": ("account:change", "account"),
    "GET accounts/audit-events/": ("audit:read", "account"),
    "GET accounts/audit-events/{pk}/": ("audit:read", "account"),
    "GET subscriptions/status/": ("account:read", "account"),
    "GET inventory/categories/": ("catalog:read", "inventory"),
    "POST inventory/categories/": ("catalog:change", "inventory"),
    "GET inventory/categories/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/categories/{pk}/": ("catalog:change", "inventory"),
    "GET inventory/products/": ("catalog:read", "inventory"),
    "POST inventory/products/": ("catalog:change", "inventory"),
    "GET inventory/products/lookup/": ("catalog:read", "inventory"),
    "GET inventory/products/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/products/{pk}/": ("catalog:change", "inventory"),
    "GET inventory/storefronts/": ("catalog:read", "inventory"),
    "POST inventory/storefronts/": ("location:change", "inventory"),
    "GET inventory/storefronts/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/storefronts/{pk}/": ("location:change", "inventory"),
    "GET inventory/warehouses/": ("catalog:read", "inventory"),
    "POST inventory/warehouses/": ("location:change", "inventory"),
    "GET inventory/warehouses/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/warehouses/{pk}/": ("location:change", "inventory"),
    "GET inventory/stock/": ("stock:read", "inventory"),
    "POST inventory/stock/": ("stock:receive", "inventory"),
    "GET inventory/stock/{pk}/": ("stock:read", "inventory"),
    "GET inventory/stock-products/": ("stock:read", "inventory"),
    "GET inventory/stock-products/{pk}/": ("stock:read", "inventory"),
    "GET inventory/stock-movements/": ("stock:read", "inventory"),
    "GET inventory/stock-movements/{pk}/": ("stock:read", "inventory"),
    "GET sales/registers/": ("sale:read", "sales"),
    "POST sales/registers/": ("register:change", "sales"),
    "GET sales/registers/{pk}/": ("sale:read", "sales"),
    "PATCH sales/registers/{pk}/": ("register:change", "sales"),
    "GET sales/customers/": ("customer:read", "sales"),
    "POST sales/customers/": ("customer:change", "sales"),
    "GET sales/customers/{pk}/": ("customer:read", "sales"),
    "PATCH sales/customers/{pk}/": ("customer:change", "sales"),
    "GET sales/sales/": ("sale:read", "sales"),
    "POST sales/sales/": ("sale:complete", "sales"),
    "GET sales/sales/summary/": ("sale:read", "sales"),
    "GET sales/sales/{pk}/": ("sale:read", "sales"),
    "GET sales/sales/{pk}/receipt/": ("sale:read", "sales"),
    "GET sales/sales/{pk}/receipt/html/": ("sale:read", "sales"),
    "POST sales/sales/{pk}/refunds/": ("sale:refund", "sales"),
    "GET sales/refunds/": ("sale:read", "sales"),
    "GET sales/refunds/{pk}/": ("sale:read", "sales"),
}

# Beside what is under /api/v1/: nothing here shows a row of a business.
OPEN_ADDRESSES = {"healthz", "readyz", "api/schema/", "api/docs/", ""}

EVERY_RIGHT = {
    "account:read", "account:change", "catalog:read", "catalog:change", "stock:read", "stock:receive",
    "location:change", "customer:read", "customer:change", "register:change", "sale:read", "sale:complete",
    "sale:refund", "sale:backdate", "price:override", "price:wholesale", "discount:give", "audit:read",
}  # fmt: skip
LOOK = {"account:read", "catalog:read", "stock:read", "customer:read", "sale:read"}
RIGHTS = {
    "OWNER": EVERY_RIGHT,
    "ADMIN": EVERY_RIGHT,
    "MANAGER": EVERY_RIGHT - {"account:change", "audit:read"},
    "CASHIER": LOOK | {"sale:complete", "customer:change"},
    "WAREHOUSE": {"account:read", "catalog:read", "stock:read", "catalog:change", "stock:receive"},
    "STAFF": LOOK,
}
PAID = {"TRIAL", "ACTIVE"}
STATES = {  # how the dates of a subscription make each state
    "TRIAL": {"is_trial": True, "days_left": 0},
    "ACTIVE": {"is_trial": False, "days_left": 30},
    "GRACE": {"is_trial": False, "days_left": -1},
    "EXPIRED": {"is_trial": False, "days_left": -8},
    "SUSPENDED": {"is_trial": False, "days_left": 30, "suspended": True},
    "CANCELLED": {"is_trial": False, "days_left": -1, "cancelled": True},
    "NONE": None,
}
IN = "in"


def expected(row, *, role, state, writes):
    """(status, code) of the refusal, or IN."""
    if row in (PUBLIC, MEMBER):
        return IN
    right, feature = row
    if right not in RIGHTS[role]:
        return 403, "capability_missing"
    if writes and feature != "account" and state not in PAID:
        return 402, "subscription_expired"
    return IN


def answer(client, route):
    """What the gate says; past it, the empty body and the unknown id are refused for reasons of their own."""
    response = getattr(client, route.method.lower())(route.url(uuid7()))
    if response.status_code in (401, 402, 403):
        return response.status_code, response.json()["code"]
    assert response.status_code in (200, 204, 400, 404), (route.name, response.status_code, response.content)
    return IN


def gated():
    return [route for route in routes() if TABLE[route.name] != PUBLIC]


def member(shop, role):
    with shop.inside():
        return accounts.add_member(
            account=shop.account, name=role, email=f"{role}@x.example", password=PASSWORD, role=Role(role)
        )


def put_in_state(shop, state):
    facts = STATES[state]
    with shop.inside():
        held = Subscription.across_accounts.filter(account=shop.account)
        if facts is None:
            held.delete()
            return
        held.update(
            is_trial=facts["is_trial"],
            ends_on=timezone.localdate(timezone=shop.account.zone) + timedelta(days=facts["days_left"]),
            suspended_at=timezone.now() if facts.get("suspended") else None,
            cancelled_at=timezone.now() if facts.get("cancelled") else None,
        )


def test_s07_every_route_has_a_row_in_the_table_and_every_row_a_route():
    """S07."""
    assert sorted(route.name for route in routes()) == sorted(TABLE)


def test_the_roles_the_rights_and_the_states_of_this_page_are_all_there_are():
    assert set(RIGHTS) == set(Role.values)
    assert {str(right) for right in Capability} == EVERY_RIGHT
    assert set(STATES) == set(State)
    for role, rights in RIGHTS.items():
        assert {str(right) for right in Membership(role=role).capabilities} == rights, role
        assert Membership(role=role, is_active=False).capabilities == frozenset(), role


@pytest.mark.parametrize("state", STATES)
def test_s07_every_route_answers_every_role_as_the_table_says(shop, state):
    """S07."""
    put_in_state(shop, state)
    found, wanted = {}, {}
    for role in RIGHTS:
        client = shop.client(member(shop, role))
        for route in routes():
            key = f"{role} {route.name}"
            found[key] = answer(client, route)
            wanted[key] = expected(TABLE[route.name], role=role, state=state, writes=route.method != "GET")
    assert found == wanted


def test_the_public_views_are_these_and_no_others():
    unguarded = {route.name for route in routes() if not route.declared("permission_classes")}
    assert unguarded == {name for name, row in TABLE.items() if row == PUBLIC}
    others = {
        address for address in addresses() if not address.startswith("api/v1/") and "/api/" not in address.lstrip("/")
    }
    assert others - {""} == OPEN_ADDRESSES - {""}


def test_s01_the_old_frontends_paths_are_answered_by_the_same_views():
    """S01."""
    known = addresses()
    for address, callback in known.items():
        if address.startswith("api/v1/"):
            app, _, rest = address.removeprefix("api/v1/").partition("/")
            assert known[f"{app}/api/{rest}"] is callback, address


def test_s01_nobody_is_told_to_sign_in_and_nothing_about_businesses(nobody):
    """S01."""
    for route in gated():
        response = getattr(nobody, route.method.lower())(route.url(uuid7()))
        assert (response.status_code, response.json()["code"]) == (401, "not_signed_in"), route.name
        assert response["WWW-Authenticate"] == 'Bearer realm="api"', route.name
        assert TENANT_ERROR not in response.content.decode().lower(), route.name


@pytest.mark.parametrize("seat", ["inactive", "gone"])
def test_s01_a_user_without_an_active_seat_has_no_business_here(shop, seat):
    """S01."""
    left = member(shop, "OWNER")
    client = shop.client(left)
    with shop.inside():
        seats = shop.account.memberships.filter(pk=left.pk)
        seats.update(is_active=False) if seat == "inactive" else seats.delete()
    for route in gated():
        response = getattr(client, route.method.lower())(route.url(uuid7()))
        assert (response.status_code, response.json()["code"]) == (403, "no_business"), route.name
        assert TENANT_ERROR not in response.content.decode().lower(), route.name


def test_every_method_that_is_not_declared_is_refused_alike(shop):
    by_address = {}
    for route in routes():
        by_address.setdefault(route.path, (route, set()))[1].add(route.method)
    client = shop.client()
    for route, methods in by_address.values():
        for verb in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
            response = getattr(client, verb.lower())(route.url(uuid7()))
            code = response.json()["code"]
            assert (response.status_code, code) in {(405, "method_not_allowed"), (403, "view_not_declared")}, (
                verb,
                route.path,
            )


# --- Views that forget to say who may use them -----------------------------------------------------------------------


class Silent(DeclaredView):
    def get(self, request):
        return Response("open")

    post = get


class WithoutFeature(Silent):
    read_capability = write_capability = "account:read"


class ReadOnly(WithoutFeature):
    write_capability = None
    feature = "account"


class Stray(APIView):
    """A view of DRF's own kind, which has never heard of rights."""

    def get(self, request):
        return Response("open")

    post = get


urlpatterns = [
    path("silent/", Silent.as_view()),
    path("without-feature/", WithoutFeature.as_view()),
    path("read-only/", ReadOnly.as_view()),
    path("stray/", Stray.as_view()),
]


@pytest.mark.urls("tests.test_access")
@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "/silent/"),
        ("post", "/silent/"),
        ("get", "/without-feature/"),
        ("post", "/without-feature/"),
        ("post", "/read-only/"),
        ("get", "/stray/"),
        ("post", "/stray/"),
    ],
)
def test_s07_a_view_that_declares_nothing_is_closed_even_to_the_owner(shop, method, address):
    """S07."""
    response = getattr(shop.client(), method)(address)
    assert (response.status_code, response.json()["code"]) == (403, "view_not_declared")


@pytest.mark.urls("tests.test_access")
def test_a_view_that_declares_itself_is_open(shop):
    response = shop.client().get("/read-only/")
    assert (response.status_code, response.json()["data"]) == (200, "open")
