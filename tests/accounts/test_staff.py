"""S04: the platform's staff in a business: only when they name it, and never unseen."""

import pytest
from django.db import connections
from uuid_utils.compat import uuid7

from accounts import services, tokens
from accounts.models import SessionKind
from accounts.roles import Role
from core import tenancy
from tests.accounts.people import MEMBERSHIPS, accept, invite, roles_of, seat_of
from tests.accounts.tills import AUTH, ME, PRODUCTS, client, refresh, same_but_for_the_id, told
from tests.conftest import PASSWORD, open_shop
from tests.console import hire
from tests.races import at_once, without

pytestmark = pytest.mark.usefixtures("committed")

PRODUCT = {"sku": "NEW", "name": "New thing", "retail_price": "1.00"}


@pytest.fixture
def shop():
    return open_shop("Ama Provisions")


@pytest.fixture
def stranger():
    return open_shop("Stranger Stores")


@pytest.fixture
def support():
    return hire(Role.SUPPORT)


@pytest.fixture
def operator():
    return hire(Role.OPERATOR, "Kojo")


def issued(staff, *, is_verified=True):
    """What staff have got who have signed in, with the second factor unless told."""
    with tenancy.scope(staff.member.account_id):
        session = services.open_session(by=staff.member, kind=SessionKind.TOKEN, is_verified=is_verified)
    return tokens.issue(session)


def acting(staff, named=None, **how):
    """Staff at work, for the business that they name."""
    headers = {} if named is None else {"HTTP_X_ACCOUNT_ID": str(getattr(named, "id", named))}
    return client(issued(staff, **how)["access"], **headers)


def visits(shop):
    """What the history of the business says of staff who came: who, and for what."""
    with shop.inside():
        events = shop.account.audit_events.filter(action="staff.requested").select_related("by").order_by("id")
        return [(event.by.staff_id, event.after["method"], event.after["path"]) for event in events]


def support_seats(shop):
    with shop.inside():
        return shop.account.memberships.exclude(staff=None).count()


# --- Those who name a business ----------------------------------------------------------------------------------------


def test_s04d_staff_who_name_a_business_read_its_rows_and_it_reads_that_they_did(shop, stranger, support):
    """S04."""
    response = acting(support, shop).get(PRODUCTS)
    listed = {row["id"] for row in response.json()["results"]}
    assert listed == {str(product.pk) for product in shop.products}
    assert visits(shop) == [(support.member.user_id, "GET", PRODUCTS)]
    assert visits(stranger) == []
    history = shop.client().get("/api/v1/system/audit-logs/").json()["results"]
    (seen,) = [event for event in history if event["action"] == "staff.requested"]
    assert seen["request_id"] == response.json()["request_id"]
    assert seen["by_name"] == "Akua (Makola)"


def test_s04d_every_request_of_staff_is_on_record_also_the_refused_one(shop, support):
    """S04."""
    asked = acting(support, shop)
    unknown = f"{PRODUCTS}{uuid7()}/"
    assert told(asked.get(PRODUCTS)) == (200, None)
    assert told(asked.get(unknown)) == (404, "not_found")
    assert told(asked.get(PRODUCTS, {"nonsense": "1"}))[0] == 400
    assert told(asked.post(PRODUCTS, PRODUCT)) == (403, "capability_missing")
    ways = [("GET", PRODUCTS), ("GET", unknown), ("GET", PRODUCTS), ("POST", PRODUCTS)]
    assert visits(shop) == [(support.member.user_id, *way) for way in ways]
    assert support_seats(shop) == 1


def test_s04d_support_reads_and_changes_nothing(shop, support):
    """S04."""
    asked, before = acting(support, shop), roles_of(shop)
    writes = [
        asked.post(PRODUCTS, PRODUCT),
        asked.patch(f"{PRODUCTS}{shop.products[0].pk}/", {"name": "Mine"}),
        asked.post("/api/v1/sales/sales/", shop.basket()),
        asked.patch("/api/v1/accounts/account/", {"name": "Mine"}),
        asked.patch(seat_of(shop.cashier), {"role": "OWNER"}),
        asked.post(f"{seat_of(shop.cashier)}deactivate/"),
        asked.post("/api/v1/accounts/invitations/", {"email": "mine@x.example", "role": "OWNER"}),
    ]
    assert {told(response) for response in writes} == {(403, "capability_missing")}
    with shop.inside():
        assert shop.account.products.count() == len(shop.products)
        assert shop.account.sales.count() == shop.account.invitations.count() == 0
    assert {pk: seat for pk, seat in roles_of(shop).items() if pk in before} == before


