"""S17: limits are exact with many workers, survive refusals, end, and tell who tries from where."""

import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Barrier
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connections, transaction
from django.utils import timezone

from core import limits, vault
from core.api.requests import address_of
from core.errors import TooManyTries
from core.models import RateLimit
from tests.accounts.tills import AUTH, browser, client, credentials, refresh, sign_in, told
from tests.conftest import open_shop
from tests.races import at_once, count_of
from tests.server import gunicorn

WRONG = (401, "wrong_credentials")
LIMITED = (429, "too_many_tries")


@pytest.fixture
def limited(settings):
    """Change limits by name."""

    def change(**wanted):
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, **wanted}

    return change


def hit(*subject):
    limits.hit("login", *subject)
    return "counted"


def count(*subject):
    return (
        RateLimit.objects.using(limits.OUTSIDE).filter(key=limits._key("login", subject)).values_list("count").first()
    )


# --- The counter ------------------------------------------------------------------------------------------------------


def test_s17_forty_threads_are_counted_exactly(committed, limited):
    """S17."""
    limited(login=(10, 900))
    results = at_once([partial(hit, "ama")] * 40)
    assert (count_of(results, "counted"), count_of(results, TooManyTries)) == (10, 30)
    assert count("ama") == (40,)


def test_s17_control_a_counter_that_reads_and_then_writes_counts_wrong(committed, limited):
    """S17."""
    limited(login=(2, 900))
    hit("ama")
    rows = RateLimit.objects.using(limits.OUTSIDE)
    all_have_read = Barrier(8)

    def careless():
        row = rows.get()
        all_have_read.wait(timeout=60)
        if row.count >= 2:
            raise TooManyTries(retry_after=1)
        rows.update(count=row.count + 1)
        return "counted"

    assert at_once([careless] * 8) == ["counted"] * 8
    assert count("ama") == (2,)


def test_a_window_begins_with_the_first_try_and_ends(db, limited):
    limited(login=(2, 900))
    start = timezone.now()

    def at(seconds):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            try:
                return hit("ama")
            except TooManyTries as refusal:
                return refusal.meta["retry_after"]

    assert [at(0), at(600), at(601), at(899)] == ["counted", "counted", 299, 1]
    assert [at(900), at(1000), at(1001)] == ["counted", "counted", 799]


def test_subjects_and_names_do_not_share_a_window_and_a_right_answer_gives_the_tries_back(db, limited):
    limited(login=(1, 900), pin=(1, 900))
    for subject in (("a", "b"), ("a",), ("b", "a"), ("ab",)):
        assert hit(*subject) == "counted"
        with pytest.raises(TooManyTries):
            hit(*subject)
    limits.hit("pin", "a")
    limits.forget("login", "a")
    assert hit("a") == "counted"
    with pytest.raises(TooManyTries):
        hit("a", "b")


def test_a_fact_is_remembered_for_as_long_as_its_window(db):
    start = timezone.now()
    assert not limits.remembers("known_address", "ama", "1.2.3.4")
    limits.remember("known_address", "ama", "1.2.3.4")
    assert limits.remembers("known_address", "ama", "1.2.3.4")
    assert not limits.remembers("known_address", "ama", "1.2.3.5")
    with time_machine.travel(start + timedelta(days=31), tick=False):
        assert not limits.remembers("known_address", "ama", "1.2.3.4")


def test_a_count_survives_what_is_undone_and_waits_for_no_lock_of_it(committed, limited):
    limited(login=(2, 900))
    shop = open_shop("Ama Provisions")
    with shop.inside():
        shop.account.memberships.locked().get(pk=shop.owner.pk)
        hit("ama")
        transaction.set_rollback(True)
    assert count("ama") == (1,)


def test_a_refused_request_that_bears_a_credential_is_counted_too(committed, limited):
    limited(login=(3, 900))
    shop = open_shop("Ama Provisions")
    page = browser(shop.owner)
    wrong = credentials(shop.cashier, password="wrong")
    assert [told(page.post(f"{AUTH}login/", wrong)) for _ in range(5)] == [WRONG] * 3 + [LIMITED] * 2


