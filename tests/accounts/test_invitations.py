"""Invitations: offered, seen, taken, withdrawn, run out; for strangers, for leavers, for who sits elsewhere."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services
from accounts.models import Invitation, User
from tests.accounts.people import INVITATIONS, OFFERS, accept, hire, invite, leave, now, renew, roles_of, seat_of
from tests.accounts.tills import (
    AUTH,
    ME,
    client,
    give_pin,
    register,
    same_but_for_the_id,
    sign_in,
    statements,
    told,
    with_authenticator,
)
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

UNKNOWN = (404, "invitation_unknown")
EMAIL = "esi@x.example"


def send(shop, email=EMAIL, member=None, **more):
    return shop.client(member).post(INVITATIONS, {"email": email, "role": "CASHIER", **more})


def offer(token):
    return client().get(f"{OFFERS}{token}/")


def state(shop, pk):
    return shop.client().get(f"{INVITATIONS}{pk}/").json()["data"]["state"]


# --- Offered ----------------------------------------------------------------------------------------------------------


def test_an_invitation_is_mailed_with_a_link_that_stands_nowhere_else(
    shop, settings, mailoutbox, django_capture_on_commit_callbacks, caplog
):
    settings.TILL_URL = "https://till.example"
    with django_capture_on_commit_callbacks(execute=True):
        response = send(shop, " ESI@X.example ")
    assert response.status_code == 201
    (mail,) = mailoutbox
    assert (mail.to, "https://till.example/invitations?token=" in mail.body) == ([EMAIL], True)
    token = mail.body.partition("token=")[2].split()[0]
    assert token not in response.content.decode()
    assert offer(token).json()["data"]["role"] == "CASHIER"
    assert token not in caplog.text
    with shop.inside(), connection.cursor() as cursor:
        for table in ("invitations", "audit_events", "idempotency_keys"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{token}%"])
            assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"role": "SUPPORT"}, 400, "invalid_input"),
        ({"role": "OPERATOR"}, 400, "invalid_input"),
        ({"role": ""}, 400, "invalid_input"),
        ({"email": "esi"}, 400, "invalid_input"),
        ({"email": ""}, 400, "invalid_input"),
        ({"locations": [str(uuid7())]}, 400, "invalid_input"),
        ({"account": str(uuid7())}, 400, "invalid_input"),
        ({"token_hash": "x"}, 400, "invalid_input"),
    ],
)
def test_what_cannot_be_offered_is_refused_and_nothing_is_kept(shop, more, status, code):
    assert told(send(shop, **more)) == (status, code)
    with shop.inside():
        assert not shop.account.invitations.exists()


def test_nobody_offers_a_role_beyond_the_own(shop):
    admin = hire(shop, "ADMIN")
    assert told(send(shop, member=admin, role="OWNER")) == (403, "capability_missing")
    assert told(send(shop, member=admin, role="ADMIN")) == (201, None)
    for role in ("MANAGER", "CASHIER"):
        assert told(send(shop, "a@x.example", member=hire(shop, role))) == (403, "capability_missing")
    give_pin(shop, shop.owner)
    by_pin = register(shop).signed_in(shop.owner)
    assert told(by_pin.post(INVITATIONS, {"email": EMAIL, "role": "CASHIER"})) == (403, "capability_missing")


def test_who_is_to_govern_is_not_limited_to_places(shop):
    body = {"role": "ADMIN", "locations": [str(shop.storefront.pk)]}
    assert told(send(shop, **body)) == (409, "role_not_limited")


def test_one_open_invitation_per_address(shop):
    assert told(send(shop)) == (201, None)
    assert told(send(shop, "ESI@x.example")) == (409, "invitation_exists")


def test_a_member_of_ones_own_is_not_invited(shop):
    assert told(send(shop, shop.cashier.user.email)) == (409, "already_member")


def test_s03_to_invite_tells_nobody_whether_the_address_belongs_to_somebody_elsewhere(shop, stranger):
    """S03."""
    seen = []
    shop.tokens()
    for email in (stranger.cashier.user.email, "nobody@stranger.example"):
        with statements() as sent:
            response = send(shop, email)
        body = response.json()["data"]
        shapes = [sql.partition(" VALUES ")[0].partition(" WHERE ")[0] for sql in sent]
        seen.append((response.status_code, sorted(body), body["state"], [s for s in shapes if "SAVEPOINT" not in s]))
    assert seen[0] == seen[1]
    assert stranger.account.name not in response.content.decode()


# --- Taken ------------------------------------------------------------------------------------------------------------


def test_s15_a_stranger_takes_the_seat_once_and_signs_in(shop):
    """S15."""
    token = invite(shop, EMAIL)
    taken = accept(token)
    assert (taken.status_code, taken.json()["data"]) == (
        201,
        {"business_name": shop.account.name, "email": EMAIL, "role": "CASHIER"},
    )
    for again in (accept(token), offer(token)):
        assert told(again) == UNKNOWN
    me = client(sign_in_as(EMAIL)).get(ME).json()["data"]
    assert (me["account"]["id"], me["role"], me["user"]["name"]) == (str(shop.id), "CASHIER", "Esi")
    with shop.inside():
        assert User.across_accounts.get(email=EMAIL).email_verified_at
        assert shop.account.audit_events.filter(action="invitation.accepted").count() == 1


def sign_in_as(email, password=PASSWORD):
    response = client().post(f"{AUTH}token/", {"email": email, "password": password})
    assert response.status_code == 200, response.content
    return response.json()["data"]["access"]


def test_s15_it_is_for_its_own_address_and_business_only(shop, stranger):
    """S15."""
    token = invite(shop, EMAIL)
    for more in ({"email": "yaw@x.example"}, {"role": "OWNER"}, {"account": str(stranger.id)}):
        assert told(accept(token, **more)) == (400, "invalid_input")
    with stranger.inside():
        assert not stranger.account.invitations.exists()
    assert accept(token).status_code == 201
    assert len(roles_of(stranger)) == 2


def test_s15_seven_days_and_no_longer_until_it_is_sent_again(shop):
    """S15."""
    token = invite(shop, EMAIL)
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=-30), tick=False):
        assert told(offer(token)) == (200, None)
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1), tick=False):
        assert told(offer(token)) == told(accept(token)) == UNKNOWN
        pk = shop.client().get(INVITATIONS).json()["results"][0]["id"]
        assert state(shop, pk) == "EXPIRED"
        assert told(shop.client().post(f"{INVITATIONS}{pk}/resend/")) == (200, None)
        assert state(shop, pk) == "OPEN"
        assert told(offer(token)) == UNKNOWN  # the old link


def test_s15_revoked_used_expired_foreign_altered_and_never_sent_are_one_404(shop, stranger):
    """S15."""
    revoked = invite(shop, "a@x.example")
    with shop.inside():
        Invitation.across_accounts.update(revoked_at=timezone.now())
    used = invite(shop, "b@x.example")
    assert accept(used).status_code == 201
    token = invite(shop, "c@x.example")
    foreign = stranger_s(token, stranger)
    altered = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    answers = [offer(each) for each in (revoked, used, foreign, altered, "x", "é", token + "A", "%00")]
    assert {told(answer) for answer in answers} == {UNKNOWN}
    assert same_but_for_the_id(*answers)
    assert {told(accept(each)) for each in (revoked, used, foreign, altered, "x")} == {UNKNOWN}
    assert told(offer(token)) == (200, None)


def stranger_s(token, stranger):
    """The same secret, as if another business had minted it."""
    import base64

    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    return base64.urlsafe_b64encode(stranger.id.bytes + raw[16:]).decode().rstrip("=")


def test_a_revoked_or_accepted_one_can_neither_be_revoked_nor_sent_again(shop):
    pk = send(shop).json()["data"]["id"]
    assert told(shop.client().post(f"{INVITATIONS}{pk}/revoke/")) == (200, None)
    assert state(shop, pk) == "REVOKED"
    for act in ("revoke", "resend"):
        assert told(shop.client().post(f"{INVITATIONS}{pk}/{act}/")) == (409, "invitation_closed")
    assert told(send(shop)) == (201, None)  # and a new one is free


@pytest.mark.parametrize("act", ["revoke", "resend"])
def test_a_strangers_invitation_is_404(shop, stranger, act):
    pk = send(stranger).json()["data"]["id"]
    assert told(shop.client().post(f"{INVITATIONS}{pk}/{act}/")) == (404, "not_found")
    assert state(stranger, pk) == "OPEN"


def test_a_weak_password_is_refused_and_the_seat_is_still_free(shop):
    token = invite(shop, EMAIL)
    assert told(accept(token, password="short")) == (400, "weak_password")
    assert told(offer(token)) == (200, None)
    assert told(accept(token)) == (201, None)


def test_the_places_of_the_offer_come_with_the_seat(shop):
    token = invite(shop, EMAIL, locations=[shop.storefront.pk])
    assert accept(token).status_code == 201
    me = client(sign_in_as(EMAIL)).get(ME).json()["data"]["membership"]
    assert (me["is_limited"], me["locations"]) == (True, [str(shop.storefront.pk)])


# --- By somebody who has a login --------------------------------------------------------------------------------------


def test_a_leaver_of_this_business_comes_back_to_the_same_seat_with_the_own_password(shop):
    leave(shop, shop.cashier)
    token = invite(shop, shop.cashier.user.email, role="MANAGER")
    assert told(accept(token, password="not-the-password")) == (401, "wrong_credentials")
    assert now(shop, shop.cashier).is_active is False
    assert told(accept(token)) == (201, None)
    seat = now(shop, shop.cashier)
    assert (seat.role, seat.is_active) == ("MANAGER", True)


def test_s03_who_sits_elsewhere_cannot_accept_and_the_other_business_is_not_named(shop, stranger):
    """S03."""
    token, before = invite(shop, stranger.cashier.user.email), roles_of(stranger)
    refused = accept(token)
    assert told(refused) == (409, "user_already_exists")
    assert stranger.account.name not in refused.content.decode()
    assert str(stranger.id) not in refused.content.decode()
    assert (roles_of(stranger), len(roles_of(shop))) == (before, 2)
    assert told(offer(token)) == (200, None)
    assert told(client(sign_in(stranger.cashier)["access"]).get(ME)) == (200, None)


def test_wrong_passwords_are_counted(shop, stranger, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login": (2, 900)}
    leave(stranger, stranger.cashier)
    token = invite(shop, stranger.cashier.user.email)
    answers = [told(accept(token, password="not-the-password")) for _ in range(3)]
    assert answers == [(401, "wrong_credentials")] * 2 + [(429, "too_many_tries")]


def test_the_second_factor_is_asked_for(shop, stranger):
    phone = with_authenticator(stranger, stranger.cashier)
    leave(stranger, stranger.cashier)
    token = invite(shop, stranger.cashier.user.email)
    assert told(accept(token)) == (401, "second_factor_required")
    assert told(accept(token, code="000000")) == (401, "wrong_code")
    assert told(accept(token, code=phone.code())) == (201, None)


# --- What the attackers tried -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["closed", "demoted"])
def test_what_somebody_offered_who_has_lost_the_right_is_void(shop, how):
    admin = hire(shop, "ADMIN")
    with shop.inside():
        services.invite(by=admin, email=EMAIL, role="ADMIN")
        token = renew(shop.account.invitations.get())
    assert told(offer(token)) == (200, None)
    act = ("post", "deactivate/", {}) if how == "closed" else ("patch", "", {"role": "MANAGER"})
    assert getattr(shop.client(), act[0])(f"{seat_of(admin)}{act[1]}", act[2]).status_code == 200
    assert told(offer(token)) == told(accept(token)) == UNKNOWN
    assert len(roles_of(shop)) == 3


def test_what_was_offered_beyond_ones_role_is_not_ones_to_withdraw_or_to_send_again(shop):
    admin = hire(shop, "ADMIN")
    pk = send(shop, role="OWNER").json()["data"]["id"]
    for act in ("revoke", "resend"):
        assert told(shop.client(admin).post(f"{INVITATIONS}{pk}/{act}/")) == (403, "capability_missing")
    assert state(shop, pk) == "OPEN"


def test_a_login_that_was_claimed_without_the_mailbox_is_its_owners_who_accepts_by_mail(shop, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "required"
    body = {"business_name": "Squat", "name": "X", "email": EMAIL, "password": "squatters-horse-1", "country": "GH"}
    assert client().post(f"{AUTH}register-business/", body).status_code == 202
    token = invite(shop, EMAIL)
    assert told(accept(token, password="short")) == (400, "weak_password")
    assert told(accept(token)) == (201, None)
    assert told(client().post(f"{AUTH}token/", {**body_of(EMAIL), "password": "squatters-horse-1"}))[0] == 401
    me = client(sign_in_as(EMAIL)).get(ME).json()["data"]
    assert (me["account"]["id"], me["role"], me["user"]["name"]) == (str(shop.id), "CASHIER", "Esi")


def body_of(email):
    return {"email": email, "password": PASSWORD}


def test_a_login_that_was_verified_once_is_not_taken_over_by_mail(shop, stranger, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "required"
    with stranger.inside():
        User.across_accounts.filter(pk=stranger.cashier.user_id).update(email_verified_at=timezone.now())
    token = invite(shop, stranger.cashier.user.email)
    assert told(accept(token, password="another-horse-battery")) == (401, "wrong_credentials")
    assert told(accept(token)) == (409, "user_already_exists")
