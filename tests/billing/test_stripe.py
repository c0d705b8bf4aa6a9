"""Stripe: a page of theirs, an id of theirs, a signature over a moment and the raw bytes."""

import hashlib
import hmac
import json
import time
from decimal import Decimal

import pytest
import requests
from uuid_utils.compat import uuid7

from billing import services
from billing.gateways import GatewayAway, Outcome, open_gateway, stripe
from core.errors import InvalidInput
from fakes import control
from fakes import stripe as stripe_fake
from fakes.notices import Notice
from tests.billing.payments import (
    BACK,
    age,
    bought,
    decide,
    deliver,
    events,
    forget_jobs,
    granted,
    jobs,
    notice,
    post,
    pursue,
    run_jobs,
    seen,
    start,
    state_of,
)
from tests.conftest import open_shop

pytestmark = pytest.mark.django_db


def signed(body, header):
    return Notice("POST", "", {"Content-Type": "application/json", "Stripe-Signature": header}, body)


def sign(body, secret="fake", moment=None):
    moment = moment or int(time.time())
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def test_a_page_is_opened_paid_and_led_back_from(shop, fake):
    attempt = bought(shop, payer_email="ama@shop.example")
    (charge,) = fake.ledger.charges.values()
    assert (attempt.provider_reference, charge.reference) == (charge.key, attempt.reference)
    assert "42.5 GHS" in requests.get(attempt.page_url, timeout=5).text
    back = requests.post(attempt.page_url, {"decision": "pay"}, timeout=5, allow_redirects=False)
    assert (back.status_code, back.headers["Location"]) == (303, BACK)
    assert "over" in requests.get(attempt.page_url, timeout=5).text
    pursue(attempt)
    row = seen(shop, attempt)
    assert (row.state, row.paid_amount, row.paid_currency) == ("PAID", Decimal("42.50"), "GHS")
    assert (row.provider_reference, row.used_at is None, granted(shop)) == (charge.key, False, ["all"])
    age(shop, attempt, hours=2)
    pursue(attempt)  # nothing waits for it, so that it cannot come late
    assert (state_of(shop, attempt), granted(shop)) == ("PAID", ["all"])


def test_a_session_that_is_asked_for_twice_is_one(shop, fake):
    attempt = bought(shop)
    with shop.inside():
        shop.account.payment_attempts.filter(pk=attempt.pk).update(state="INITIATED", page_url="")
    pursue(attempt)
    (charge,) = fake.ledger.charges.values()
    assert (charge.asked, seen(shop, attempt).page_url) == (2, attempt.page_url)


def test_francs_are_counted_whole(db, fake):
    francs = open_shop("Chez Awa", country="CI", currency="XOF", time_zone="Africa/Abidjan")
    attempt = bought(francs, amount="1500")
    assert stripe_fake.intent(fake.ledger.by_reference(attempt.reference))["amount"] == 1500
    decide(fake, attempt)
    pursue(attempt)
    assert (state_of(francs, attempt), seen(francs, attempt).paid_amount) == ("PAID", Decimal(1500))


@pytest.mark.parametrize("currency", ["UGX", "ISK"])
def test_what_has_no_hundredths_and_is_counted_in_them_is_asked_for_and_found_so(shop, fake, currency):
    attempt = bought(shop, amount="5000", currency=currency)
    assert stripe_fake.intent(fake.ledger.by_reference(attempt.reference))["amount"] == 500_000
    decide(fake, attempt)
    pursue(attempt)
    assert (state_of(shop, attempt), seen(shop, attempt).paid_amount, granted(shop)) == ("PAID", Decimal(5000), ["all"])


def test_the_fake_counts_every_currency_as_we_do():
    assert stripe_fake._WHOLE == stripe._WHOLE


def test_what_is_bought_may_be_of_another_currency_than_the_account(db, fake):
    francs = open_shop("Chez Awa", country="CI", currency="XOF", time_zone="Africa/Abidjan")
    attempt = bought(francs, amount="15.50", currency="USD")
    decide(fake, attempt)
    pursue(attempt)
    assert (state_of(francs, attempt), granted(francs)) == ("PAID", ["all"])
    with francs.inside():
        started = francs.account.audit_events.get(action="payment.started")
    assert started.after["amount"] == "15.50"


