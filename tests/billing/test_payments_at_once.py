"""Two at once about one attempt: money counts once, and is used once. Each race has a control without its guard."""

from contextlib import contextmanager
from threading import Barrier

import pytest
from django.db.models import QuerySet

from billing import services
from billing.errors import PaymentNotUsable
from billing.models import PaymentAttempt
from core.tenancy import OwnedQuerySet, scope
from fakes import control
from tests.billing.payments import (
    PAGES,
    bought,
    decide,
    deliver,
    events,
    granted,
    jobs,
    notice,
    now,
    prompted,
    pursue,
    run_jobs,
    seen,
    state_of,
    taken,
)
from tests.conftest import open_shop
from tests.races import at_once, count_of, meeting_before, without


@pytest.fixture
def busy(committed, fake):
    return open_shop("Ama Provisions", prices=("10.00",))


@pytest.fixture
def unlocked(monkeypatch):
    """Whoever would wait for an attempt does not."""
    locked = OwnedQuerySet.locked

    def not_locked(rows) -> QuerySet:
        return rows.order_by("pk") if rows.model is PaymentAttempt else locked(rows)

    monkeypatch.setattr(OwnedQuerySet, "locked", not_locked)


def paid(shop, fake):
    attempt = prompted(shop)
    decide(fake, attempt)
    return attempt


def settled_at_once(attempt):
    """Two workers who both have heard the same of it, and come to write it at the same moment."""
    barrier = Barrier(2)

    def settle():
        with meeting_before('UPDATE "payment_attempts" SET "state"', barrier):
            pursue(attempt)

    return at_once([settle, settle])


def test_two_workers_at_once_count_the_money_once(busy, fake):
    attempt = paid(busy, fake)
    assert at_once([lambda: pursue(attempt)] * 4) == [None] * 4
    assert (state_of(busy, attempt), taken(busy)) == ("PAID", ["PAID"])


def test_control_without_the_lock_the_money_is_counted_twice(busy, fake, unlocked):
    attempt = paid(busy, fake)
    settled_at_once(attempt)
    assert taken(busy) == ["PAID", "PAID"]


@contextmanager
def using(attempt, barrier=None):
    with scope(attempt.account_id):
        by = PaymentAttempt.across_accounts.select_related("by__account").get(pk=attempt.pk).by
        if barrier is None:
            yield by
            return
        with meeting_before('UPDATE "payment_attempts" SET "used_at"', barrier):
            yield by


def use(attempt, barrier=None):
    with using(attempt, barrier) as by:
        return services.use_payments(by=by, purpose="test", attempts=[attempt.pk])


def test_two_at_once_use_the_money_once(busy, fake):
    attempt = paid(busy, fake)
    pursue(attempt)
    results = at_once([lambda: use(attempt)] * 4)
    assert (count_of(results, dict), count_of(results, PaymentNotUsable)) == (1, 3)


def test_control_without_the_lock_the_money_is_used_twice(busy, fake, unlocked):
    attempt = paid(busy, fake)
    pursue(attempt)
    barrier = Barrier(2)
    results = at_once([lambda: use(attempt, barrier)] * 2)
    assert count_of(results, dict) == 2


def test_two_notices_at_once_are_one(busy, fake, nobody):
    attempt = paid(busy, fake)
    told = notice(fake, attempt.reference)
    before = len(jobs())
    answers = at_once([lambda: deliver(nobody, told, "MOMO", busy.id).status_code] * 4)
    assert answers == [200] * 4
    assert len(events(busy)) == 1
    assert len(jobs()) - before == 1
    pursue(attempt)
    assert taken(busy) == ["PAID"]


def test_control_without_the_constraint_two_notices_at_once_are_two(busy, fake, nobody):
    attempt = paid(busy, fake)
    told = notice(fake, attempt.reference)
    barrier = Barrier(2)

    def come():
        with meeting_before('INSERT INTO "gateway_notices"', barrier):
            return deliver(nobody, told, "MOMO", busy.id).status_code

    with without("each_notice_once"):
        assert at_once([come, come]) == [200, 200]
        assert len(events(busy)) == 2


@pytest.mark.parametrize("gateway", PAGES)
def test_two_notices_and_the_poller_at_once_grant_once_and_withdraw_once(busy, fake, nobody, gateway):
    """S19."""
    attempt = bought(busy, gateway)
    run_jobs()
    for happen, about in ((control.decide, ""), (control.refund, "refund")):
        happen(fake.ledger, attempt.reference, notify=0)
        told = notice(fake, attempt.reference, about=about)
        due = seen(busy, attempt).due_at or now()
        calls = [lambda told=told: deliver(nobody, told, gateway).status_code] * 2
        *answers, _ = at_once([*calls, lambda due=due: services.poll_payments(now=due)])
        assert answers == [200, 200]
        assert at_once([lambda: pursue(attempt)] * 3) == [None] * 3
    assert granted(busy) == ["all", "withdrawn"]


def test_control_without_the_lock_it_is_granted_twice(busy, fake, unlocked):
    attempt = bought(busy)
    decide(fake, attempt)
    settled_at_once(attempt)
    assert granted(busy) == ["all", "all"]


def test_control_without_the_lock_it_is_withdrawn_twice(busy, fake, monkeypatch, request):
    attempt = bought(busy)
    decide(fake, attempt)
    pursue(attempt)
    request.getfixturevalue("unlocked")
    control.refund(fake.ledger, attempt.reference, notify=0)
    settled_at_once(attempt)
    assert granted(busy) == ["all", "withdrawn", "withdrawn"]