def test_s04d_an_operator_writes_and_the_deed_bears_the_name(shop, operator):
    """S04."""
    made = acting(operator, shop).post(PRODUCTS, PRODUCT)
    assert made.status_code == 201, made.content
    moved = acting(operator, shop).patch(seat_of(shop.cashier), {"role": "MANAGER"})
    assert moved.status_code == 200, moved.content
    with shop.inside():
        assert shop.account.products.filter(pk=made.json()["data"]["id"]).exists()
        event = shop.account.audit_events.select_related("by").get(action="membership.changed")
        assert (event.by.staff_id, event.by.name) == (operator.member.user_id, "Kojo (Makola)")
        assert event.after == {"role": "MANAGER"}


def test_s04d_no_seat_of_staff_is_among_the_people_of_the_business(shop, operator):
    """S04."""
    assert acting(operator, shop).get(PRODUCTS).status_code == 200
    with shop.inside():
        seat = shop.account.memberships.exclude(staff=None).get()
    listed = shop.client().get(MEMBERSHIPS)
    assert "Makola" not in listed.content.decode()
    for here in (shop.client(), acting(operator, shop)):
        assert told(here.patch(seat_of(seat), {"role": "OWNER"})) == (404, "not_found")
        assert told(here.post(f"{seat_of(seat)}deactivate/")) == (404, "not_found")


def test_s04d_staff_who_come_for_the_first_time_eight_times_at_once_have_one_seat(shop, support):
    """S04."""
    access = issued(support)["access"]

    def come():
        return client(access, HTTP_X_ACCOUNT_ID=str(shop.id)).get(PRODUCTS).status_code

    assert at_once([come] * 8) == [200] * 8
    assert (support_seats(shop), len(visits(shop))) == (1, 8)


def test_s04d_control_without_the_constraint_a_second_seat_is_stored(shop, support):
    """S04."""

    def sit():
        with shop.inside():
            shop.account.memberships.create(staff=support.member.user, name="Akua", role=Role.SUPPORT)

    with without("one_support_seat"):
        assert at_once([sit] * 2) == [None, None]
        assert support_seats(shop) == 2


# --- Those who name none, or what is none -----------------------------------------------------------------------------


def test_s04d_staff_who_name_nobody_are_in_no_business_but_know_who_they_are(shop, operator):
    """S04."""
    asked = acting(operator)
    for path in (PRODUCTS, MEMBERSHIPS, "/api/v1/accounts/account/"):
        assert told(asked.get(path)) == (403, "account_not_named")
    assert told(asked.post(PRODUCTS, PRODUCT)) == (403, "account_not_named")
    assert told(asked.get(ME)) == (200, None)
    assert (visits(shop), support_seats(shop)) == ([], 0)


def test_s04d_the_platforms_own_account_is_no_business_to_name(operator):
    """S04."""
    home = operator.member.account_id
    for named in (str(home), str(home).upper()):
        assert told(acting(operator, named).get(PRODUCTS)) == (403, "account_not_named")


@pytest.mark.parametrize("named", ["", "x", "1", "00000000-0000-0000-0000-000000000000", "' OR 1=1 --", "{}"])
def test_s04d_what_is_no_business_is_404_whatever_it_looks_like(operator, named):
    """S04."""
    unknown = acting(operator, uuid7()).get(PRODUCTS)
    response = acting(operator, named).get(PRODUCTS)
    assert told(response) == told(unknown) == (404, "not_found")
    assert same_but_for_the_id(response, unknown)


def test_s04d_what_is_about_oneself_is_not_done_in_the_name_of_a_business(shop, operator):
    """S04."""
    body = {"old_password": PASSWORD, "password": "another-horse-battery"}
    asked = acting(operator, shop)
    assert told(asked.post(f"{AUTH}password/change/", body)) == (403, "own_affair")
    owned = roles_of(shop)[shop.owner.pk]
    for path in (f"{AUTH}leave/", f"{AUTH}logout/", f"{seat_of(shop.cashier)}hand-over/"):
        assert told(asked.post(path)) == (403, "own_affair"), path
    assert roles_of(shop)[shop.owner.pk] == owned
    assert asked.get(PRODUCTS).status_code == 200


