"""Registered tills, and the PINs by which cashiers change on them."""

from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from accounts.roles import AT_THE_TILL
from core import limits
from core.models import RateLimit
from tests.accounts.tills import (
    ACCOUNT,
    ANOTHER,
    AUTH,
    ME,
    PIN,
    browser,
    client,
    credentials,
    give_pin,
    refresh,
    register,
    same_but_for_the_id,
    sign_in,
    statements,
    told,
)
from tests.conftest import PASSWORD, open_shop
from tests.races import at_once, count_of

DEVICES = "/api/v1/accounts/devices/"
CHANGE = f"{AUTH}pin/change/"
WRONG = (403, "wrong_pin")
LOCKED = (429, "too_many_tries")
DEAD = (401, "credential_invalid")


@pytest.fixture
def till(shop):
    """A registered till on which the owner and the cashier may change."""
    for member in (shop.owner, shop.cashier):
        give_pin(shop, member)
    return register(shop)


# --- Registered -------------------------------------------------------------------------------------------------------


def test_a_till_is_told_its_secret_once_and_nothing_keeps_it(shop):
    owner, key = shop.client(), {"HTTP_IDEMPOTENCY_KEY": "one-key-for-both"}
    first = owner.post(DEVICES, {"name": "Phone"}, **key).json()["data"]
    second = owner.post(DEVICES, {"name": "Phone"}, **key).json()["data"]
    assert first["token"] != second["token"]
    assert first["token"] not in owner.get(DEVICES).content.decode()
    assert "token" not in owner.get(f"{DEVICES}{first['id']}/").json()["data"]
    assert "token" not in owner.patch(f"{DEVICES}{first['id']}/", {"name": "Till"}).json()["data"]
    with shop.inside():
        assert not shop.account.idempotency_keys.exists()
        kept = [str(row) for row in shop.account.devices.values()] + [
            str(row) for row in shop.account.audit_events.values()
        ]
    assert not [row for row in kept if first["token"] in row]


def test_a_till_shows_who_may_change_on_it_and_nobody_who_may_not(shop, stranger, till):
    give_pin(stranger, stranger.owner)
    shown = client(**till.header).get(f"{AUTH}pin/").json()["results"]
    assert [(row["id"], row["role"]) for row in shown] == [
        (str(shop.cashier.pk), "CASHIER"),
        (str(shop.owner.pk), "OWNER"),
    ]
    with shop.inside():
        User.across_accounts.filter(pk=shop.owner.user_id).update(is_active=False)
        shop.account.memberships.filter(pk=shop.cashier.pk).update(is_active=False)
    assert client(**till.header).get(f"{AUTH}pin/").json()["results"] == []


@pytest.mark.parametrize("secret", [None, "", "x", "é", "nonsense" * 8, "A" * 54])
def test_a_till_that_is_not_registered_is_told_nothing(shop, till, secret):
    headers = {} if secret is None else {"HTTP_X_DEVICE_TOKEN": secret}
    asking = client(**headers)
    assert told(asking.get(f"{AUTH}pin/")) == (401, "device_unknown")
    assert told(asking.post(f"{AUTH}pin/", {"member": str(shop.owner.pk), "pin": PIN})) == (401, "device_unknown")


# --- Signed in by PIN -------------------------------------------------------------------------------------------------


def test_whoever_changes_on_a_till_acts_in_their_own_name_from_that_device(shop, till):
    for member in (shop.cashier, shop.owner):
        answer = till.change_to(member).json()["data"]
        assert answer["membership"]["id"] == str(member.pk)
        asking = client(answer["access"], **till.header)
        assert asking.get(ME).json()["data"]["membership"]["id"] == str(member.pk)
        body = {"name": f"Customer of {member.name}"}
        assert asking.post("/api/v1/sales/customers/", body).status_code == 201
        with shop.inside():
            event = shop.account.audit_events.filter(action="customer.added").latest("id")
            assert (event.by, event.device) == (member, till.device)


def test_a_session_by_pin_has_the_rights_of_the_till_only_whoever_s_it_is(shop, till):
    owner = till.signed_in(shop.owner)
    rights = set(owner.get(ME).json()["data"]["capabilities"])
    assert rights == {str(right) for right in AT_THE_TILL}
    assert told(owner.patch(ACCOUNT, {"name": "Mine"})) == (403, "capability_missing")
    assert told(owner.post(DEVICES, {"name": "Another"})) == (403, "capability_missing")
    assert shop.client().get(ACCOUNT).json()["data"]["name"] == shop.account.name


