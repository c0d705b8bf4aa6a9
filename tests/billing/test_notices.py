"""What comes to the webhooks, from gateways and from whoever knows the address."""

import hashlib
import hmac
import json
from decimal import Decimal

import pytest
from django.test import Client
from uuid_utils.compat import uuid7

from billing.gateways.momo import resource_of
from billing.references import read_reference, reference_of
from fakes import control
from fakes.notices import Notice
from tests.billing.payments import (
    GATEWAYS,
    PHONE,
    WEBHOOKS,
    decide,
    deliver,
    events,
    forget_jobs,
    jobs,
    kept,
    notice,
    post,
    prompted,
    run_jobs,
    seen,
    state_of,
    taken,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt(shop, fake, request):
    """An attempt of which the payer has been asked, and nothing waits for the worker."""
    attempt = prompted(shop, getattr(request, "param", "PAYSTACK"))
    forget_jobs()
    return attempt


both = pytest.mark.parametrize("attempt", GATEWAYS, indirect=True)


def nothing_came_of_it(shop, attempt):
    run_jobs()
    return (state_of(shop, attempt), taken(shop), kept(shop)) == ("PROMPTED", [], [])


def signed(body, secret="fake", **extra):
    signature = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()
    return Notice("POST", "", {"Content-Type": "application/json", "x-paystack-signature": signature, **extra}, body)


@both
def test_a_notice_is_kept_once_and_makes_us_ask_once(shop, fake, nobody, attempt):
    decide(fake, attempt)
    told = notice(fake, attempt.reference)
    first, again = (deliver(nobody, told, attempt.gateway, shop.id).json() for _ in range(2))
    assert first["data"] == again["data"] == {"received": True}
    (event,) = events(shop)
    assert (event.gateway, event.attempt_id, event.body) == (attempt.gateway, attempt.pk, told.body.decode())
    assert jobs() == [(str(shop.id), str(attempt.pk))]
    run_jobs()
    assert (state_of(shop, attempt), taken(shop)) == ("PAID", ["PAID"])


@pytest.mark.parametrize(
    "forge",
    [
        lambda told: {"headers": {**told.headers, "x-paystack-signature": "0" * 128}},
        lambda told: {"headers": {**told.headers, "x-paystack-signature": ""}},
        lambda told: {"headers": {"Content-Type": "application/json"}},
        lambda told: {"headers": {**told.headers, "x-paystack-signature": "Ɛ" * 128}},
        lambda told: {"headers": signed(told.body, "another").headers},
        lambda told: {"body": told.body.replace(b"4250", b"1")},
        lambda told: {"body": told.body + b" "},
    ],
)
def test_a_forged_signature_is_refused_and_leaves_nothing(shop, fake, nobody, attempt, forge):
    decide(fake, attempt)
    right = notice(fake, attempt.reference)
    told = Notice(**{**vars(right), **forge(right)})
    response = post(nobody, told, "PAYSTACK", shop.id)
    assert (response.status_code, response.json()["code"]) == (400, "notice_invalid")
    assert (events(shop), jobs(), state_of(shop, attempt)) == ([], [], "PROMPTED")
    deliver(nobody, right, "PAYSTACK", shop.id)  # the right one is not spoilt by it
    run_jobs()
    assert taken(shop) == ["PAID"]


def test_the_fake_can_sign_badly(shop, fake, nobody, attempt):
    told = notice(fake, attempt.reference, bad_signature=True)
    assert post(nobody, told, "PAYSTACK").status_code == 400


@both
def test_a_notice_of_money_is_not_believed(shop, fake, nobody, attempt):
    """The payer has not decided, and the notice says that they paid."""
    deliver(nobody, notice(fake, attempt.reference, status="SUCCESSFUL"), attempt.gateway, shop.id)
    assert len(events(shop)) == 1
    assert nothing_came_of_it(shop, attempt)


@both
def test_a_notice_of_failure_is_not_believed_either(shop, fake, nobody, attempt):
    deliver(nobody, notice(fake, attempt.reference, status="FAILED"), attempt.gateway, shop.id)
    assert nothing_came_of_it(shop, attempt)
    assert seen(shop, attempt).reason == ""


@pytest.mark.parametrize("provider", ["momo", "paystack"])
def test_money_for_an_unknown_reference_of_a_business_is_kept_for_it_once(shop, fake, nobody, provider):
    """As after a restored backup: the gateway knows what we do not."""
    reference = reference_of(shop.id, uuid7())
    facts = {"provider": provider, "reference": reference, "amount": "7.00", "currency": "GHS", "phone": PHONE}
    key = {"key": resource_of(reference)} if provider == "momo" else {}
    control.transfer(fake.ledger, **facts, **key)
    for status in ("SUCCESSFUL", "PENDING"):  # two different notices about it, which one question answers
        deliver(nobody, notice(fake, reference, status=status), provider)
    assert len(events(shop)) == {"momo": 1, "paystack": 2}[provider]
    assert len(jobs("trace_notice")) == 1
    run_jobs()
    assert [(told["reference"], Decimal(told["amount"])) for told in kept(shop)] == [(reference, Decimal(7))]
    assert jobs() == []


def test_money_that_bears_no_reference_of_ours_goes_to_whom_the_address_names(shop, fake, nobody):
    control.transfer(fake.ledger, provider="paystack", reference="page-77", amount="12.00", currency="GHS", phone=PHONE)
    deliver(nobody, notice(fake, "page-77"), "PAYSTACK", shop.id)
    run_jobs()
    assert [(told["reference"], told["phone"]) for told in kept(shop)] == [("page-77", PHONE)]


def test_a_notice_about_what_the_gateway_does_not_know_is_kept_and_that_is_all(shop, fake, nobody):
    body = json.dumps({"externalId": reference_of(shop.id, uuid7()), "status": "SUCCESSFUL", "amount": "9000"}).encode()
    deliver(nobody, Notice("PUT", "", {"Content-Type": "application/json"}, body), "MOMO", shop.id)
    run_jobs()
    assert ([event.body for event in events(shop)], kept(shop)) == ([body.decode()], [])


def test_the_reference_says_whose_it_is_whatever_the_address_says(shop, stranger, fake, nobody, attempt):
    decide(fake, attempt)
    deliver(nobody, notice(fake, attempt.reference), "PAYSTACK", stranger.id)
    run_jobs()
    assert (state_of(shop, attempt), len(events(shop))) == ("PAID", 1)
    assert (events(stranger), kept(stranger)) == ([], [])


def test_a_notice_that_names_nobody_is_answered_and_not_kept(shop, fake, nobody):
    control.transfer(fake.ledger, provider="paystack", reference="page-77", amount="1", currency="GHS", phone=PHONE)
    deliver(nobody, notice(fake, "page-77"), "PAYSTACK")
    deliver(nobody, notice(fake, "page-77"), "PAYSTACK", uuid7())
    assert (events(shop), jobs("trace_notice")) == ([], [])


def test_a_notice_about_something_else_is_kept_and_nobody_is_asked(shop, fake, nobody):
    body = b'{"event": "transfer.success", "data": {"reference": "t-1"}}'
    deliver(nobody, signed(body), "PAYSTACK", shop.id)
    assert ([event.reference for event in events(shop)], jobs("trace_notice")) == ([""], [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"null",
        b"[" * 5000,
        b"{}",
        b'{"externalId": 7}',
        b'{"externalId": "a b"}',
        b'{"externalId": "\\u0000"}',
        b'{"externalId": "' + b"a" * 101 + b'"}',
        b'{"externalId": ["x"]}',
    ],
)
def test_what_is_no_notice_is_refused(shop, fake, nobody, body):
    response = post(nobody, Notice("PUT", "", {"Content-Type": "application/json"}, body), "MOMO", shop.id)
    assert (response.status_code, response.json()["code"]) == (400, "notice_invalid")
    assert events(shop) == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 5000])
