"""The second factor: begun, confirmed, asked for, used once, removed; and what is kept of it."""

from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import SessionKind, User
from accounts.services import mfa
from core import vault
from tests.accounts.tills import (
    AUTH,
    ME,
    Authenticator,
    browser,
    client,
    credentials,
    give_pin,
    register,
    told,
    with_authenticator,
)
from tests.conftest import PASSWORD, open_shop
from tests.races import at_once, count_of, meeting_before

MFA = f"{AUTH}mfa/"
CODES = f"{AUTH}mfa/recovery-codes/"
WRONG = (401, "wrong_code")


@pytest.fixture
def phone(shop):
    return with_authenticator(shop, shop.owner)


def enter(member, **body):
    return told(client().post(f"{AUTH}token/", credentials(member, **body)))


def wrong_one(phone):
    near = {phone.code(step) for step in range(-3, 4)}
    return next(code for code in map("{:06d}".format, range(8)) if code not in near)


def stored(shop):
    with shop.inside():
        return User.across_accounts.get(pk=shop.owner.user_id)


# --- Begun and confirmed ----------------------------------------------------------------------------------------------


def test_a_second_factor_is_begun_confirmed_and_then_asked_for(shop):
    page = browser(shop.owner)
    assert page.get(MFA).json()["data"] == {"is_on": False, "recovery_codes_left": 0}
    begun = page.post(MFA, {"password": PASSWORD})
    assert begun.status_code == 201
    assert begun.json()["data"]["qr_code"].startswith("data:image/svg+xml")
    phone = Authenticator(begun.json()["data"]["otpauth_url"])
    assert enter(shop.owner) == (200, None)
    assert told(page.post(f"{MFA}confirm/", {"code": wrong_one(phone)})) == WRONG
    confirmed = page.post(f"{MFA}confirm/", {"code": phone.code()})
    codes = confirmed.json()["data"]["recovery_codes"]
    assert (confirmed.status_code, len(set(codes))) == (200, 10)
    assert page.get(MFA).json()["data"] == {"is_on": True, "recovery_codes_left": 10}
    assert enter(shop.owner) == (401, "second_factor_required")
    assert enter(shop.owner, code=phone.code(1)) == (200, None)
    with shop.inside():
        mine = shop.account.sessions.filter(kind=SessionKind.COOKIE).get()
        assert mine.is_verified
        assert shop.account.audit_events.filter(action="mfa.added").count() == 1


@pytest.mark.parametrize(
    ("body", "refusal"),
    [({}, (400, "invalid_input")), ({"password": "wrong"}, (401, "wrong_credentials"))],
)
def test_whoever_has_stolen_a_session_cannot_put_a_second_factor_of_their_own_in_force(shop, body, refusal):
    page = browser(shop.owner)
    assert told(page.post(MFA, body)) == refusal
    assert told(page.post(f"{MFA}confirm/", {"code": "123123"})) == (409, "mfa_not_begun")
    assert stored(shop).totp_key == ""


def test_a_second_factor_in_force_is_neither_begun_nor_confirmed_again(shop, phone):
    page = browser(shop.owner, code=phone.code())
    before = stored(shop).totp_key
    assert told(page.post(MFA, {"password": PASSWORD})) == (409, "mfa_already_on")
    assert told(page.post(f"{MFA}confirm/", {"code": phone.code(1)})) == (409, "mfa_already_on")
    assert stored(shop).totp_key == before


def test_what_is_not_in_force_is_neither_removed_nor_renewed(shop):
    page = browser(shop.owner)
    for response in (page.post(f"{MFA}remove/", {"code": "123123"}), page.post(CODES, {"code": "123123"})):
        assert told(response) == (409, "mfa_not_begun")


# --- Asked for --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["login", "token"])
def test_signing_in_asks_for_the_code_only_from_whoever_has_the_password(shop, phone, way):
    def status(**body):
        response = client().post(f"{AUTH}{way}/", credentials(shop.owner, **body))
        return (*told(response), bool(response.cookies))

    assert status(password="wrong") == (401, "wrong_credentials", False)
    assert status(password="wrong", code=phone.code()) == (401, "wrong_credentials", False)
    assert status() == (401, "second_factor_required", False)
    for code in (wrong_one(phone), "x", "12345", "1234567", "１２３１２３", "0000-0000-0000-0000"):
        assert status(code=code) == (*WRONG, False)
    with shop.inside():
        assert not shop.account.sessions.exists()
    assert status(code=phone.code())[:2] == (200, None)


def test_a_code_works_once_also_within_its_step_and_no_older_one_after_it(shop, phone):
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        code, older = phone.code(), phone.code(-1)
        assert enter(shop.owner, code=code) == (200, None)
        assert enter(shop.owner, code=code) == WRONG
        assert enter(shop.owner, code=older) == WRONG
        assert enter(shop.owner, code=phone.code(1)) == (200, None)


@pytest.mark.parametrize(("steps", "answer"), [(-2, WRONG), (-1, (200, None)), (1, (200, None)), (2, WRONG)])
def test_a_clock_may_be_one_step_off_and_not_two(shop, phone, steps, answer):
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        assert enter(shop.owner, code=phone.code(steps)) == answer


def test_a_recovery_code_works_once_however_it_is_written(shop, phone):
    first, second, *_ = phone.recovery_codes
    for code in (first, second.replace("-", " ").upper()):
        assert enter(shop.owner, code=code) == (200, None)
        assert enter(shop.owner, code=code) == WRONG
    page = browser(shop.owner, code=phone.code())
    assert page.get(MFA).json()["data"] == {"is_on": True, "recovery_codes_left": 8}


