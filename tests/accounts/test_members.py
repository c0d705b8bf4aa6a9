"""Seats: seen, changed, limited to places, closed, opened again, handed over; by whom, and by whom not."""

import pytest
from uuid_utils.compat import uuid7

from accounts import services
from accounts.errors import CapabilityMissing
from tests.accounts.people import MEMBERSHIPS, hire, leave, now, roles_of, seat_of
from tests.accounts.tills import AUTH, ME, browser, client, give_pin, refresh, register, sign_in, told
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

WRITES = {
    "change": ("patch", "", {"role": "STAFF"}),
    "deactivate": ("post", "deactivate/", {}),
    "reactivate": ("post", "reactivate/", {}),
    "remove-pin": ("post", "remove-pin/", {}),
}


def write(asking, member, name, body=None):
    method, action, usual = WRITES[name]
    return getattr(asking, method)(f"{seat_of(member)}{action}", usual if body is None else body)


def test_all_seats_are_listed_also_those_that_were_left_but_none_of_strangers_and_none_of_support(shop, stranger):
    leave(shop, shop.cashier)
    with shop.inside():
        shop.account.memberships.create(staff=stranger.owner.user, name="Support", role="SUPPORT")
    rows = shop.client().get(MEMBERSHIPS).json()["results"]
    assert {(row["id"], row["is_active"]) for row in rows} == {
        (str(shop.owner.pk), True),
        (str(shop.cashier.pk), False),
    }
    assert told(shop.client().get(seat_of(stranger.cashier))) == (404, "not_found")