# --- Those who are not staff, or not enough ---------------------------------------------------------------------------


def test_s04d_without_the_second_factor_staff_see_no_business(shop, operator):
    """S04."""
    half = acting(operator, shop, is_verified=False)
    assert told(half.get(PRODUCTS)) == (401, "second_factor_required")
    assert told(half.post(PRODUCTS, PRODUCT)) == (401, "second_factor_required")
    body = {"email": operator.member.user.email, "password": PASSWORD}
    for way in ("token", "login"):
        assert told(client().post(f"{AUTH}{way}/", body)) == (401, "second_factor_required")
    assert (visits(shop), support_seats(shop)) == ([], 0)
    right = client().post(f"{AUTH}token/", operator.credentials).json()["data"]["access"]
    assert client(right, HTTP_X_ACCOUNT_ID=str(shop.id)).get(PRODUCTS).status_code == 200


@pytest.mark.parametrize("role", ["owner", "cashier"])
def test_s04d_a_tenant_who_names_another_business_gets_what_an_unknown_one_gets(shop, stranger, operator, role):
    """S04."""
    bearer = shop.bearer(getattr(shop, role))

    def naming(account_id):
        named = client(HTTP_AUTHORIZATION=bearer, HTTP_X_ACCOUNT_ID=str(account_id))
        return [named.get(PRODUCTS), named.post(PRODUCTS, PRODUCT), named.get(ME)]

    unknown = naming(uuid7())
    for other in (stranger.id, operator.member.account_id, "nonsense"):
        for response, like in zip(naming(other), unknown, strict=True):
            assert told(response) == told(like) == (404, "not_found")
            assert same_but_for_the_id(response, like)
    assert (visits(stranger), support_seats(stranger)) == ([], 0)
    for own in (str(shop.id), str(shop.id).upper()):
        assert naming(own)[0].status_code == 200
    assert visits(shop) == []


def test_s04d_who_has_no_role_of_the_platforms_is_no_staff_even_in_its_account(shop, support):
    """S04."""
    change_seat(support, "role = 'OWNER'")
    assert told(acting(support, shop).get(PRODUCTS)) == (404, "not_found")
    assert visits(shop) == []


def test_a_business_cannot_take_the_platforms_staff_in(shop, operator):
    token = invite(shop, operator.member.user.email, role="ADMIN")
    response = accept(token, code=operator.code())
    assert told(response) == (409, "user_already_exists")
    assert "Makola" not in response.content.decode()
    assert acting(operator, shop).get(PRODUCTS).status_code == 200


# --- Those who are staff no more --------------------------------------------------------------------------------------


def change_seat(staff, change):
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"UPDATE business_memberships SET {change} WHERE id = %s", [staff.member.pk])


def test_s10_who_is_no_longer_staff_is_out_of_every_business_at_once(shop, stranger, operator):
    """S10."""
    got = issued(operator)
    before = [client(got["access"], HTTP_X_ACCOUNT_ID=str(each.id)) for each in (shop, stranger)]
    page = operator.client()
    assert [each.get(PRODUCTS).status_code for each in before] == [200, 200]
    services.remove_staff(email=operator.member.user.email)
    assert [told(each.get(PRODUCTS)) for each in before] == [(401, "credential_invalid")] * 2
    assert [told(each.post(PRODUCTS, PRODUCT)) for each in before] == [(401, "credential_invalid")] * 2
    assert told(refresh(got["refresh"])) == (401, "credential_invalid")
    assert page.get("/admin/").status_code == 302
    assert (len(visits(shop)), len(visits(stranger))) == (1, 1)


def test_s10_a_closed_seat_opens_no_business_even_while_its_session_stands(shop, operator):
    """S10."""
    asked = acting(operator, shop)
    assert asked.get(PRODUCTS).status_code == 200
    change_seat(operator, "is_active = false")
    assert told(asked.get(PRODUCTS)) == (404, "not_found")
    assert len(visits(shop)) == 1


def test_an_operator_who_becomes_support_writes_no_more_on_the_next_request(shop, operator):
    asked = acting(operator, shop)
    assert asked.post(PRODUCTS, PRODUCT).status_code == 201
    change_seat(operator, "role = 'SUPPORT'")
    assert told(asked.post(PRODUCTS, {**PRODUCT, "sku": "NEWER"})) == (403, "capability_missing")
    assert asked.get(PRODUCTS).status_code == 200
