"""What is answered to everybody, everywhere, is what the table in tests/access.py says."""

import re
from decimal import Decimal

import pytest
from django.urls import path
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView
from uuid_utils.compat import uuid7

from accounts import roles, tokens
from accounts import services as accounts
from accounts.models import Account, Membership, Session, SessionKind
from accounts.roles import Capability, Role
from core import tenancy
from core.api.views import DeclaredView
from subscriptions.policy import State
from tests.access import (
    ALONE,
    BOTH,
    BY_PIN,
    COOKIE,
    EDGES,
    EVERY_RIGHT,
    LEAVING,
    LENT,
    NAMED,
    OF_A_BUSINESS,
    OF_THE_PLATFORM,
    PIN,
    PLATFORM_RIGHTS,
    PUBLIC,
    RIGHTS,
    STATES,
    TABLE,
    UNNAMED,
    compare,
    gated,
    member,
    put_in_state,
)
from tests.conftest import PASSWORD, open_shop
from tests.routes import addresses, routes, routes_among

TENANT_ERROR = "must be associated with a business"
# Beside what is under /api/v1/: nothing here shows a row of a business, but the one receipt whose secret link somebody
# has; and what is for the platform's staff alone.
OPEN_ADDRESSES = {"healthz", "readyz", "metrics", "api/schema/", "api/docs/", "r/{token}/", ""}
CONSOLE = "admin/"


def test_s07_every_route_has_a_row_in_the_table_and_every_row_a_route():
    """S07."""
    assert sorted(route.name for route in routes()) == sorted(TABLE)


def test_the_roles_the_rights_the_limits_and_the_states_of_this_page_are_all_there_are():
    assert set(RIGHTS) == set(ALONE) == set(Role.values)
    assert {str(right) for right in Capability} == EVERY_RIGHT | PLATFORM_RIGHTS
    assert set(STATES) == set(State)
    assert {str(right) for right in roles.APPROVABLE} == LENT
    assert set(OF_THE_PLATFORM) == roles.PLATFORM
    for role, rights in RIGHTS.items():
        assert {str(right) for right in Membership(role=role).capabilities} == rights, role
        assert Membership(role=role, is_active=False).capabilities == frozenset(), role
        by_pin = Membership(role=role)
        by_pin.session = Session(kind=SessionKind.PIN)
        assert {str(right) for right in by_pin.capabilities} == rights & BY_PIN, role
        limits = Membership(role=role).limits
        alone = tuple(None if most is None else Decimal(most) for most in ALONE[role])
        assert (limits.discount, limits.refund, limits.adjustment) == alone, role


def test_an_approver_lends_a_right_that_may_be_lent_and_no_other_and_the_wider_limit_of_the_two():
    for lender, rights in RIGHTS.items():
        for role, own in RIGHTS.items():
            helped = Membership(role=role)
            helped.approver = Membership(role=lender)
            may = {str(right) for right in Capability if helped.may(right)}
            assert may == own | (rights & LENT), (role, lender)
            for kind, mine, theirs in zip(
                ("discount", "refund", "adjustment"), ALONE[role], ALONE[lender], strict=True
            ):
                wider = None if None in (mine, theirs) else max(mine, theirs)
                assert getattr(helped.limits, kind) == wider, (role, lender, kind)


@pytest.mark.parametrize("state", STATES)
def test_s07_every_route_answers_every_role_as_the_table_says(shop, state):
    """S07."""
    put_in_state(shop, state)
    for role in OF_A_BUSINESS:
        compare(shop.client(member(shop, role)), role=role, state=state)


@pytest.mark.parametrize("edge", EDGES)
def test_s18_at_the_edges_of_each_state_every_route_answers_as_the_table_says(shop, edge):
    """S18."""
    put_in_state(shop, edge)
    state, _ = EDGES[edge]
    response = shop.client().get("/api/v1/subscriptions/status/")
    assert (response.json()["data"]["state"], response["X-Subscription-Status"]) == (state, state)
    compare(shop.client(), role="OWNER", state=state)


# --- Credentials ------------------------------------------------------------------------------------------------------


def by_cookie(person):
    """A browser, signed in, that sends what it has to with every write."""
    client = APIClient(raise_request_exception=False, enforce_csrf_checks=True)
    signed_in = client.post("/api/v1/accounts/auth/login/", {"email": person.user.email, "password": PASSWORD})
    assert signed_in.status_code == 200, signed_in.content
    client.credentials(HTTP_X_CSRFTOKEN=signed_in.json()["data"]["csrf_token"])
    return client


