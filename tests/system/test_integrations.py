"""A business's own keys to providers: sealed, shown to nobody, tried, and sealed anew with a new key of ours."""

import base64
from functools import partial
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from django.core.management import call_command
from django.db import connection
from structlog.testing import capture_logs

from accounts.roles import Role
from system import integrations
from system import services as system
from system.errors import KeysUnreadable
from tests.conftest import PASSWORD, open_shop
from tests.places import add_member
from tests.races import at_once
from tests.system.providers import serving

INTEGRATIONS = "/api/v1/system/settings/integrations/"
SECRET = "sk_live_0123456789abcdWXYZ"
KEYS = {"secret_key": SECRET, "email": "till@shop.example"}
MOMO = {"api_key": "k" * 20, "api_user": "u" * 20, "subscription_key": "s" * 20, "environment": "mtnghana"}


@pytest.fixture
def provider(settings):
    with serving() as provider:
        settings.PROVIDER_URLS = dict.fromkeys(("PAYSTACK", "STRIPE", "MOMO", "SMS"), provider.url)
        provider.takes = f"Bearer {SECRET}"
        yield provider


def put(shop, name="paystack", keys=KEYS, member=None):
    return shop.client(member).put(f"{INTEGRATIONS}{name}/", {"keys": keys})


def told(shop, name="paystack", member=None):
    return shop.client(member).get(f"{INTEGRATIONS}{name}/").json()["data"]


def check(shop, name="paystack"):
    """The answer, and what became of it once the worker has asked."""
    answer = shop.client().post(f"{INTEGRATIONS}{name}/check/")
    if answer.status_code == 202:
        run(shop, name)
    return answer


def run(shop, name="paystack"):
    with shop.inside():
        row = shop.account.integrations.get(provider=name.upper())
    system.run_check(account_id=shop.id, integration_id=row.pk)


def sealed(shop):
    with shop.inside():
        return list(shop.account.integrations.values_list("provider", "sealed"))


def refused(response, status, code, *fields):
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert [error["field"] for error in body["errors"]] == list(fields)


# --- Kept, and shown to nobody ----------------------------------------------------------------------------------------


def test_keys_are_sealed_and_never_seen_again(shop):
    with capture_logs() as lines:
        answer = put(shop)
    assert answer.status_code == 200, answer.content
    reads = [shop.client().get(f"{INTEGRATIONS}{path}") for path in ("", "paystack/")]
    shown = [answer.content, *(read.content for read in reads)]
    with shop.inside():
        events = list(shop.account.audit_events.filter(action="integration.changed").values("before", "after"))
        ((_, kept),) = shop.account.integrations.values_list("provider", "sealed")
    assert events == [{"before": {}, "after": {"provider": "PAYSTACK"}}]
    shown += [str(events).encode(), str(lines).encode(), kept.encode(), base64.urlsafe_b64decode(kept)]
    for each in shown:
        assert SECRET.encode() not in each
        assert b"till@shop.example" not in each
    assert (told(shop)["uses"], told(shop)["hint"]) == ("own", "WXYZ")
    with shop.inside():
        assert integrations.own_keys(shop.account, "PAYSTACK") == KEYS


def test_keys_that_were_sealed_under_a_key_that_is_gone_are_to_be_brought_again(shop, provider, settings):
    put(shop)
    settings.SEALING_KEYS = ["another"]
    assert (told(shop)["uses"], told(shop)["hint"]) == ("unreadable", "WXYZ")
    refused(check(shop), 409, "keys_unreadable")
    assert provider.asked == []
    assert put(shop).status_code == 200
    assert told(shop)["uses"] == "own"
    assert check(shop).status_code == 202
    assert told(shop)["check_state"] == "ACCEPTED"


def test_a_take_out_has_no_keys(shop):
    put(shop)
    with connection.cursor() as cursor, shop.inside():
        cursor.execute("SELECT sealed FROM integrations")
        ((kept,),) = cursor.fetchall()
    archive = b"".join(shop.client().get("/api/v1/accounts/account/take-out/").streaming_content)
    with ZipFile(BytesIO(archive)) as files:
        texts = [files.read(name) for name in files.namelist()]
    assert any(b"PAYSTACK" in text for text in texts)
    assert not any(SECRET.encode() in text or kept.encode() in text for text in texts)


def test_the_end_of_a_short_secret_would_be_too_much_of_it(shop):
    put(shop, "ai", {"api_key": "shortkey123"})
    assert told(shop, "ai")["hint"] == ""


@pytest.mark.parametrize(
    ("keys", "fields"),
    [
        ({}, ["keys.secret_key", "keys.email"]),
        ({"secret_key": SECRET}, ["keys.email"]),
        ({**KEYS, "url": "http://127.0.0.1/"}, ["keys.url"]),
        ({**KEYS, "secret_key": "two words"}, ["keys.secret_key"]),
        ({**KEYS, "secret_key": "x\r\nHost: evil"}, ["keys.secret_key"]),
        ({**KEYS, "secret_key": "ɛ" * 20}, ["keys.secret_key"]),
        ({**KEYS, "secret_key": "x" * 501}, ["keys.secret_key"]),
        ({**KEYS, "secret_key": None}, ["keys.secret_key"]),
        ({**KEYS, "secret_key": ["x"]}, ["keys.secret_key"]),
    ],
)
def test_keys_of_another_shape_are_refused_and_those_that_were_there_stay(shop, keys, fields):
    put(shop)
    before = sealed(shop)
    refused(put(shop, keys=keys), 400, "invalid_input", *fields)
    assert sealed(shop) == before


def test_a_provider_that_is_none_is_not_found(shop):
    client, url = shop.client(), f"{INTEGRATIONS}nonsense/"
    for answer in (client.get(url), client.put(url, {"keys": KEYS}), client.delete(url), client.post(f"{url}check/")):
        refused(answer, 404, "not_found")


