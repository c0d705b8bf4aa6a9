"""Paystack's page, its refunds and its disputes, as the gateway tells them when it is asked."""

from decimal import Decimal

import pytest
import requests

from billing.gateways import open_gateway
from fakes import control
from tests.billing.payments import (
    BACK,
    bought,
    decide,
    deliver,
    events,
    forget_jobs,
    granted,
    jobs,
    notice,
    prompted,
    pursue,
    run_jobs,
    seen,
    start,
    state_of,
    taken,
)
from tests.conftest import open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt(shop, fake):
    """An attempt whose page is open, and nothing waits for the worker."""
    attempt = bought(shop, "PAYSTACK")
    forget_jobs()
    return attempt


def is_reversed(shop, attempt):
    return seen(shop, attempt).reversed_at is not None


def test_a_page_is_opened_paid_and_led_back_from(shop, fake, attempt):
    back = requests.post(attempt.page_url, {"decision": "pay"}, timeout=5, allow_redirects=False)
    reference = attempt.reference
    assert back.headers["Location"] == f"{BACK}?trxref={reference}&reference={reference}"
    pursue(attempt)
    row = seen(shop, attempt)
    assert (row.state, row.paid_amount, granted(shop)) == ("PAID", Decimal("42.50"), ["all"])
    assert row.provider_reference == str(fake.ledger.by_reference(reference).number)


def test_a_page_that_nobody_has_filled_in_is_waited_for(shop, fake, attempt):
    pursue(attempt)
    assert (state_of(shop, attempt), seen(shop, attempt).page_url) == ("PROMPTED", attempt.page_url)


def test_a_page_of_which_the_answer_was_lost_is_given_up_and_the_next_attempt_has_another(shop, fake):
    lost = start(shop, "PAYSTACK", phone="", purpose="bought")
    open_gateway("PAYSTACK")._call(  # as by a worker that died before it could write
        "POST",
        "transaction/initialize",
        {"email": "a@b.example", "amount": 4250, "currency": "GHS", "reference": lost.reference},
    )
    pursue(lost)
    row = seen(shop, lost)
    assert (row.state, row.reason, row.page_url) == ("FAILED", "page_lost", "")
    assert bought(shop, "PAYSTACK").page_url


def test_francs_are_counted_in_hundredths_all_the_same(db, fake):
    francs = open_shop("Chez Awa", country="CI", currency="XOF", time_zone="Africa/Abidjan")
    attempt = bought(francs, "PAYSTACK", "1500")
    decide(fake, attempt)
    pursue(attempt)
    assert (Decimal(fake.ledger.by_reference(attempt.reference).amount), granted(francs)) == (1500, ["all"])


@pytest.mark.parametrize("email", ["", "ama@shop.example"])
def test_the_payer_is_named_by_an_address_theirs_or_else_ours(shop, fake, monkeypatch, email):
    told = []
    call = open_gateway("PAYSTACK").__class__._call
    monkeypatch.setattr(
        "billing.gateways.paystack.Paystack._call", lambda self, *args: told.append(args) or call(self, *args)
    )
    bought(shop, "PAYSTACK", payer_email=email)
    assert told[0][2]["email"] == (email or "till@shop.example")


@pytest.mark.parametrize("about", ["refund", "dispute"])
def test_notices_of_refunds_and_disputes_find_their_payment(shop, fake, nobody, attempt, about):
    decide(fake, attempt)
    getattr(control, about)(fake.ledger, attempt.reference, notify=0)
    for _ in range(2):
        deliver(nobody, notice(fake, attempt.reference, about=about), "PAYSTACK")
    (event,) = events(shop)
    assert (event.attempt_id, jobs()) == (attempt.pk, [(str(shop.id), str(attempt.pk))])
    run_jobs()
    assert (state_of(shop, attempt), is_reversed(shop, attempt), granted(shop)) == ("PAID", True, [])


@pytest.mark.parametrize(("status", "is_gone"), [("OPEN", True), ("LOST", True), ("WON", False)])
def test_a_dispute_takes_the_money_unless_it_is_won(shop, fake, attempt, status, is_gone):
    decide(fake, attempt)
    control.dispute(fake.ledger, attempt.reference, status, notify=0)
    pursue(attempt)
    assert is_reversed(shop, attempt) is is_gone


@pytest.mark.parametrize(
    ("body", "is_gone"),
    [
        ('{"status": true, "data": []}', False),
        ('{"status": true, "data": null}', False),
        ('{"status": true, "data": {}}', False),
        ('{"status": true, "data": {"status": "pending", "resolution": null}}', True),
        ('{"status": true, "data": {"status": "resolved", "resolution": "declined"}}', False),
        ('{"status": true, "data": [{"status": "resolved", "resolution": "declined"}, {"status": "pending"}]}', True),
    ],
)
def test_disputes_may_be_told_as_one_as_many_and_as_none(shop, fake, attempt, body, is_gone):
    decide(fake, attempt)
    control.fault(fake.ledger, path="dispute/transaction", status=200, body=body)
    pursue(attempt)
    assert (state_of(shop, attempt), is_reversed(shop, attempt)) == ("PAID", is_gone)


def test_while_disputes_cannot_be_asked_nothing_is_granted(shop, fake, attempt):
    decide(fake, attempt)
    control.fault(fake.ledger, path="dispute/transaction", status=503)
    pursue(attempt)
    assert (state_of(shop, attempt), granted(shop)) == ("PROMPTED", [])
    pursue(attempt)
    assert granted(shop) == ["all"]


def test_money_that_a_till_waits_for_and_that_went_back_pays_no_sale(shop, fake):
    """A till is not told: nothing was granted, and what is gone cannot be used."""
    attempt = prompted(shop, "PAYSTACK")
    decide(fake, attempt)
    pursue(attempt)
    control.refund(fake.ledger, attempt.reference, notify=0)
    pursue(attempt)
    row = seen(shop, attempt)
    assert (row.state, row.is_waiting, taken(shop)) == ("PAID", False, ["PAID"])
    assert row.due_at is None