def test_wrong_codes_are_limited_and_a_right_one_gives_the_tries_back(shop, phone, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "second_factor": (3, 900)}
    wrong = wrong_one(phone)
    assert [enter(shop.owner, code=wrong) for _ in range(2)] == [WRONG] * 2
    assert enter(shop.owner, code=phone.code()) == (200, None)
    assert [enter(shop.owner, code=wrong) for _ in range(4)] == [WRONG] * 3 + [(429, "too_many_tries")]
    refused = client().post(f"{AUTH}token/", credentials(shop.owner, code=phone.recovery_codes[0]))
    assert (told(refused), 0 < int(refused["Retry-After"]) <= 900) == ((429, "too_many_tries"), True)
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert enter(shop.owner, code=phone.recovery_codes[0]) == (200, None)


# --- Removed and renewed ----------------------------------------------------------------------------------------------


def test_it_is_removed_by_a_code_and_not_without(shop, phone):
    page = browser(shop.owner, code=phone.code())
    for body, refusal in (({}, (400, "invalid_input")), ({"code": wrong_one(phone)}, WRONG)):
        assert told(page.post(f"{MFA}remove/", body)) == refusal
    assert stored(shop).has_mfa
    assert page.post(f"{MFA}remove/", {"code": phone.code(1)}).status_code == 204
    user = stored(shop)
    assert (user.totp_key, user.totp_confirmed_at, user.recovery_codes) == ("", None, "")
    assert enter(shop.owner) == (200, None)


def test_new_recovery_codes_void_the_old_ones(shop, phone):
    page = browser(shop.owner, code=phone.code())
    assert told(page.post(CODES, {"code": wrong_one(phone)})) == WRONG
    fresh = page.post(CODES, {"code": phone.code(1)}).json()["data"]["recovery_codes"]
    assert set(fresh).isdisjoint(phone.recovery_codes)
    assert enter(shop.owner, code=phone.recovery_codes[0]) == WRONG
    assert enter(shop.owner, code=fresh[0]) == (200, None)


def test_a_session_by_pin_cannot_touch_it_and_nobody_touches_anybody_else_s(shop, phone):
    give_pin(shop, shop.owner)
    till = register(shop).signed_in(shop.owner)
    requests = [
        till.get(MFA),
        till.post(MFA, {"password": PASSWORD}),
        till.post(f"{MFA}remove/", {"code": phone.code()}),
        till.post(CODES, {"code": phone.code()}),
    ]
    assert {told(response) for response in requests} == {(403, "pin_not_enough")}
    cashier = browser(shop.cashier)
    assert told(cashier.post(f"{MFA}remove/", {"code": phone.code()})) == (409, "mfa_not_begun")
    assert stored(shop).has_mfa


# --- At rest ----------------------------------------------------------------------------------------------------------


def test_the_database_holds_neither_the_key_nor_a_code(shop, phone):
    with shop.inside(), connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(u)::text FROM users u WHERE id = %s", [shop.owner.user_id])
        row = cursor.fetchone()[0]
        cursor.execute("SELECT coalesce(string_agg(row_to_json(e)::text, ''), '') FROM audit_events e")
        history = cursor.fetchone()[0]
    secret = phone.address.partition("secret=")[2].partition("&")[0]
    plain = [code.replace("-", "") for code in phone.recovery_codes]
    for text in (secret, phone.key.hex(), *phone.recovery_codes, *plain):
        assert text not in row
        assert text not in history


def test_a_key_that_was_sealed_under_an_older_secret_still_works_and_one_under_a_lost_secret_does_not(
    shop, phone, settings
):
    old = settings.SEALING_KEYS[0]
    settings.SEALING_KEYS = ["n" * 50, old]
    assert enter(shop.owner, code=phone.code()) == (200, None)
    settings.SEALING_KEYS = ["n" * 50]
    with pytest.raises(ValueError, match="SEALING_KEYS"):
        vault.unseal(stored(shop).totp_key)


# --- At once ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def race(committed):
    """Two who sign in with the same code."""
    shop = open_shop("Ama Provisions")
    phone = with_authenticator(shop, shop.owner)
    return shop, phone


@pytest.mark.parametrize("kind", ["code", "recovery code"])
def test_one_code_used_at_once_works_once(race, kind):
    shop, phone = race
    code = phone.code() if kind == "code" else phone.recovery_codes[0]
    results = at_once([partial(enter, shop.owner, code=code)] * 4)
    assert (count_of(results, (200, None)), count_of(results, WRONG)) == (1, 3)
    with shop.inside():
        assert shop.account.sessions.count() == 1


@pytest.mark.parametrize("kind", ["code", "recovery code"])
def test_control_without_the_lock_one_code_works_twice(race, monkeypatch, kind):
    shop, phone = race
    code = phone.code() if kind == "code" else phone.recovery_codes[0]
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows.all())
    both_have_read = Barrier(2)

    def use():
        with shop.inside(), meeting_before('UPDATE "users"', both_have_read):
            mfa.verify(user=shop.owner.user, code=code, address="")
        return "used"

    assert at_once([use] * 2) == ["used"] * 2


def test_me_says_nothing_of_the_second_factor_s_secrets(shop, phone):
    said = browser(shop.owner, code=phone.code()).get(ME).content.decode()
    assert "totp" not in said
    assert "recovery" not in said