# --- Whose are used ---------------------------------------------------------------------------------------------------


def test_the_answer_says_whose_keys_are_used(shop, stranger, settings):
    settings.GATEWAYS = {"PAYSTACK": settings.GATEWAYS["PAYSTACK"]}
    settings.PLATFORM_KEYS = {"SMS": "platform", "AI": ""}
    put(shop)
    put(shop, "momo", MOMO)

    def uses(of):
        rows = of.client().get(INTEGRATIONS).json()["results"]
        return {row["provider"]: row["uses"] for row in rows}

    assert uses(shop) == {"PAYSTACK": "own", "STRIPE": "none", "MOMO": "own", "SMS": "platform", "AI": "none"}
    assert uses(stranger) == {"PAYSTACK": "platform", "STRIPE": "none", "MOMO": "none", "SMS": "platform", "AI": "none"}
    assert shop.client().delete(f"{INTEGRATIONS}paystack/").status_code == 204
    assert shop.client().delete(f"{INTEGRATIONS}momo/").status_code == 204
    assert uses(shop) == uses(stranger)
    refused(shop.client().delete(f"{INTEGRATIONS}momo/"), 409, "integration_missing")


def test_only_who_governs_the_business_changes_its_keys(shop):
    manager = add_member(shop, Role.MANAGER, name="Yaa")
    refused(put(shop, member=manager), 403, "capability_missing")
    refused(put(shop, member=shop.cashier), 403, "capability_missing")
    assert told(shop, member=manager)["uses"] != "own"
    assert sealed(shop) == []


def test_two_who_bring_keys_at_once_leave_those_of_one(committed):
    shop = open_shop("Ama Provisions")
    answers = at_once([partial(put, shop, keys={**KEYS, "secret_key": f"sk_live_{n:012d}"}) for n in range(4)])
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(sealed(shop)) == 1


# --- Tried ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "status", "state"),
    [
        (SECRET, 200, "ACCEPTED"),
        ("sk_live_another_secret", 200, "REFUSED"),
        (SECRET, 403, "REFUSED"),
        (SECRET, 500, "AWAY"),
        (SECRET, 302, "AWAY"),
    ],
)
def test_the_provider_is_asked_whether_it_takes_the_keys(busy, provider, secret, status, state):
    provider.status = status
    put(busy, keys={**KEYS, "secret_key": secret})
    answer = check(busy)
    assert (answer.status_code, answer.json()["data"]["check_state"]) == (202, "ASKED")
    assert provider.asked == [("GET", "/balance")]
    assert (told(busy)["check_state"], bool(told(busy)["checked_at"])) == (state, True)


def test_mtn_is_asked_for_a_token(busy, provider):
    basic = base64.b64encode(f"{MOMO['api_user']}:{MOMO['api_key']}".encode()).decode()
    provider.takes = f"Basic {basic}"
    put(busy, "momo", MOMO)
    check(busy, "momo")
    assert provider.asked == [("POST", "/collection/token/")]
    assert told(busy, "momo")["check_state"] == "ACCEPTED"


def test_a_provider_that_is_not_there_is_away(busy, settings):
    settings.PROVIDER_URLS = {"PAYSTACK": "http://127.0.0.1:9"}
    put(busy)
    check(busy)
    assert told(busy)["check_state"] == "AWAY"


def test_what_was_said_of_keys_that_were_changed_meanwhile_is_not_noted(busy, provider):
    put(busy)
    provider.before = lambda: at_once([partial(put, busy, keys={**KEYS, "secret_key": "sk_live_newer_secret"})])
    check(busy)
    assert provider.asked
    assert (told(busy)["check_state"], told(busy)["hint"]) == ("", "cret")


def test_without_own_keys_or_a_known_address_nothing_is_tried(busy, provider):
    refused(check(busy), 409, "integration_missing")
    put(busy, "ai", {"api_key": "x" * 20})
    refused(check(busy, "ai"), 409, "check_unavailable")
    assert provider.asked == []


def test_nobody_tries_keys_without_end(busy, provider, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "integration_check": (2, 3600)}
    put(busy)
    assert [check(busy).status_code for _ in range(3)] == [202, 202, 429]


# --- Our own keys -----------------------------------------------------------------------------------------------------


def reseal():
    out = StringIO()
    call_command("reseal", stdout=out)
    return out.getvalue()


def test_what_is_sealed_under_an_old_key_is_sealed_anew_so_that_the_old_one_can_go(committed, settings):
    shop, stranger = open_shop("Ama Provisions"), open_shop("Stranger Stores")
    settings.SEALING_KEYS = ["old" * 12]
    put(shop)
    put(stranger)
    assert shop.client().post("/api/v1/accounts/auth/mfa/", {"password": PASSWORD}).status_code == 201
    settings.SEALING_KEYS = ["new" * 12, "old" * 12]
    with shop.inside():
        assert integrations.own_keys(shop.account, "PAYSTACK") == KEYS
    assert reseal() == "Sealed anew: 3.\n"
    assert reseal() == "Sealed anew: 0.\n"
    settings.SEALING_KEYS = ["new" * 12]
    for each in (shop, stranger):
        with each.inside():
            assert integrations.own_keys(each.account, "PAYSTACK") == KEYS


def test_what_was_not_sealed_anew_is_lost_with_its_key(shop, settings):
    """The control of the test before."""
    settings.SEALING_KEYS = ["old" * 12]
    put(shop)
    settings.SEALING_KEYS = ["new" * 12]
    with shop.inside(), pytest.raises(KeysUnreadable):
        integrations.own_keys(shop.account, "PAYSTACK")