def by_both(shop, person, *, token_of=None):
    client = by_cookie(person)
    client.credentials(HTTP_AUTHORIZATION=shop.bearer(token_of or person))
    return client


def by_pin(shop, person):
    """Somebody who changed on a registered till, and the header of that till."""
    with shop.inside():
        accounts.change_pin(by=person, password=PASSWORD, pin="4702")
        till = {"HTTP_X_DEVICE_TOKEN": accounts.add_device(by=shop.owner, name="Phone").token}
    client = APIClient(raise_request_exception=False)
    changed = client.post("/api/v1/accounts/auth/pin/", {"member": str(person.pk), "pin": "4702"}, **till)
    assert changed.status_code == 200, changed.content
    return f"Bearer {changed.json()['data']['access']}", till


def with_headers(bearer, **headers):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=bearer, **headers)
    return client


@pytest.mark.parametrize("role", OF_A_BUSINESS)
def test_s07_every_route_answers_every_credential_as_the_table_says(shop, role):
    """S07."""
    person = member(shop, role)
    compare(by_cookie(person), role=role, kind=COOKIE)
    compare(by_both(shop, person), role=role, kind=BOTH)
    bearer, till = by_pin(shop, person)
    compare(with_headers(bearer, **till), role=role, kind=PIN)


@pytest.mark.parametrize("role", ["OWNER", "STAFF"])
def test_s07_a_credential_that_is_void_opens_nothing_that_is_closed_to_nobody(shop, stranger, role):
    """S07."""
    person = member(shop, role)
    bearer, _ = by_pin(shop, person)
    compare(with_headers(bearer), role=role, kind="PIN away from its till")
    for elsewhere in (shop, stranger):
        _, another = by_pin(elsewhere, elsewhere.cashier)
        compare(with_headers(bearer, **another), role=role, kind="PIN on another till")
    compare(by_both(shop, person, token_of=shop.cashier), role=role, kind="two people's")


# --- The platform's staff ---------------------------------------------------------------------------------------------


def platform_staff(*, has_code=True):
    """The header of each of the platform's roles, signed in with a second factor or without."""
    account_id = uuid7()
    with tenancy.scope(account_id):
        account = Account.across_accounts.create(
            id=account_id, name="Makola", country="GH", currency="GHS", time_zone="UTC", is_platform=True
        )
        found = {}
        for role in OF_THE_PLATFORM:
            person = accounts.add_member(
                account=account, name=role, email=f"{role.lower()}@makola.example", password=PASSWORD, role=Role(role)
            )
            session = accounts.open_session(by=person, kind=SessionKind.TOKEN, is_verified=has_code)
            found[role] = f"Bearer {tokens.issue(session)['access']}"
    return found


def test_s04d_platform_staff_are_answered_as_the_table_says_and_each_request_for_a_business_is_on_record(committed):
    """S04."""
    shop = open_shop("Ama Provisions")
    for role, bearer in platform_staff().items():
        compare(with_headers(bearer), role=role, kind=UNNAMED)
        named = with_headers(bearer, HTTP_X_ACCOUNT_ID=str(shop.id))
        for state in ("TRIAL", "EXPIRED"):
            put_in_state(shop, state)
            compare(named, role=role, state=state, kind=NAMED)
    with shop.inside():
        requested = shop.account.audit_events.filter(action="staff.requested")
        seats = shop.account.memberships.exclude(staff=None)
        assert sorted(seats.values_list("role", flat=True)) == sorted(OF_THE_PLATFORM)
        assert {event.by_id for event in requested} == {seat.pk for seat in seats}
        asked = [(event.after["method"], event.after["path"].count("/")) for event in requested]
        assert len(asked) == 2 * 2 * len(routes())
        assert {(route.method, route.url(uuid7()).count("/")) for route in routes()} == set(asked)


def test_s04d_platform_staff_without_a_second_factor_come_nowhere(committed):
    """S04."""
    shop = open_shop("Ama Provisions")
    for role, bearer in platform_staff(has_code=False).items():
        client = with_headers(bearer, HTTP_X_ACCOUNT_ID=str(shop.id))
        compare(client, role=role, kind="the platform's, without a second factor")
    with shop.inside():
        assert not shop.account.audit_events.filter(action="staff.requested").exists()
        assert not shop.account.memberships.exclude(staff=None).exists()