def test_what_is_about_oneself_asks_for_more_than_a_pin(shop, till):
    owner = till.signed_in(shop.owner)
    refused = [
        owner.post(f"{AUTH}password/change/", {"old_password": PASSWORD, "password": ANOTHER}),
        owner.post(CHANGE, {"password": PASSWORD, "pin": "8806"}),
        owner.get(f"{AUTH}sessions/"),
        owner.delete(f"{AUTH}sessions/"),
        owner.get(f"{AUTH}mfa/"),
        owner.post(f"{AUTH}leave/"),
    ]
    assert [told(response) for response in refused] == [(403, "pin_not_enough")] * len(refused)
    assert told(client().post(f"{AUTH}token/", credentials(shop.owner))) == (200, None)


def test_a_session_by_pin_does_not_work_away_from_its_till(shop, till):
    answer = till.change_to(shop.cashier).json()["data"]
    other = register(shop, "Another")
    for headers in ({}, other.header, {"HTTP_X_DEVICE_TOKEN": "x"}):
        assert told(client(answer["access"], **headers).get(ME)) == DEAD
        assert told(refresh(answer["refresh"], **headers)) == DEAD
    assert told(refresh(answer["refresh"], **till.header)) == (200, None)


def test_whoever_signs_out_of_a_till_leaves_it_in_the_history_from_which(shop, till):
    cashier = till.signed_in(shop.cashier)
    assert cashier.post(f"{AUTH}logout/").status_code == 204
    assert told(cashier.get(ME)) == DEAD
    with shop.inside():
        event = shop.account.audit_events.get(action="session.ended")
        assert (event.by, event.device) == (shop.cashier, till.device)


def test_a_till_that_is_switched_off_ends_what_was_begun_on_it_at_once(shop, till):
    cashier, other = till.signed_in(shop.cashier), register(shop, "Another")
    elsewhere = other.signed_in(shop.cashier)
    off = shop.client().patch(f"{DEVICES}{till.device.pk}/", {"is_active": False})
    assert off.status_code == 200
    assert told(cashier.get(ME)) == DEAD
    assert told(till.change_to(shop.cashier)) == (401, "device_unknown")
    assert elsewhere.get(ME).status_code == 200
    shop.client().patch(f"{DEVICES}{till.device.pk}/", {"is_active": True})
    assert told(cashier.get(ME)) == DEAD
    assert told(till.change_to(shop.cashier)) == (200, None)


def test_a_till_that_is_off_in_the_row_alone_ends_it_too(shop, till):
    cashier = till.signed_in(shop.cashier)
    with shop.inside():
        shop.account.devices.update(is_active=False)
    assert told(cashier.get(ME)) == DEAD


# --- The PIN itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pin", ["", "123", "1111", "0000", "1234", "4321", "012345", "98765432", "12a4", "１２４９", " 4702"]
)
def test_a_pin_that_anybody_would_try_first_is_refused(shop, pin):
    page = browser(shop.owner)
    refused = page.post(CHANGE, {"password": PASSWORD, "pin": pin})
    assert told(refused) in [(400, "weak_pin"), (400, "invalid_input")]
    with shop.inside():
        assert shop.account.memberships.get(pk=shop.owner.pk).pin == ""


def test_a_pin_is_set_with_the_password_and_kept_as_a_hash(shop):
    page = browser(shop.owner)
    assert told(page.post(CHANGE, {"password": "wrong", "pin": PIN})) == (401, "wrong_credentials")
    assert page.post(CHANGE, {"password": PASSWORD, "pin": PIN}).status_code == 204
    with shop.inside():
        kept = shop.account.memberships.get(pk=shop.owner.pk).pin
        event = shop.account.audit_events.get(action="pin.changed")
    assert kept.startswith("md5$")  # the quick hasher of tests
    assert (PIN not in kept.split("$")[-1], event.before, event.after) == (True, {}, {})


def test_a_new_pin_ends_what_was_begun_by_the_old_one_and_nothing_else(shop, till):
    by_pin, by_token = till.signed_in(shop.cashier), client(sign_in(shop.cashier)["access"])
    colleague = till.signed_in(shop.owner)
    assert by_token.post(CHANGE, {"password": PASSWORD, "pin": "8806"}).status_code == 204
    assert told(by_pin.get(ME)) == DEAD
    assert (by_token.get(ME).status_code, colleague.get(ME).status_code) == (200, 200)
    assert told(till.change_to(shop.cashier)) == WRONG
    assert told(till.change_to(shop.cashier, "8806")) == (200, None)


def test_who_has_lost_the_seat_has_lost_the_pin(shop, till):
    by_pin = till.signed_in(shop.cashier)
    assert shop.client().post(f"/api/v1/accounts/memberships/{shop.cashier.pk}/deactivate/").status_code == 200
    assert told(by_pin.get(ME)) == DEAD
    assert told(till.change_to(shop.cashier)) == WRONG


