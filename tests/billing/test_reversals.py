"""Money that goes back, and returns: in whichever order it is told, what stands at the gateway counts, once."""

import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
import requests

from billing import services
from billing.gateways import Finding, Outcome
from fakes import control
from tests.billing.payments import (
    GATEWAYS,
    PAGES,
    WEBHOOKS,
    age,
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
from tests.billing.test_polling import poll
from tests.billing.test_settling import settle
from tests.conftest import open_shop
from tests.server import ROOT, gunicorn

TOLD = ("succeeded", "again", "refunded", "disputed")
ORDERS = list(permutations(TOLD))


def paid(amount="42.50", *, is_reversed=False):
    return Finding(Outcome.PAID, amount=Decimal(amount), currency="GHS", is_reversed=is_reversed)


@contextmanager
def providers():
    """The fake providers as a process of their own; their address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fakes", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


def tell(url, verb, attempt, **facts):
    """What happens at the provider; how its notices were answered."""
    answer = requests.post(f"{url}/_control/{verb}", json={"reference": attempt.reference, **facts}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def standing(shop, attempt):
    """All that a row tells of its money, but for the times."""
    row = seen(shop, attempt)
    times = (row.paid_at is not None, row.reversed_at is not None, row.used_at is not None)
    return row.state, row.reason, row.paid_amount, row.paid_currency, times


@pytest.mark.parametrize("gateway", PAGES)
def test_all_orders_of_a_charge_its_repetition_a_refund_and_a_dispute_end_in_one_state(
    committed, fake, settings, gateway
):
    """The provider's server calls ours over the wire, in all 24 orders, and the worker comes in between and after."""
    shop = open_shop("Ama Provisions", prices=("10.00",))
    with providers() as url, gunicorn(workers=1, FAKE_GATEWAYS=url) as ours:
        settings.GATEWAYS = {gateway: {**settings.GATEWAYS[gateway], "base_url": url}}
        requests.post(f"{url}/_control/settings", json={"webhooks": f"{ours}{WEBHOOKS}"}, timeout=10)
        for order in ORDERS:
            attempt, before = bought(shop, gateway), len(granted(shop))
            run_jobs()
            tell(url, "decide", attempt, notify=0)
            for name in order:
                assert happen(url, attempt, name) == [200]
                run_jobs()
            assert standing(shop, attempt) == ("PAID", "", attempt.amount, "GHS", (True, True, False)), order
            was_granted = order[0] in ("succeeded", "again")
            assert granted(shop)[before:] == (["all", "withdrawn"] if was_granted else []), order
            with shop.inside():
                assert attempt.notices.count() == 3, order  # the same notice is kept once


def happen(url, attempt, name):
    """One of the events: it is so at the provider from now on, and told."""
    if name == "refunded":
        return tell(url, "refund", attempt)
    if name == "disputed":
        return tell(url, "dispute", attempt)
    return tell(url, "notify", attempt, status="SUCCESSFUL")


@pytest.mark.django_db
@pytest.mark.parametrize("gateway", PAGES)
@pytest.mark.parametrize("order", ORDERS)
def test_a_worker_that_comes_after_all_of_it_grants_nothing_that_is_gone(shop, fake, nobody, gateway, order):
    attempt = bought(shop, gateway)
    decide(fake, attempt)
    control.refund(fake.ledger, attempt.reference, notify=0)
    control.dispute(fake.ledger, attempt.reference, notify=0)
    about = {"refunded": "refund", "disputed": "dispute"}
    for name in order:
        deliver(nobody, notice(fake, attempt.reference, about=about.get(name, "")), gateway)
    run_jobs()
    assert standing(shop, attempt) == ("PAID", "", attempt.amount, "GHS", (True, True, False))
    assert (granted(shop), len(events(shop))) == ([], 3)


@pytest.mark.django_db
@pytest.mark.parametrize("order", list(permutations(["paid", "gone", "failed", "pending", "silence"])))
def test_whatever_was_said_before_the_last_word_counts(shop, fake, order):
    """The findings themselves in any order, those of a slow worker after those of a quick one."""
    findings = {
        "paid": paid(),
        "gone": paid(is_reversed=True),
        "failed": Finding(Outcome.FAILED, reason="x"),
        "pending": Finding(Outcome.PENDING),
        "silence": None,
    }
    attempt = bought(shop)
    for name in order:
        settle(shop, attempt, findings[name])
    is_gone = order.index("gone") > order.index("paid")
    assert standing(shop, attempt)[-1] == (True, is_gone, not is_gone)
    told = granted(shop)
    assert told == (["all", "withdrawn"] if is_gone else ["all"])


@pytest.mark.django_db
@pytest.mark.parametrize("gateway", PAGES)
def test_a_dispute_that_is_won_brings_back_what_was_withdrawn_each_time_once(shop, fake, gateway):
    attempt = bought(shop, gateway)
    decide(fake, attempt)
    for status in ("", "OPEN", "WON", "LOST", "WON"):
        control.dispute(fake.ledger, attempt.reference, status, notify=0)
        pursue(attempt)
        pursue(attempt)
    assert granted(shop) == ["all", "withdrawn", "all", "withdrawn", "all"]
    assert standing(shop, attempt)[-1] == (True, False, True)


@pytest.mark.django_db
@pytest.mark.parametrize("gateway", PAGES)
def test_money_that_came_late_is_granted_and_withdrawn_all_the_same(shop, fake, gateway):
    attempt = bought(shop, gateway)
    age(shop, attempt, hours=2)
    pursue(attempt)
    assert state_of(shop, attempt) == "EXPIRED"
    decide(fake, attempt)
    pursue(attempt)
    assert (state_of(shop, attempt), granted(shop)) == ("PAID_LATE", ["all"])
    control.refund(fake.ledger, attempt.reference, notify=0)
    pursue(attempt)
    assert (state_of(shop, attempt), granted(shop)) == ("PAID_LATE", ["all", "withdrawn"])


@pytest.mark.django_db
@pytest.mark.parametrize("gateway", PAGES)
def test_a_wrong_amount_that_goes_back_withdraws_nothing_and_grants_nothing_when_it_returns(shop, fake, gateway):
    attempt = bought(shop, gateway)
    decide(fake, attempt, amount="1")
    for status in ("", "OPEN", "WON"):
        control.dispute(fake.ledger, attempt.reference, status, notify=0)
        pursue(attempt)
    assert granted(shop) == ["nothing"]
    assert standing(shop, attempt)[:2] == ("FAILED", "wrong_amount")
    with shop.inside():
        told = shop.account.audit_events.filter(action="payment.settled").order_by("id")
        assert [event.after["is_reversed"] for event in told][-3:] == [False, True, False]


@pytest.mark.django_db
@pytest.mark.parametrize("gateway", PAGES)
def test_s19_money_is_granted_once_for_a_notice_that_comes_five_times_late_out_of_order_or_forged(
    shop, fake, nobody, gateway
):
    """S19."""
    attempt = bought(shop, gateway)
    early = notice(fake, attempt.reference, status="SUCCESSFUL")  # before the payer has decided
    failed = notice(fake, attempt.reference, status="FAILED")
    deliver(nobody, early, gateway)
    run_jobs()
    assert (state_of(shop, attempt), granted(shop)) == ("PROMPTED", [])
    decide(fake, attempt)
    right = notice(fake, attempt.reference)
    for told in (failed, *[right] * 5, failed):
        deliver(nobody, told, gateway)
        run_jobs()
    forged = notice(fake, attempt.reference, bad_signature=True)
    refused = nobody.post(f"{WEBHOOKS}{gateway.lower()}/", forged.body, content_type="application/json")
    assert refused.status_code == 400
    age(shop, attempt, days=3)
    deliver(nobody, notice(fake, attempt.reference), gateway)
    run_jobs()
    assert (state_of(shop, attempt), granted(shop)) == ("PAID", ["all"])


@pytest.mark.django_db
@pytest.mark.parametrize("gateway", PAGES)
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"amount": "42.49"}, "wrong_amount"),
        ({"amount": "4250"}, "wrong_amount"),
        ({"currency": "NGN"}, "wrong_currency"),
        ({"currency": "XOF", "amount": "4250"}, "wrong_currency"),
    ],
)
def test_s19_another_amount_or_currency_grants_nothing_and_is_on_record(shop, fake, gateway, wrong, reason):
    """S19."""
    attempt = bought(shop, gateway)
    decide(fake, attempt, **wrong)
    pursue(attempt)
    pursue(attempt)
    assert standing(shop, attempt)[:2] == ("FAILED", reason)
    assert granted(shop) == ["nothing"]