def test_what_is_signed_and_no_notice_is_refused_as_well(shop, fake, nobody, body):
    response = post(nobody, signed(body), "PAYSTACK", shop.id)
    assert (response.status_code, response.json()["code"]) == (400, "notice_invalid")


def test_a_notice_is_no_larger_than_notices_are(shop, fake, nobody):
    response = post(nobody, signed(b'{"a": "' + b"x" * 66_000 + b'"}'), "PAYSTACK", shop.id)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_the_webhooks_take_notices_and_nothing_else(shop, fake, nobody, method):
    for gateway in GATEWAYS:
        assert getattr(nobody, method)(f"{WEBHOOKS}{gateway.lower()}/{shop.id}/").status_code == 405
    assert nobody.put(f"{WEBHOOKS}paystack/").status_code == 405


def test_an_address_that_names_no_business_is_unknown(fake, nobody):
    assert nobody.post(f"{WEBHOOKS}momo/nonsense/", {"externalId": "x"}).status_code == 404
    assert nobody.post(f"{WEBHOOKS}cash/", {}).status_code == 404


def test_a_gateway_that_is_not_set_up_has_no_webhook(shop, fake, nobody, settings):
    settings.GATEWAYS = {}
    response = nobody.post(f"{WEBHOOKS}momo/{shop.id}/", {"externalId": "x"})
    assert (response.status_code, response.json()["code"]) == (409, "gateway_not_configured")


def test_a_gateway_needs_no_csrf_token_and_no_cookie_counts(shop, fake, attempt):
    browser = Client(enforce_csrf_checks=True)
    decide(fake, attempt)
    told = notice(fake, attempt.reference)
    signature = told.headers["x-paystack-signature"]
    response = browser.post(
        f"{WEBHOOKS}paystack/", told.body, content_type="application/json", HTTP_X_PAYSTACK_SIGNATURE=signature
    )
    assert response.status_code == 200


def test_a_reference_names_the_business_and_the_attempt_and_nothing_else_is_one(shop):
    attempt = uuid7()
    reference = reference_of(shop.id, attempt)
    assert read_reference(reference) == (shop.id, attempt)
    for other in ("", "x", reference[:-1], reference + "0", reference.upper(), reference.replace("-", "_")):
        assert read_reference(other) is None
