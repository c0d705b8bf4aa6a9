"""Gateways that are silent, slow, away or senseless: we ask, and ask again, until it is known or long past."""

import subprocess
import sys
from datetime import timedelta

import pytest
import requests
from django.db import transaction

from billing import services
from billing.gateways import GatewayAway, Outcome, open_gateway, wire
from billing.gateways.phones import international
from fakes import control
from tests.billing.payments import (
    GATEWAYS,
    age,
    decide,
    forget_jobs,
    jobs,
    now,
    prompted,
    pursue,
    run_jobs,
    seen,
    start,
    state_of,
    taken,
)
from tests.billing.test_settling import cancel
from tests.conftest import open_shop
from tests.server import ROOT

PURSUED = {"MOMO": "requesttopay/", "PAYSTACK": "transaction/verify"}
ASKED = {"MOMO": "requesttopay", "PAYSTACK": "/charge"}


@pytest.fixture
def busy(committed, fake):
    """A business whose writes are committed: the poller looks for them as staff."""
    return open_shop("Ama Provisions", prices=("10.00",))


def poll(at=None):
    """What is due at this moment is looked after."""
    found = services.poll_payments(now=at or now())
    run_jobs()
    return found


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_gateway_that_never_calls_back_is_asked(busy, fake, gateway):
    attempt = prompted(busy, gateway)
    run_jobs()
    decide(fake, attempt)  # nobody tells us
    assert poll(now() - timedelta(hours=1)) == 0  # not at once
    assert poll(now() + timedelta(minutes=1)) == 1
    assert (state_of(busy, attempt), taken(busy)) == ("PAID", ["PAID"])


def test_the_poller_finds_what_is_due_in_every_business_and_nothing_else(busy, fake):
    other = open_shop("Stranger Stores", prices=("10.00",))
    mine, theirs, decided = prompted(busy), prompted(other), prompted(other)
    run_jobs()
    decide(fake, decided, "FAILED")
    pursue(decided)
    for shop in (busy, other):
        with shop.inside():
            shop.account.payment_attempts.update(due_at=None)
    age_due(busy, mine)
    age_due(other, theirs)
    for _ in range(3):  # while no worker has time
        assert services.poll_payments(now=now()) == 2
    assert sorted(jobs()) == sorted(set(jobs()))
    assert set(jobs()) == {(str(busy.id), str(mine.pk)), (str(other.id), str(theirs.pk))}


def age_due(shop, attempt):
    with shop.inside():
        shop.account.payment_attempts.filter(pk=attempt.pk).update(due_at=now())


def test_what_nobody_used_becomes_late_by_the_poller(busy, fake):
    attempt = prompted(busy)
    decide(fake, attempt)
    run_jobs()
    assert state_of(busy, attempt) == "PAID"
    assert poll() == 0  # it may still be used
    age(busy, attempt, minutes=16)
    assert poll() == 1
    assert (state_of(busy, attempt), taken(busy)) == ("PAID_LATE", ["PAID", "PAID_LATE"])
    assert poll() == 0


def test_an_attempt_of_which_the_job_was_lost_is_asked_for_all_the_same(busy, fake):
    attempt = start(busy)
    forget_jobs()
    assert poll(now() + timedelta(minutes=1)) == 1
    assert (state_of(busy, attempt), len(fake.ledger.charges)) == ("PROMPTED", 1)


def test_the_older_an_attempt_the_more_seldom_it_is_asked_and_in_the_end_no_more(busy, fake):
    attempt = prompted(busy)
    cancel(busy, attempt)
    asked, at = 0, now()
    row = seen(busy, attempt)
    while (following := row.next_look(at)) is not None:
        assert following > at
        at, asked = following, asked + 1
    assert 15 < asked < 40
    assert timedelta(days=2) < at - row.created_at < timedelta(days=4)


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"status": 503, "body": "<html>"}])
def test_a_fault_of_the_gateway_leaves_the_attempt_as_it_is(busy, fake, gateway, fault):
    attempt = prompted(busy, gateway)
    decide(fake, attempt)
    control.fault(fake.ledger, path=PURSUED[gateway], **fault)
    pursue(attempt)
    row = seen(busy, attempt)
    assert (row.state, row.paid_at, taken(busy)) == ("PROMPTED", None, [])
    assert row.due_at is not None
    pursue(attempt)
    assert taken(busy) == ["PAID"]


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize(
    "body", ["", "nonsense", "[]", "{}", '{"status": "SUCCESSFUL"}', '{"status": true, "data": []}']
)
def test_an_answer_without_sense_is_no_answer(busy, fake, gateway, body):
    attempt = prompted(busy, gateway)
    decide(fake, attempt)
    control.fault(fake.ledger, path=PURSUED[gateway], status=200, body=body)
    pursue(attempt)
    assert (state_of(busy, attempt), taken(busy)) == ("PROMPTED", [])


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_when_nobody_knows_whether_the_payer_was_asked_they_are_asked_again_by_the_same_reference(busy, fake, gateway):
    control.fault(fake.ledger, path=ASKED[gateway], status=500)
    attempt = start(busy, gateway)
    pursue(attempt)
    assert state_of(busy, attempt) == "INITIATED"
    pursue(attempt)
    assert (state_of(busy, attempt), len(fake.ledger.charges)) == ("PROMPTED", 1)