def test_s04d_to_name_ones_own_business_changes_nothing_and_to_name_another_is_to_name_none(shop, stranger):
    """S04."""
    compare(with_headers(shop.bearer(), HTTP_X_ACCOUNT_ID=str(shop.id).upper()), role="OWNER")
    for route in gated():
        said = set()
        for named in (str(stranger.id), str(uuid7()), "nonsense", "", str(stranger.id).replace("-", "")):
            client = with_headers(shop.bearer(), HTTP_X_ACCOUNT_ID=named)
            response = getattr(client, route.method.lower())(route.url(stranger.products[0].pk))
            body = {**response.json(), "request_id": ""}
            said.add((response.status_code, body["code"], str(body)))
        assert [(status, code) for status, code, _ in said] == [(404, "not_found")], (route.name, said)
    with stranger.inside():
        assert not stranger.account.audit_events.filter(action="staff.requested").exists()


def test_the_public_views_are_these_and_no_others():
    unguarded = {route.name for route in routes() if not route.declared("permission_classes")}
    assert unguarded == {name for name, row in TABLE.items() if row in (PUBLIC, LEAVING)}
    unread = {route.name for route in routes() if not route.declared("authentication_classes")}
    assert unread == {name for name, row in TABLE.items() if row == PUBLIC}
    others = {
        address
        for address in addresses()
        if not address.startswith(("api/v1/", CONSOLE)) and "/api/" not in address.lstrip("/")
    }
    assert others - {""} == OPEN_ADDRESSES - {""}


def test_the_console_is_closed_to_nobody_and_to_every_tenant(shop, nobody):
    within = [address for address in addresses() if address.startswith(CONSOLE) and address != f"{CONSOLE}login/"]
    assert len(within) >= 20
    for client in (nobody, by_cookie(shop.owner), shop.client()):
        for address in within:
            response = client.get("/" + re.sub(r"\{\w+\}", "1", address))
            assert response.status_code in (302, 401, 403, 404, 405), (address, response.status_code)
            assert response.get("Location", f"/{CONSOLE}").startswith(f"/{CONSOLE}"), address


def test_s01_the_old_frontends_paths_are_answered_by_the_same_views():
    """S01."""
    known = addresses()
    for address, callback in known.items():
        if address.startswith("api/v1/"):
            app, _, rest = address.removeprefix("api/v1/").partition("/")
            assert known[f"{app}/api/{rest}"] is callback, address


def test_s01_nobody_is_told_to_sign_in_and_nothing_about_businesses(db, nobody):
    """S01."""
    for route in gated():
        response = getattr(nobody, route.method.lower())(route.url(uuid7()))
        assert (response.status_code, response.json()["code"]) == (401, "not_signed_in"), route.name
        assert response["WWW-Authenticate"] == 'Bearer realm="api"', route.name
        assert TENANT_ERROR not in response.content.decode().lower(), route.name


@pytest.mark.parametrize("seat", ["inactive", "left"])
def test_s01_a_user_without_an_active_seat_has_no_business_here(shop, seat):
    """S01."""
    left = member(shop, "OWNER")
    client = shop.client(left)
    with shop.inside():
        seats = shop.account.memberships.filter(pk=left.pk)
        seats.update(is_active=False, **({} if seat == "inactive" else {"user": None}))
    for route in gated():
        response = getattr(client, route.method.lower())(route.url(uuid7()))
        assert (response.status_code, response.json()["code"]) == (403, "no_business"), route.name
        assert TENANT_ERROR not in response.content.decode().lower(), route.name
    assert client.post("/api/v1/accounts/auth/logout/").status_code == 204


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


def test_s07_a_view_that_is_new_is_missed_in_the_table():
    """S07."""
    found = {route.name for route in routes_among({**addresses(), "api/v1/sales/silent/": Silent.as_view()})}
    assert found - set(TABLE) == {"GET sales/silent/", "POST sales/silent/"}


@pytest.mark.urls("tests.test_access")
def test_a_view_that_declares_itself_is_open(shop):
    response = shop.client().get("/read-only/")
    assert (response.status_code, response.json()["data"]) == (200, "open")