def test_a_page_leads_back_to_the_till_and_nowhere_else(shop, fake):
    for address in ("https://evil.example/x", "http://localhost:5173.evil.example/", "javascript:alert(1)", "//x", "["):
        with pytest.raises(InvalidInput) as refusal:
            start(shop, "STRIPE", phone="", purpose="bought", return_url=address)
        assert refusal.value.errors[0].code == "unknown_origin"
    attempt = start(shop, "STRIPE", phone="", purpose="bought")
    pursue(attempt)
    assert fake.ledger.by_reference(attempt.reference).return_url == "http://localhost:5173"


def test_a_gateway_without_a_page_needs_a_phone(shop, fake):
    with pytest.raises(InvalidInput) as refusal:
        start(shop, "MOMO", phone="", purpose="bought")
    assert [(error.field, error.code) for error in refusal.value.errors] == [("payer_phone", "required")]


def body_of(shop, attempt):
    return json.dumps(
        {"type": "checkout.session.completed", "data": {"object": {"client_reference_id": attempt.reference}}}
    ).encode()


@pytest.mark.parametrize(
    "header",
    [
        lambda body, now: f"t={now},v1={sign(body)}",
        lambda body, now: f"t={now},v1={sign(body, 'old')},v1={sign(body)}",
        lambda body, now: f"t={now}, v1={sign(body)}, v0=abc",
        lambda body, now: f"t={now - 290},v1={sign(body, moment=now - 290)}",
    ],
)
def test_a_right_signature_is_taken(shop, fake, nobody, header):
    attempt = bought(shop)
    forget_jobs()
    body = body_of(shop, attempt)
    deliver(nobody, signed(body, header(body, int(time.time()))), "STRIPE")
    assert jobs() == [(str(shop.id), str(attempt.pk))]


@pytest.mark.parametrize(
    "header",
    [
        lambda body, now: "",
        lambda body, now: f"v1={sign(body)}",
        lambda body, now: f"t={now}",
        lambda body, now: f"t={now},v0={sign(body)}",
        lambda body, now: f"t={now},v1={sign(body, 'another')}",
        lambda body, now: f"t={now - 1},v1={sign(body, moment=now)}",
        lambda body, now: f"t={now},v1={sign(body + b' ', moment=now)}",
        lambda body, now: f"t={now - 310},v1={sign(body, moment=now - 310)}",
        lambda body, now: f"t={now + 320},v1={sign(body, moment=now + 320)}",
        lambda body, now: f"t={'9' * 5000},v1={sign(body, moment='9' * 5000)}",
        lambda body, now: f"t=²,v1={sign(body, moment='²')}",
        lambda body, now: f"t=-1,v1={sign(body, moment='-1')}",
        lambda body, now: f"t={now},v1=Ɛ",
        lambda body, now: f"t={now},v1={hmac.new(b'fake', body, hashlib.sha256).hexdigest()}",
        lambda body, now: "=,=,,v1",
    ],
)
def test_a_forged_or_old_signature_is_refused_and_leaves_nothing(shop, fake, nobody, header):
    attempt = bought(shop)
    decide(fake, attempt)
    forget_jobs()
    body = body_of(shop, attempt)
    response = post(nobody, signed(body, header(body, int(time.time()))), "STRIPE")
    assert (response.status_code, response.json()["code"]) == (400, "notice_invalid")
    assert (events(shop), jobs(), granted(shop)) == ([], [], [])


def test_a_dispute_bears_nothing_of_ours_and_is_found_all_the_same_once(shop, stranger, fake, nobody):
    attempt = bought(shop)
    decide(fake, attempt)
    control.dispute(fake.ledger, attempt.reference, notify=0)
    forget_jobs()
    told = notice(fake, attempt.reference, about="dispute")
    assert attempt.reference.encode() not in told.body
    for _ in range(5):
        deliver(nobody, told, "STRIPE")
    assert events(shop) == []  # nobody knows yet whose it is
    run_jobs()
    (event,) = events(shop)
    assert (event.attempt_id, event.reference, event.body) == (attempt.pk, attempt.reference, "")
    assert (seen(shop, attempt).reversed_at is None, granted(shop)) == (False, [])
    deliver(nobody, told, "STRIPE", stranger.id)  # at whichever address
    run_jobs()
    assert (len(events(shop)), events(stranger)) == (1, [])