def test_a_pin_that_was_taken_away_is_none(shop, till):
    by_pin = till.signed_in(shop.cashier)
    assert shop.client().post(f"/api/v1/accounts/memberships/{shop.cashier.pk}/remove-pin/").status_code == 200
    assert told(by_pin.get(ME)) == DEAD
    assert told(till.change_to(shop.cashier)) == WRONG


def test_a_stranger_a_colleague_without_a_pin_and_nobody_are_as_wrong_as_a_wrong_pin_after_the_same_work(
    shop, stranger, till, monkeypatch
):
    give_pin(stranger, stranger.owner)
    assert shop.client().post(f"/api/v1/accounts/memberships/{shop.owner.pk}/remove-pin/").status_code == 200
    hashed, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or encode(*args))

    def work(member, pin=PIN):
        hashed.clear()
        with statements() as sent:
            response = till.change_to(member, pin)
        return response, len(sent), len(hashed)

    tries = [work(shop.cashier, "8806"), work(stranger.owner), work(shop.owner), work(uuid7())]
    assert {told(response) for response, _, _ in tries} == {WRONG}
    assert same_but_for_the_id(*(response for response, _, _ in tries))
    assert len({(sent, hashes) for _, sent, hashes in tries}) == 1
    assert tries[0][2] == 1


# --- Tried too often --------------------------------------------------------------------------------------------------


def test_five_wrong_tries_lock_this_member_on_this_till_for_a_while_and_nobody_and_nothing_else(shop, till):
    assert [told(till.change_to(shop.cashier, "8806")) for _ in range(6)] == [WRONG] * 5 + [LOCKED]
    locked = till.change_to(shop.cashier)
    assert (told(locked), 0 < int(locked["Retry-After"]) <= 900) == (LOCKED, True)
    assert told(till.change_to(shop.owner)) == (200, None)
    assert told(register(shop, "Another").change_to(shop.cashier)) == (200, None)
    assert told(client().post(f"{AUTH}token/", credentials(shop.cashier))) == (200, None)
    with time_machine.travel(timezone.now() + timedelta(seconds=901), tick=False):
        assert told(till.change_to(shop.cashier)) == (200, None)


def test_a_right_pin_gives_the_tries_back(shop, till):
    for _ in range(2):
        assert [told(till.change_to(shop.cashier, "8806")) for _ in range(4)] == [WRONG] * 4
        assert told(till.change_to(shop.cashier)) == (200, None)


def test_one_member_s_pin_is_not_guessed_over_many_tills_either(shop, till, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "pin_member": (6, 86400)}
    tills = [till, register(shop, "Another"), register(shop, "A third")]
    answers = [told(each.change_to(shop.cashier, "8806")) for each in tills for _ in range(3)]
    assert answers == [WRONG] * 6 + [LOCKED] * 3


def test_s17_who_tries_from_a_till_of_another_business_locks_nobody_here(shop, stranger, till):
    """S17."""
    theirs = register(stranger)
    assert [told(theirs.change_to(shop.cashier, "8806")) for _ in range(6)] == [WRONG] * 5 + [LOCKED]
    headers = {"HTTP_X_APPROVER": str(shop.cashier.pk), "HTTP_X_APPROVER_PIN": "8806"}
    sales = "/api/v1/sales/sales/"
    lender = client(stranger.tokens(stranger.owner)["access"], **headers)
    assert {told(lender.post(sales, stranger.basket())) for _ in range(6)} == {WRONG, LOCKED}
    assert told(till.change_to(shop.cashier)) == (200, None)


@pytest.fixture
def crowd(committed):
    """Twelve who try a wrong PIN of one member on one till."""
    shop = open_shop("Ama Provisions")
    give_pin(shop, shop.cashier)
    till = register(shop)
    return [lambda: told(till.change_to(shop.cashier, "8806"))] * 12


def test_s17_twelve_wrong_tries_at_once_are_five_and_no_more(crowd):
    """S17."""
    results = at_once(crowd)
    assert (count_of(results, WRONG), count_of(results, LOCKED)) == (5, 7)


def test_s17_control_a_counter_that_reads_and_then_writes_lets_more_through(crowd, monkeypatch):
    """S17."""
    monkeypatch.setattr(limits, "hit", partial(careless_hit, Barrier(len(crowd))))
    assert count_of(at_once(crowd), WRONG) == len(crowd)


def careless_hit(all_have_read, name, *subject):
    if name != "pin":
        return
    rows = RateLimit.objects.using(limits.OUTSIDE)
    row, _ = rows.get_or_create(key=name, defaults={"started_at": timezone.now(), "count": 0})
    all_have_read.wait(timeout=60)
    if row.count >= 5:
        raise limits.TooManyTries(retry_after=1)
    rows.filter(key=name).update(count=row.count + 1)