@pytest.mark.parametrize("gateway", PAGES)
def test_s20_a_first_payment_that_fails_does_not_block_the_second_and_no_browser_need_come_back(
    committed, fake, gateway
):
    """S20."""
    shop = open_shop("Ama Provisions", prices=("10.00",))
    first = bought(shop, gateway)
    requests.post(first.page_url, {"decision": "decline"}, timeout=5, allow_redirects=False)
    run_jobs()
    assert (state_of(shop, first), granted(shop)) == ("FAILED", [])
    second = bought(shop, gateway)
    run_jobs()
    decide(fake, second)  # the browser is closed, and no notice comes
    assert poll(seen(shop, second).due_at) >= 1
    assert [state_of(shop, attempt) for attempt in (first, second)] == ["FAILED", "PAID"]
    assert granted(shop) == ["all"]


def test_a_refund_that_nobody_tells_is_found_by_asking_ever_more_seldom(committed, fake):
    shop = open_shop("Ama Provisions", prices=("10.00",))
    attempt = bought(shop)
    decide(fake, attempt)
    run_jobs()
    control.refund(fake.ledger, attempt.reference, notify=0)
    pursued = seen(shop, attempt)
    asked, at = 0, now()
    while (following := pursued.next_look(at)) is not None:
        at, asked = following, asked + 1
    assert 10 < asked < 25
    assert (at - pursued.created_at).days >= 180
    assert poll(seen(shop, attempt).due_at) == 1
    assert granted(shop) == ["all", "withdrawn"]