def test_what_is_about_somebody_elses_payment_is_let_be(shop, fake, nobody):
    body = json.dumps({"type": "charge.dispute.created", "data": {"object": {"payment_intent": "pi_other"}}}).encode()
    deliver(nobody, signed(body, f"t={int(time.time())},v1={sign(body)}"), "STRIPE", shop.id)
    run_jobs()
    assert events(shop) == []


def test_whose_a_notice_is_is_asked_again_while_the_gateway_is_away(shop, fake):
    attempt = bought(shop)
    intent = stripe_fake.intent_of(fake.ledger.by_reference(attempt.reference))
    control.fault(fake.ledger, path="payment_intents", status=500)
    with pytest.raises(GatewayAway):
        services.name_notice(gateway="STRIPE", provider_reference=intent, digest="x")
    services.name_notice(gateway="STRIPE", provider_reference=intent, digest="x")
    assert len(events(shop)) == 1


def test_an_inquiry_and_a_refund_of_a_part_take_nothing_back(shop, fake):
    attempt = bought(shop)
    decide(fake, attempt)
    control.refund(fake.ledger, attempt.reference, amount="42.49", notify=0)
    control.dispute(fake.ledger, attempt.reference, "warning_needs_response", notify=0)
    pursue(attempt)
    assert (seen(shop, attempt).reversed_at, granted(shop)) == (None, ["all"])


def test_a_session_of_another_payment_settles_nothing(shop, fake):
    mine, other = bought(shop), bought(shop)
    decide(fake, other)
    with shop.inside():
        shop.account.payment_attempts.filter(pk=mine.pk).update(provider_reference=other.provider_reference)
    pursue(mine)
    assert (state_of(shop, mine), granted(shop)) == ("PROMPTED", [])


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 409}, {"status": 401}, {"status": 200, "body": "[]"}, {"status": 302}]
)
def test_a_fault_leaves_the_attempt_as_it_is(shop, fake, fault):
    attempt = bought(shop)
    decide(fake, attempt)
    control.fault(fake.ledger, path="checkout/sessions", **fault)
    pursue(attempt)
    assert (state_of(shop, attempt), granted(shop)) == ("PROMPTED", [])
    pursue(attempt)
    assert granted(shop) == ["all"]


def test_while_disputes_cannot_be_asked_nothing_is_granted(shop, fake):
    attempt = bought(shop)
    decide(fake, attempt)
    control.dispute(fake.ledger, attempt.reference, notify=0)
    control.fault(fake.ledger, path="disputes", status=500)
    pursue(attempt)
    assert (state_of(shop, attempt), granted(shop)) == ("PROMPTED", [])


@pytest.mark.parametrize("answer", ["{}", '{"id": "cs_1"}', '{"url": "http://x"}', '{"id": "a b", "url": "http://x"}'])
def test_a_session_without_an_id_or_a_page_is_asked_for_again(shop, fake, answer):
    control.fault(fake.ledger, path="checkout/sessions", status=200, body=answer)
    attempt = start(shop, "STRIPE", phone="", purpose="bought")
    pursue(attempt)
    assert state_of(shop, attempt) == "INITIATED"
    pursue(attempt)
    assert state_of(shop, attempt) == "PROMPTED"


def test_what_is_refused_fails_and_says_why(shop, fake):
    control.fault(
        fake.ledger,
        path="checkout/sessions",
        status=400,
        body='{"error": {"code": "amount_too_small", "message": "x"}}',
    )
    attempt = start(shop, "STRIPE", phone="", purpose="bought")
    pursue(attempt)
    row = seen(shop, attempt)
    assert (row.state, row.reason, row.page_url) == ("FAILED", "amount_too_small", "")


def test_a_session_that_is_unknown_is_unknown(fake):
    stripe = open_gateway("STRIPE")
    assert stripe.fetch("x").outcome is Outcome.UNKNOWN
    assert stripe.fetch("x", "cs_nonsense").outcome is Outcome.UNKNOWN
    assert stripe.name("pi_nonsense") == ""


def test_a_notice_of_a_payment_that_we_never_asked_for_is_kept_and_that_is_all(shop, fake, nobody):
    body = json.dumps({"data": {"object": {"client_reference_id": f"{shop.id.hex}-{uuid7().hex}"}}}).encode()
    deliver(nobody, signed(body, f"t={int(time.time())},v1={sign(body)}"), "STRIPE")
    run_jobs()
    assert (len(events(shop)), granted(shop)) == (1, [])