def test_a_gateway_that_is_slow_holds_no_transaction_open(busy, fake, monkeypatch):
    """While it takes its time, the attempt can be locked and cancelled by somebody else."""
    attempt = prompted(busy)
    decide(fake, attempt)
    fetch = open_gateway("MOMO").__class__.fetch

    def cancelled_meanwhile(gateway, reference, theirs):
        finding = fetch(gateway, reference, theirs)
        assert not transaction.get_connection().in_atomic_block
        cancel(busy, attempt)
        return finding

    monkeypatch.setattr("billing.gateways.momo.Momo.fetch", cancelled_meanwhile)
    pursue(attempt)
    assert (state_of(busy, attempt), taken(busy)) == ("PAID_LATE", ["PAID_LATE"])


def test_a_gateway_that_does_not_answer_in_time_is_away(busy, fake, monkeypatch):
    monkeypatch.setattr(wire, "TIMEOUT", (1, 0.2))
    attempt = prompted(busy)
    decide(fake, attempt)
    control.fault(fake.ledger, path="requesttopay/", seconds=1)
    pursue(attempt)
    assert (state_of(busy, attempt), taken(busy)) == ("PROMPTED", [])


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_wrong_key_pays_nothing_and_is_no_end(busy, fake, settings, gateway):
    attempt = prompted(busy, gateway)
    right = settings.GATEWAYS
    secret = "subscription_key" if gateway == "MOMO" else "secret_key"
    settings.GATEWAYS = {**right, gateway: {**right[gateway], secret: "wrong"}}
    decide(fake, attempt)
    pursue(attempt)
    assert state_of(busy, attempt) == "PROMPTED"
    settings.GATEWAYS = right
    pursue(attempt)
    assert state_of(busy, attempt) == "PAID"


def test_a_gateway_that_was_switched_off_leaves_its_attempts_to_their_time(busy, fake, settings):
    attempt = prompted(busy)
    settings.GATEWAYS = {}
    pursue(attempt)
    assert state_of(busy, attempt) == "PROMPTED"
    age(busy, attempt, minutes=6)
    pursue(attempt)
    assert state_of(busy, attempt) == "EXPIRED"


def test_what_takes_the_money_and_fails_undoes_all_and_is_tried_again(busy, fake, settings):
    attempt = prompted(busy)
    decide(fake, attempt)
    right = settings.PAYMENT_PURPOSES
    settings.PAYMENT_PURPOSES = {"test": {"paid": "operator.truth"}}  # which takes no by=
    with pytest.raises(TypeError):
        pursue(attempt)
    row = seen(busy, attempt)
    assert (row.state, row.paid_at) == ("PROMPTED", None)
    assert row.due_at > now()
    settings.PAYMENT_PURPOSES = right
    pursue(attempt)
    assert taken(busy) == ["PAID"]


def test_secrets_are_not_shown(fake, settings):
    for name in GATEWAYS:
        options = {key: f"secret-of-{key}" for key in settings.GATEWAYS[name] if key not in ("driver", "base_url")}
        settings.GATEWAYS = {**settings.GATEWAYS, name: {**settings.GATEWAYS[name], **options}}
        shown = repr(open_gateway(name))
        assert not [key for key in options if f"secret-of-{key}" in shown and "key" in key]


def test_what_is_wrong_with_the_connection_is_told_without_the_address(fake, settings):
    settings.GATEWAYS = {"MOMO": {**settings.GATEWAYS["MOMO"], "base_url": "http://127.0.0.1:9"}}
    with pytest.raises(GatewayAway) as problem:
        open_gateway("MOMO").fetch("x")
    assert str(problem.value) == "ConnectionError"
    assert problem.value.__cause__ is None


def test_a_reference_that_the_gateway_does_not_know_is_unknown(fake):
    for name in GATEWAYS:
        assert open_gateway(name).fetch("nonsense").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("phone", "country", "digits"),
    [
        ("0244123456", "GH", "233244123456"),
        ("+233244123456", "GH", "233244123456"),
        ("233244123456", "GH", "233244123456"),
        ("00233244123456", "GH", "233244123456"),
        ("0712345678", "CI", "2250712345678"),
        ("771234567", "SN", "221771234567"),
        ("0244123456", "DE", "0244123456"),
    ],
)
def test_a_number_is_sent_with_its_calling_code(phone, country, digits):
    assert international(phone, country) == digits


def test_the_fake_runs_by_itself():
    fake = subprocess.Popen([sys.executable, "-m", "fakes", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        url = fake.stdout.readline().strip()
        assert requests.get(f"{url}/_control/ledger", timeout=10).json()["charges"] == []
        assert requests.post(f"{url}/_control/nonsense", timeout=10).status_code == 404
    finally:
        fake.terminate()
        fake.wait(timeout=10)
        fake.stdout.close()
