"""Who has somebody's password, or knows their address, and what they get of it: nothing that lasts."""

from functools import partial

import pytest

from accounts import services
from accounts.models import User
from accounts.services import devices, sessions
from core import tenancy
from tests.accounts.people import INVITATIONS, hire, leave, mailed_token, seat_of
from tests.accounts.tills import (
    ANOTHER,
    AUTH,
    ME,
    client,
    credentials,
    give_pin,
    register,
    told,
    with_authenticator,
)
from tests.conftest import open_shop
from tests.races import meanwhile

RESET = f"{AUTH}password/reset/"
AGAIN = f"{AUTH}verify-email/again/"
LOCKED = (429, "too_many_tries")
WRONG_PIN = (403, "wrong_pin")
IDENTIFIED = "SELECT CASE"  # the statement that finds who it is, once the secret was right


def reset(member):
    """The owner of the mailbox takes a new password."""
    assert client().post(RESET, {"email": member.user.email}).status_code == 202
    body = {"token": mailed_token(), "password": ANOTHER}
    assert told(client().post(f"{RESET}confirm/", body)) == (204, None)


@pytest.fixture
def standing(committed, mailoutbox):
    """A business whose mails are sent."""
    return open_shop("Ama Provisions")


# --- While it is compared ---------------------------------------------------------------------------------------------


def sign_in_late(shop):
    """The access token, if any, of somebody whose password is right until the instant after it was compared."""
    with meanwhile(IDENTIFIED, partial(reset, shop.owner)):
        response = client().post(f"{AUTH}token/", credentials(shop.owner))
    return told(response), (response.json().get("data") or {}).get("access")


def test_s12_a_password_that_changes_while_it_is_compared_gives_no_session(standing):
    """S12."""
    assert sign_in_late(standing) == ((401, "wrong_credentials"), None)


def test_s12_control_who_is_not_looked_at_again_has_a_session_that_outlives_the_password(standing, monkeypatch):
    """S12."""
    monkeypatch.setattr(sessions, "_unchanged", lambda user: User.across_accounts.get(pk=user.pk))
    answer, token = sign_in_late(standing)
    assert answer == (200, None)
    assert client(token).get(ME).status_code == 200


def change_late(shop):
    """The same by a PIN that is taken away at that instant."""
    give_pin(shop, shop.cashier)
    till, owner = register(shop), shop.client()
    taking = partial(owner.post, f"{seat_of(shop.cashier)}remove-pin/")
    with meanwhile(IDENTIFIED, taking):
        return told(till.change_to(shop.cashier))


def test_a_pin_that_is_taken_away_while_it_is_compared_gives_no_session(standing):
    # The owner's own request is identified first: it is the till's that is met.
    assert change_late(standing) == WRONG_PIN


def test_control_a_pin_that_is_not_looked_at_again_gives_a_session(standing, monkeypatch):
    monkeypatch.setattr(devices, "_refuse_changed", lambda seat: None)
    assert change_late(standing) == (200, None)


# --- After the reset --------------------------------------------------------------------------------------------------


def test_a_reset_takes_the_pin_away_and_what_was_begun_by_it(standing):
    give_pin(standing, standing.owner)
    till = register(standing)
    thief = till.signed_in(standing.owner)
    reset(standing.owner)
    assert told(thief.get(ME)) == (401, "credential_invalid")
    assert told(till.change_to(standing.owner)) == WRONG_PIN


def test_who_gets_a_second_factor_or_a_pin_is_told_by_mail(standing, mailoutbox):
    with_authenticator(standing, standing.owner)
    give_pin(standing, standing.cashier)
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        ([standing.owner.user.email], "A second factor was added to your login"),
        ([standing.cashier.user.email], "Your PIN for the till was changed"),
    ]


# --- Shutting somebody out --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_s17_who_asks_for_one_kind_of_mail_keeps_nobody_from_another(shop, stranger, mails):
    """S17."""
    email = shop.owner.user.email
    assert [told(client().post(AGAIN, {"email": email})) for _ in range(6)] == [(202, None)] * 5 + [LOCKED]
    with stranger.inside():
        for _ in range(2):
            services.invite(by=stranger.owner, email=email, role="CASHIER")
            stranger.account.invitations.all().delete()
    with mails() as box:
        assert told(client().post(RESET, {"email": email})) == (202, None)
    assert [mail.to for mail in box] == [[email]]
    third = open_shop("Third Trade").client()
    assert third.post(INVITATIONS, {"email": email, "role": "CASHIER"}).status_code == 201


@pytest.mark.django_db
def test_a_business_sends_so_many_invitations_a_day_and_no_more(shop, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "invitation": (2, 86400)}
    bodies = [{"email": f"esi{n}@x.example", "role": "CASHIER"} for n in range(3)]
    answers = [told(shop.client().post(INVITATIONS, body)) for body in bodies]
    assert answers == [(201, None)] * 2 + [LOCKED]
    with shop.inside():
        assert shop.account.invitations.count() == 2


@pytest.mark.django_db
def test_s17_wrong_codes_from_one_address_do_not_keep_the_owner_out_at_another(shop):
    """S17."""
    phone = with_authenticator(shop, shop.owner)
    thief = client(REMOTE_ADDR="198.51.100.7")
    body = credentials(shop.owner, code="000000")
    answers = {told(thief.post(f"{AUTH}token/", body)) for _ in range(11)}
    assert answers == {(401, "wrong_code"), LOCKED}
    right = credentials(shop.owner, code=phone.code())
    assert told(client(REMOTE_ADDR="198.51.100.8").post(f"{AUTH}token/", right)) == (200, None)


@pytest.mark.django_db
def test_s17_a_new_pin_frees_who_was_locked_by_wrong_ones_on_many_tills(shop, settings):
    """S17."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "pin_member": (6, 3600)}
    give_pin(shop, shop.owner)
    tills = [register(shop, f"Phone {n}") for n in range(3)]
    answers = [told(till.change_to(shop.owner, "8806")) for till in tills[:2] for _ in range(3)]
    assert answers == [WRONG_PIN] * 6
    assert told(tills[2].change_to(shop.owner)) == LOCKED
    give_pin(shop, shop.owner, "6193")
    assert told(tills[2].change_to(shop.owner, "6193")) == (200, None)


@pytest.mark.django_db
def test_s17_who_asks_for_approvals_with_wrong_pins_is_stopped_whomever_they_name(shop, settings):
    """S17."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "approver": (3, 3600)}
    managers = [hire(shop, "MANAGER", name) for name in ("Yaa", "Esi", "Adwoa", "Efua")]
    asked = [
        client(shop.tokens(shop.cashier)["access"], HTTP_X_APPROVER=str(each.pk), HTTP_X_APPROVER_PIN="8806")
        for each in managers
    ]
    answers = [told(each.post("/api/v1/sales/sales/", shop.basket())) for each in asked]
    assert answers == [WRONG_PIN] * 3 + [LOCKED]


# --- Round about ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_administrator_does_not_revoke_an_owners_offer_by_erasing_the_seat_of_that_address(shop):
    admin, member = hire(shop, "ADMIN"), shop.cashier
    leave(shop, member)
    with shop.inside():
        services.invite(by=shop.owner, email=member.user.email, role="OWNER")
    erase = f"{seat_of(member)}erase/"
    assert told(shop.client(admin).post(erase)) == (403, "capability_missing")
    with tenancy.scope(shop.id):
        assert shop.account.invitations.get().revoked_at is None
    assert shop.client().post(erase).status_code == 200