def test_a_role_is_changed_noted_and_in_force_on_the_next_request(shop):
    till = shop.client(shop.cashier)
    assert told(till.get(MEMBERSHIPS)) == (403, "capability_missing")
    response = shop.client().patch(seat_of(shop.cashier), {"role": "MANAGER"})
    assert (response.status_code, response.json()["data"]["role"]) == (200, "MANAGER")
    assert told(till.get(MEMBERSHIPS)) == (200, None)
    with shop.inside():
        event = shop.account.audit_events.get(action="membership.changed")
        assert (event.by_id, event.before, event.after) == (shop.owner.pk, {"role": "CASHIER"}, {"role": "MANAGER"})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"role": "SUPPORT"}, 400, "invalid_input"),
        ({"role": "OPERATOR"}, 400, "invalid_input"),
        ({"role": "KING"}, 400, "invalid_input"),
        ({"role": None}, 400, "invalid_input"),
        ({"name": ""}, 400, "invalid_input"),
        ({"is_active": False}, 400, "invalid_input"),
        ({"user": str(uuid7())}, 400, "invalid_input"),
        ({"locations": [str(uuid7())]}, 400, "invalid_input"),
        ({"locations": "everywhere"}, 400, "invalid_input"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(shop, body, status, code):
    before = roles_of(shop)
    assert told(shop.client().patch(seat_of(shop.cashier), body)) == (status, code)
    assert roles_of(shop) == before


def test_a_change_to_what_somebody_else_has_changed_meanwhile_is_412_with_the_present_state(shop):
    read = shop.client().get(seat_of(shop.cashier))
    assert shop.client().patch(seat_of(shop.cashier), {"role": "STAFF"}).status_code == 200
    lost = shop.client().patch(seat_of(shop.cashier), {"role": "MANAGER"}, HTTP_IF_MATCH=read["ETag"])
    assert told(lost) == (412, "stale_version")
    assert lost.json()["meta"]["current"]["role"] == "STAFF"
    assert now(shop, shop.cashier).role == "STAFF"


def test_a_member_is_limited_to_places_and_freed_of_them_again(shop):
    place = str(shop.storefront.pk)
    limited = shop.client().patch(seat_of(shop.cashier), {"locations": [place]}).json()["data"]
    assert (limited["is_limited"], limited["locations"]) == (True, [place])
    me = shop.client(shop.cashier).get(ME).json()["data"]["membership"]
    assert (me["is_limited"], me["locations"]) == (True, [place])
    nowhere = shop.client().patch(seat_of(shop.cashier), {"locations": []}).json()["data"]
    assert (nowhere["is_limited"], nowhere["locations"]) == (True, [])
    freed = shop.client().patch(seat_of(shop.cashier), {"is_limited": False}).json()["data"]
    assert freed["is_limited"] is False
    with shop.inside():
        assert shop.account.audit_events.filter(action="membership.placed").count() == 2


def test_a_strangers_place_is_as_unknown_as_one_that_never_was(shop, stranger):
    answers = [
        shop.client().patch(seat_of(shop.cashier), {"locations": [str(pk)]}).json()["errors"]
        for pk in (stranger.storefront.pk, uuid7())
    ]
    assert answers[0] == answers[1]
    assert answers[0] == [{"field": "locations.0", "code": "does_not_exist", "detail": "There is no such object."}]


@pytest.mark.parametrize("role", ["OWNER", "ADMIN"])
def test_nobody_is_limited_who_could_lift_the_limit(shop, role):
    governor = hire(shop, role)
    response = shop.client().patch(seat_of(governor), {"locations": [str(shop.storefront.pk)]})
    assert told(response) == (409, "role_not_limited")
    manager = hire(shop, "MANAGER")
    shop.client().patch(seat_of(manager), {"locations": [str(shop.storefront.pk)]})
    assert told(shop.client().patch(seat_of(manager), {"role": role})) == (409, "role_not_limited")
    assert now(shop, manager).role == "MANAGER"
    assert told(shop.client().patch(seat_of(manager), {"role": role, "is_limited": False})) == (200, None)


def test_s10_who_is_deactivated_is_out_on_the_next_request_by_cookie_token_and_refresh(shop):
    """S10."""
    page, tokens, till = browser(shop.cashier), sign_in(shop.cashier), register(shop)
    give_pin(shop, shop.cashier)
    by_pin = till.signed_in(shop.cashier)
    bearer = client(tokens["access"])
    assert [told(each.get(ME))[0] for each in (page, bearer, by_pin)] == [200, 200, 200]
    assert told(write(shop.client(), shop.cashier, "deactivate")) == (200, None)
    for each in (page, bearer, by_pin):
        assert told(each.get(ME)) == (401, "credential_invalid")
    assert told(refresh(tokens["refresh"])) == (401, "credential_invalid")
    again = {"email": shop.cashier.user.email, "password": PASSWORD}
    assert told(client().post(f"{AUTH}token/", again)) == (403, "no_business")
    assert told(till.change_to(shop.cashier)) == (403, "wrong_pin")
    assert told(write(shop.client(), shop.cashier, "reactivate")) == (200, None)
    assert told(bearer.get(ME)) == (401, "credential_invalid")
    assert told(client().post(f"{AUTH}token/", again)) == (200, None)


def test_an_empty_seat_cannot_be_opened_again_nor_get_the_business(shop):
    leave(shop, shop.cashier)
    with shop.inside():
        shop.account.memberships.filter(pk=shop.cashier.pk).update(user=None)
    assert told(write(shop.client(), shop.cashier, "reactivate")) == (409, "seat_empty")
    assert told(shop.client().post(f"{seat_of(shop.cashier)}hand-over/")) == (409, "seat_empty")


def test_the_business_is_handed_over_and_its_owner_becomes_an_administrator(shop):
    heir = hire(shop, "MANAGER")
    shop.client().patch(seat_of(heir), {"locations": [str(shop.storefront.pk)]})
    response = shop.client().post(f"{seat_of(heir)}hand-over/")
    assert (response.status_code, response.json()["data"]["role"]) == (200, "OWNER")
    assert (now(shop, heir).is_limited, now(shop, shop.owner).role) == (False, "ADMIN")
    assert told(shop.client().post(f"{seat_of(shop.cashier)}hand-over/")) == (403, "capability_missing")


def test_to_hand_over_to_oneself_changes_nothing(shop):
    assert told(shop.client().post(f"{seat_of(shop.owner)}hand-over/")) == (200, None)
    assert now(shop, shop.owner).role == "OWNER"


def test_the_last_owner_can_neither_be_demoted_nor_closed_nor_leave(shop):
    before = roles_of(shop)
    owner = shop.client()
    hire(shop, "ADMIN")
    assert told(write(owner, shop.owner, "change")) == (409, "last_owner")
    assert told(write(owner, shop.owner, "deactivate")) == (409, "last_owner")
    assert told(owner.post(f"{AUTH}leave/")) == (409, "last_owner")
    assert {pk: roles_of(shop)[pk] for pk in before} == before
    assert told(owner.get(ME)) == (200, None)


def test_an_owner_who_is_inactive_does_not_count_as_one(shop):
    other = hire(shop, "OWNER")
    assert told(write(shop.client(), other, "deactivate")) == (200, None)
    assert told(shop.client().post(f"{AUTH}leave/")) == (409, "last_owner")
    assert told(write(shop.client(), other, "reactivate")) == (200, None)
    assert told(shop.client().post(f"{AUTH}leave/")) == (204, None)


def test_who_leaves_is_out_at_once_and_leaves_the_history(shop):
    till = shop.client(shop.cashier)
    assert told(till.post(f"{AUTH}leave/")) == (204, None)
    assert told(till.get(ME)) == (401, "credential_invalid")
    seat = now(shop, shop.cashier)
    assert (seat.is_active, seat.user_id, seat.name) == (False, shop.cashier.user_id, shop.cashier.name)


# --- Beyond one's own role --------------------------------------------------------------------------------------------


def test_an_administrator_touches_no_owner_and_makes_none(shop):
    admin = hire(shop, "ADMIN")
    other = hire(shop, "OWNER", "Yaa")
    asking, before = shop.client(admin), roles_of(shop)
    for name in ("change", "deactivate", "reactivate"):
        assert told(write(asking, other, name)) == (403, "capability_missing"), name
    for member in (admin, shop.cashier):
        assert told(asking.patch(seat_of(member), {"role": "OWNER"})) == (403, "capability_missing")
    assert told(asking.patch(seat_of(other), {"name": "Mine"})) == (403, "capability_missing")
    assert told(asking.post(f"{seat_of(shop.cashier)}hand-over/")) == (403, "capability_missing")
    assert told(asking.post(f"{seat_of(other)}remove-pin/")) == (403, "capability_missing")
    assert told(asking.post(f"{seat_of(other)}erase/")) == (403, "capability_missing")
    assert roles_of(shop) == before
    assert now(shop, other).name == "Yaa"


@pytest.mark.parametrize("role", ["MANAGER", "CASHIER", "WAREHOUSE", "STAFF"])
@pytest.mark.parametrize("name", WRITES)
def test_who_does_not_govern_changes_nobody_not_even_oneself(shop, role, name):
    member = hire(shop, role)
    before = roles_of(shop)
    for seat in (member, shop.cashier, shop.owner):
        assert told(write(shop.client(member), seat, name)) == (403, "capability_missing")
    assert roles_of(shop) == before


def test_an_owner_by_pin_changes_nobody(shop):
    give_pin(shop, shop.owner)
    by_pin = register(shop).signed_in(shop.owner)
    before = roles_of(shop)
    for name in WRITES:
        assert told(write(by_pin, shop.cashier, name)) == (403, "capability_missing")
    assert told(by_pin.post(f"{AUTH}leave/")) == (403, "pin_not_enough")
    assert told(by_pin.post(f"{seat_of(shop.cashier)}hand-over/")) == (403, "capability_missing")
    assert roles_of(shop) == before


def test_an_approver_lends_no_right_over_people(shop):
    give_pin(shop, shop.owner)
    approval = {"HTTP_X_APPROVER": str(shop.owner.pk), "HTTP_X_APPROVER_PIN": "4702"}
    response = shop.client(shop.cashier).patch(seat_of(shop.cashier), {"role": "ADMIN"}, **approval)
    assert told(response) == (403, "capability_missing")
    assert now(shop, shop.cashier).role == "CASHIER"


def test_a_seat_of_support_is_not_there_for_the_business(shop, stranger):
    with shop.inside():
        support = shop.account.memberships.create(staff=stranger.owner.user, name="Support", role="SUPPORT")
    for name in WRITES:
        assert told(write(shop.client(), support, name)) == (404, "not_found")


@pytest.mark.parametrize("name", [*WRITES, "hand-over"])
def test_a_strangers_seat_is_404_whatever_is_asked(shop, stranger, name):
    before = roles_of(stranger)
    asked = shop.client()
    response = (
        asked.post(f"{seat_of(stranger.cashier)}hand-over/")
        if name == "hand-over"
        else write(asked, stranger.cashier, name)
    )
    assert told(response) == (404, "not_found")
    assert roles_of(stranger) == before


def test_a_pin_that_is_taken_away_ends_what_was_begun_by_it(shop):
    give_pin(shop, shop.cashier)
    by_pin = register(shop).signed_in(shop.cashier)
    response = write(shop.client(), shop.cashier, "remove-pin")
    assert (response.status_code, response.json()["data"]["has_pin"]) == (200, False)
    assert told(by_pin.get(ME)) == (401, "credential_invalid")


def test_a_service_refuses_beyond_ones_role_also_without_the_view(shop):
    admin = hire(shop, "ADMIN")
    with shop.inside(), pytest.raises(CapabilityMissing):
        services.change_member(by=admin, member=shop.account.memberships.get(pk=shop.owner.pk), role="STAFF")