@pytest.mark.django_db
@pytest.mark.parametrize("gateway", GATEWAYS)
def test_who_grants_nothing_is_not_told_that_money_went_back(shop, fake, gateway):
    attempt = prompted(shop, gateway)
    settle(shop, attempt, paid())
    settle(shop, attempt, paid(is_reversed=True))
    assert (taken(shop), seen(shop, attempt).is_waiting) == (["PAID"], False)
    settle(shop, attempt, paid())
    assert (taken(shop), seen(shop, attempt).is_waiting) == (["PAID"], True)


@pytest.mark.django_db
def test_a_check_asks_the_gateway_once_however_often_it_is_wished(shop, fake):
    attempt = bought(shop)
    decide(fake, attempt)
    run_jobs()
    with shop.inside():
        for _ in range(3):
            assert services.check_payment(by=shop.owner, attempt=attempt) == attempt
    assert jobs() == [(str(shop.id), str(attempt.pk))]


@pytest.mark.django_db
@pytest.mark.parametrize("gateway", PAGES)
def test_a_notice_that_comes_while_the_gateway_is_away_is_followed_within_the_hour(shop, fake, nobody, gateway):
    attempt = bought(shop, gateway)
    decide(fake, attempt)
    run_jobs()
    age(shop, attempt, days=100)
    control.refund(fake.ledger, attempt.reference, notify=0)
    control.fault(fake.ledger, path="/", status=503, times=2)
    deliver(nobody, notice(fake, attempt.reference, about="refund"), gateway)
    run_jobs()
    assert (granted(shop), seen(shop, attempt).due_at - now() < timedelta(hours=1)) == (["all"], True)
    fake.ledger.faults.clear()
    pursue(attempt)  # as the poller has it
    assert granted(shop) == ["all", "withdrawn"]
    assert seen(shop, attempt).due_at - now() > timedelta(days=30)