def test_the_table_holds_neither_address_nor_e_mail_and_no_digest_that_could_be_looked_up(db, shop):
    told(client().post(f"{AUTH}token/", credentials(shop.owner, password="wrong")))
    sign_in(shop.cashier)
    with connections[limits.OUTSIDE].cursor() as cursor:
        cursor.execute("SELECT key FROM rate_limits")
        keys = [key for (key,) in cursor.fetchall()]
    assert {key.partition(":")[0] for key in keys} >= {"login", "login_address", "login_account", "known_address"}
    for text in (
        "127.0.0.1",
        shop.owner.user.email,
        "@",
        vault.digest("127.0.0.1"),
        vault.digest(shop.owner.user.email),
    ):
        assert not [key for key in keys if text in key]


# --- Where a request comes from ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "expected"),
    [
        (0, "6.6.6.6", "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 5.5.5.5", "10.0.0.1", "5.5.5.5"),
        (2, "6.6.6.6, 5.5.5.5, 10.0.0.2", "10.0.0.1", "5.5.5.5"),
        (2, "6.6.6.6", "10.0.0.1", "10.0.0.1"),
        (1, None, "1.2.3.4", "1.2.3.4"),
        (1, " , ", "1.2.3.4", "1.2.3.4"),
        (1, "nonsense", "1.2.3.4", ""),
        (1, "5.5.5.5:4711", "1.2.3.4", "5.5.5.5"),
        (1, "[2001:db8:1:2::9]:4711", "1.2.3.4", "2001:db8:1:2::/64"),
        (0, None, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (0, None, "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        (0, None, "::ffff:1.2.3.4", "1.2.3.4"),
        (0, None, "", ""),
    ],
)
def test_x_forwarded_for_is_believed_as_far_as_our_own_proxies_wrote_it(settings, proxies, forwarded, remote, expected):
    settings.TRUSTED_PROXIES = proxies
    meta = {"REMOTE_ADDR": remote, **({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {})}
    assert address_of(SimpleNamespace(META=meta)) == expected


def test_who_pretends_to_come_from_elsewhere_is_counted_at_the_true_address(shop, limited):
    limited(login_address=(3, 900))
    wrong = credentials(shop.owner, password="wrong")
    answers = [
        told(client().post(f"{AUTH}token/", wrong, HTTP_X_FORWARDED_FOR=f"6.6.6.{number}")) for number in range(5)
    ]
    assert answers == [WRONG] * 3 + [LIMITED] * 2


# --- What is limited --------------------------------------------------------------------------------------------------


def from_address(address, body, way="token"):
    return client().post(f"{AUTH}{way}/", body, REMOTE_ADDR=address)


def test_strangers_who_hammer_an_account_keep_nobody_out_who_has_signed_in_from_the_same_address_before(shop, limited):
    limited(login_account=(5, 3600))
    assert told(from_address("1.1.1.1", credentials(shop.owner))) == (200, None)
    wrong = credentials(shop.owner, password="wrong")
    hammered = [told(from_address(f"6.6.6.{number}", wrong)) for number in range(6)]
    assert hammered == [WRONG] * 4 + [LIMITED] * 2
    assert told(from_address("6.6.7.7", credentials(shop.owner))) == LIMITED
    assert told(from_address("1.1.1.1", credentials(shop.owner))) == (200, None)
    assert told(from_address("6.6.6.1", credentials(shop.cashier))) == (200, None)
    with time_machine.travel(timezone.now() + timedelta(seconds=3601), tick=False):
        assert told(from_address("6.6.7.7", credentials(shop.owner))) == (200, None)


def test_a_known_address_may_not_guess_for_ever_either(shop, limited):
    limited(login=(3, 900))
    assert told(from_address("1.1.1.1", credentials(shop.owner))) == (200, None)
    wrong = credentials(shop.owner, password="wrong")
    assert [told(from_address("1.1.1.1", wrong)) for _ in range(5)] == [WRONG] * 3 + [LIMITED] * 2


def test_somebody_s_own_right_password_does_not_give_tries_at_another_account_back(shop, limited):
    limited(login=(2, 900))
    wrong = credentials(shop.owner, password="wrong")
    for _ in range(2):
        assert told(from_address("6.6.6.6", wrong)) == WRONG
        assert told(from_address("6.6.6.6", credentials(shop.cashier))) == (200, None)
    assert told(from_address("6.6.6.6", wrong)) == LIMITED


def registration(number):
    facts = {"business_name": "B", "name": "N", "password": "correct-horse-battery", "country": "GH"}
    return client().post(f"{AUTH}register-business/", {**facts, "email": f"n{number}@x.example"})


@pytest.mark.parametrize(
    ("name", "call", "first"),
    [
        ("refresh", lambda number: refresh("nonsense"), 401),
        ("registration", registration, 201),
        (
            "mail_address",
            lambda number: client().post(f"{AUTH}password/reset/", {"email": f"n{number}@x.example"}),
            202,
        ),
        ("anonymous", lambda number: client().get(f"{AUTH}csrf/"), 200),
        ("anonymous", lambda number: client().get(f"{AUTH}invitations/nonsense/"), 404),
        (
            "anonymous",
            lambda number: client().post(f"{AUTH}password/reset/confirm/", {"token": "x", "password": "y"}),
            400,
        ),
        ("anonymous", lambda number: client().post(f"{AUTH}verify-email/", {"token": "x"}), 400),
        ("anonymous", lambda number: client().post(f"{AUTH}token/revoke/", {"refresh": "x"}), 204),
        ("anonymous", lambda number: client(HTTP_X_DEVICE_TOKEN="x").get(f"{AUTH}pin/"), 401),
    ],
)
def test_what_anybody_may_ask_is_limited_by_address_and_says_when_to_come_again(db, limited, name, call, first):
    limited(**{name: (3, 60)})
    answers = [call(number) for number in range(5)]
    assert [answer.status_code for answer in answers] == [first] * 3 + [429] * 2
    for refusal in answers[3:]:
        assert told(refusal) == LIMITED
        assert 0 < int(refusal["Retry-After"]) <= 60
        assert refusal["Retry-After"] in refusal.json()["detail"]


# --- Four workers, sixty at once --------------------------------------------------------------------------------------


def over_http(server, body, address):
    headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
    request = urllib.request.Request(f"{server}{AUTH}token/", json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, None
    except urllib.error.HTTPError as refusal:
        status, headers, code = refusal.code, refusal.headers, json.load(refusal)["code"]
    assert status != 429 or int(headers["Retry-After"]) > 0
    return status, code


@contextmanager
def four_workers(settings, **env):
    """A shop whose passwords are hashed in earnest, as a server has it, and the server."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    shop = open_shop("Ama Provisions")
    with gunicorn(workers=4, threads=4, **env) as server:
        yield shop, server


def sixty(server, shop, address):
    wrong = credentials(shop.owner, password="wrong")
    results = at_once([partial(over_http, server, wrong, address(number)) for number in range(60)])
    return count_of(results, WRONG), count_of(results, LIMITED)


def test_s17_sixty_tries_at_one_account_from_one_address_are_ten(committed, settings):
    """S17."""
    with four_workers(settings, TRUSTED_PROXIES="1") as (shop, server):
        assert sixty(server, shop, lambda number: "6.6.6.6") == (10, 50)
        assert over_http(server, credentials(shop.owner), "6.6.6.6") == LIMITED
        assert over_http(server, credentials(shop.owner), "1.1.1.1") == (200, None)


def test_s17_sixty_tries_from_one_address_are_as_many_as_the_address_may(committed, settings):
    """S17."""
    few = "login_address=7/900,login=1000/900,login_account=1000/900"
    with four_workers(settings, RATE_LIMITS=few, TRUSTED_PROXIES="1") as (shop, server):
        assert sixty(server, shop, lambda number: "6.6.6.6") == (7, 53)
        assert over_http(server, credentials(shop.owner), "6.6.6.6") == LIMITED
        assert over_http(server, credentials(shop.owner), "1.1.1.1") == (200, None)


def test_s17_sixty_addresses_at_one_account_are_limited_together_and_a_known_one_gets_in_meanwhile(committed, settings):
    """S17."""
    with four_workers(settings, RATE_LIMITS="login_account=12/3600", TRUSTED_PROXIES="1") as (shop, server):
        assert over_http(server, credentials(shop.owner), "1.1.1.1") == (200, None)
        assert sixty(server, shop, lambda number: f"6.6.6.{number}") == (11, 49)
        assert over_http(server, credentials(shop.owner), "6.6.7.7") == LIMITED
        assert over_http(server, credentials(shop.owner), "1.1.1.1") == (200, None)
