"""prune: what has run out goes, in every account; what somebody may still ask for stays."""

from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session as Cookie
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone

from accounts import services
from accounts.models import Session, SessionKind
from accounts.models.session import LIFETIMES
from billing.models import GatewayNotice
from core.models import IdempotencyKey, RateLimit
from system import pruning
from tests.conftest import open_shop

pytestmark = pytest.mark.usefixtures("committed")
DAY = timedelta(days=1)
NOTHING = [
    "Removed sessions that have ended: 0.",
    "Removed cookies that have ended: 0.",
    "Removed old counters of tries: 0.",
    "Removed promises to carts that have ended: 0.",
    "Removed answers to old requests: 0.",
    "Removed old notices of gateways: 0.",
    "Removed results of old tasks: 0.",
    "Removed files that nothing needs: 0.",
]


def run(*options):
    out = StringIO()
    call_command("prune", *options, stdout=out)
    return out.getvalue().splitlines()


def rows(model, alias="staff"):
    return getattr(model, "across_accounts", model._default_manager).using(alias)


def open_session(shop, kind, **times):
    """A session of the shop's owner, as it would be after these times."""
    with shop.inside():
        device = services.add_device(by=shop.owner, name="Till") if kind == SessionKind.PIN else None
        session = services.open_session(by=shop.owner, kind=kind, device=device)
        shop.owner.session = None
    rows(Session).filter(pk=session.pk).update(**times)
    return session.pk


def test_a_database_with_nothing_to_remove_says_so():
    open_shop("Ama Provisions").tokens()
    assert run() == NOTHING
    assert rows(Session).count() == 1


@pytest.mark.parametrize("kind", list(SessionKind))
def test_a_session_that_is_too_old_or_was_left_alone_goes_in_every_account(kind):
    now, lifetime = timezone.now(), LIFETIMES[kind]
    shop, other = open_shop("Ama Provisions"), open_shop("Stranger Stores")
    idle = now - lifetime.idle
    minute = timedelta(minutes=1)
    for place in (shop, other):
        open_session(place, kind, expires_at=now)
        open_session(place, kind, last_seen_at=idle)
    kept = {
        open_session(shop, kind, expires_at=now + minute),
        open_session(other, kind, last_seen_at=idle + minute),
    }
    assert run() == ["Removed sessions that have ended: 4.", *NOTHING[1:]]
    assert set(rows(Session).values_list("pk", flat=True)) == kept


def test_a_session_that_stays_still_works_and_one_that_goes_had_ended_before():
    shop = open_shop("Ama Provisions")
    client, gone = shop.client(), shop.client(shop.cashier)
    rows(Session).filter(user=shop.cashier.user).update(expires_at=timezone.now())
    me = "/api/v1/accounts/auth/me/"
    assert (client.get(me).status_code, gone.get(me).status_code) == (200, 401)
    run()
    assert (client.get(me).status_code, gone.get(me).status_code) == (200, 401)


def test_djangos_sessions_go_when_they_have_ended():
    now = timezone.now()
    for key, expires_at in (("gone", now), ("kept", now + DAY)):
        Cookie.objects.using("staff").create(session_key=key, session_data="", expire_date=expires_at)
    assert run() == [NOTHING[0], "Removed cookies that have ended: 1.", *NOTHING[2:]]
    assert [cookie.pk for cookie in Cookie.objects.using("staff").all()] == ["kept"]


def test_a_counter_of_tries_stays_for_its_whole_window_however_few_days_are_asked_for():
    now = timezone.now()
    for key, days in (("gone", 31), ("kept", 29)):
        RateLimit.objects.using("staff").create(key=key, started_at=now - days * DAY, count=1)
    assert max(seconds for _, seconds in settings.RATE_LIMITS.values()) == 30 * 86400
    assert run("--days", "8")[2] == "Removed old counters of tries: 1."
    assert [row.key for row in RateLimit.objects.using("staff").all()] == ["kept"]


def test_the_answer_to_an_old_request_goes_and_that_to_one_that_may_come_again_stays():
    shop, other = open_shop("Ama Provisions"), open_shop("Stranger Stores")
    path = "/api/v1/sales/sales/"
    for place in (shop, other):
        for key in ("gone", "kept"):
            answer = place.client().post(path, place.basket(), format="json", HTTP_IDEMPOTENCY_KEY=key)
            assert answer.status_code == 201
    now = timezone.now()
    rows(IdempotencyKey).filter(key="gone").update(created_at=now - 31 * DAY)
    rows(IdempotencyKey).filter(key="kept").update(created_at=now - 29 * DAY)
    assert run() == [*NOTHING[:4], "Removed answers to old requests: 2.", *NOTHING[5:]]
    assert set(rows(IdempotencyKey).values_list("account_id", "key")) == {(shop.id, "kept"), (other.id, "kept")}
    assert run("--days", "28")[4] == "Removed answers to old requests: 2."


@pytest.mark.parametrize("days", ["7", "0", "-1"])
def test_answers_that_a_till_may_not_have_heard_of_are_never_removed(days):
    shop = open_shop("Ama Provisions")
    shop.client().post("/api/v1/sales/sales/", shop.basket(), format="json", HTTP_IDEMPOTENCY_KEY="k")
    with pytest.raises(CommandError, match="keep at least 8 days"):
        run("--days", days)
    assert rows(IdempotencyKey).count() == 1


def test_invitations_and_the_history_are_kept_however_old_they_are():
    shop = open_shop("Ama Provisions")
    with shop.inside():
        services.invite(by=shop.owner, email="esi@x.com", role="CASHIER")
        long_ago = timezone.now() - 1000 * DAY
        shop.account.invitations.update(expires_at=long_ago, revoked_at=long_ago)
        events = shop.account.audit_events.count()
    run("--days", "8")
    with shop.inside():
        assert (shop.account.invitations.count(), shop.account.audit_events.count()) == (1, events)


def test_many_rows_go_in_batches(monkeypatch):
    monkeypatch.setattr(pruning, "BATCH", 2)
    old = timezone.now() - 40 * DAY
    RateLimit.objects.using("staff").bulk_create([RateLimit(key=str(n), started_at=old, count=1) for n in range(5)])
    statements = []

    def count(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    with connections["staff"].execute_wrapper(count):
        assert run()[2] == "Removed old counters of tries: 5."
    assert sum("FROM rate_limits" in sql for sql in statements) == 3
    assert not RateLimit.objects.using("staff").exists()


def test_a_row_that_somebody_holds_is_left_for_the_next_time():
    old = timezone.now() - 40 * DAY
    RateLimit.objects.using("staff").bulk_create([RateLimit(key=key, started_at=old, count=1) for key in ("a", "b")])
    with transaction.atomic():
        assert RateLimit.objects.select_for_update().get(key="a")
        assert run()[2] == "Removed old counters of tries: 1."
    assert run()[2] == "Removed old counters of tries: 1."


def test_a_notice_of_a_gateway_goes_after_three_months():
    shop = open_shop("Ama Provisions")
    now = timezone.now()
    for name, age in (("old", 91 * DAY), ("young", 89 * DAY)):
        with shop.inside():
            event = shop.account.gateway_notices.create(gateway="MOMO", digest=name)
            shop.account.gateway_notices.filter(pk=event.pk).update(received_at=now - age)
    assert "Removed old notices of gateways: 1." in run("--days", "8")
    assert list(rows(GatewayNotice).values_list("digest", flat=True)) == ["young"]
