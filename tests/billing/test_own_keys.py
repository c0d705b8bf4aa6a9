"""A business that has keys of its own to a gateway is paid by them; what it buys of us, it pays to us."""

import hashlib
import hmac

import pytest
from uuid_utils.compat import uuid7

from system import services as system
from tests.billing.payments import (
    PHONE,
    decide,
    deliver,
    events,
    forget_jobs,
    kept,
    notice,
    post,
    prompted,
    pursue,
    run_jobs,
    seen,
    start,
    state_of,
    taken,
)

pytestmark = pytest.mark.django_db
KEYS = {
    "PAYSTACK": {"secret_key": "fake", "email": "till@shop.example"},
    "MOMO": {"environment": "sandbox", **dict.fromkeys(("subscription_key", "api_user", "api_key"), "fake")},
}
BOTH = pytest.mark.parametrize("gateway", KEYS)


@pytest.fixture
def provider(fake, settings):
    """Providers who know the business's keys, and not the platform's."""
    settings.PAID_TO_BUSINESS = {"till", "test"}
    settings.GATEWAYS = {
        name: {key: "strange" if value == "fake" else value for key, value in options.items()}
        for name, options in settings.GATEWAYS.items()
    }
    return fake


def bring(shop, gateway, **changes):
    with shop.inside():
        system.change_integration(by=shop.owner, provider=gateway, keys={**KEYS[gateway], **changes})


@BOTH
def test_the_payer_is_asked_and_the_money_found_by_the_businesss_own_keys(shop, stranger, provider, gateway):
    bring(shop, gateway)
    attempt = prompted(shop, gateway)
    decide(provider, attempt)
    pursue(attempt)
    assert (state_of(shop, attempt), taken(shop), seen(shop, attempt).is_own) == ("PAID", ["PAID"], True)
    other = start(stranger, gateway)
    pursue(other)
    assert (state_of(stranger, other), seen(stranger, other).is_own) == ("INITIATED", False)


@BOTH
def test_what_is_bought_of_the_platform_is_paid_to_the_platform(shop, fake, settings, gateway):
    settings.PAID_TO_BUSINESS = {"till"}
    bring(shop, gateway, **({"secret_key": "strange"} if gateway == "PAYSTACK" else {"api_key": "strange"}))
    attempt = prompted(shop, gateway)
    decide(fake, attempt)
    pursue(attempt)
    assert (state_of(shop, attempt), seen(shop, attempt).is_own) == ("PAID", False)


@BOTH
def test_a_business_is_paid_though_the_platform_has_no_keys(shop, fake, settings, gateway):
    settings.PAID_TO_BUSINESS = {"test"}
    settings.GATEWAYS = {}
    bring(shop, gateway)
    attempt = prompted(shop, gateway)
    decide(fake, attempt)
    pursue(attempt)
    assert state_of(shop, attempt) == "PAID"


@BOTH
def test_what_was_asked_with_keys_that_are_gone_is_asked_by_no_others(shop, fake, settings, gateway):
    settings.PAID_TO_BUSINESS = {"test"}
    bring(shop, gateway)
    attempt = prompted(shop, gateway)
    with shop.inside():
        system.remove_integration(by=shop.owner, provider=gateway)
    decide(fake, attempt)
    pursue(attempt)
    assert (state_of(shop, attempt), taken(shop)) == ("PROMPTED", [])
    bring(shop, gateway)
    pursue(attempt)
    assert (state_of(shop, attempt), taken(shop)) == ("PAID", ["PAID"])


@BOTH
def test_keys_that_come_while_somebody_pays_change_nothing_for_that_payment(shop, fake, settings, gateway):
    settings.PAID_TO_BUSINESS = {"test"}
    attempt = prompted(shop, gateway)
    bring(shop, gateway, **({"secret_key": "strange"} if gateway == "PAYSTACK" else {"api_key": "strange"}))
    decide(fake, attempt)
    pursue(attempt)
    assert (state_of(shop, attempt), seen(shop, attempt).is_own) == ("PAID", False)


def test_keys_that_nobody_can_read_any_more_are_none_and_no_others_are_used_instead(shop, fake, nobody, settings):
    """As after a change of SECRET_KEY, with which they were sealed where SEALING_KEYS names nothing else."""
    settings.PAID_TO_BUSINESS = {"till", "test"}
    bring(shop, "PAYSTACK")
    attempt = prompted(shop, "PAYSTACK")
    decide(fake, attempt)
    known, settings.SEALING_KEYS = settings.SEALING_KEYS, ["another"]
    body = {"id": str(uuid7()), "register": str(shop.register.pk), "amount": "5", "phone": PHONE, "gateway": "PAYSTACK"}
    asked = shop.client().post("/api/v1/sales/mobile-payments/", body)
    heard = post(nobody, notice(fake, attempt.reference), "PAYSTACK", shop.id)
    for answer in (asked, heard):
        assert (answer.status_code, answer.json()["code"]) == (409, "gateway_not_configured")
    pursue(attempt)
    assert (state_of(shop, attempt), taken(shop)) == ("PROMPTED", [])
    with shop.inside():
        assert not shop.account.mobile_payments.exists()
    settings.SEALING_KEYS = ["another", *known]
    pursue(attempt)
    assert (state_of(shop, attempt), taken(shop)) == ("PAID", ["PAID"])


# --- Notices ----------------------------------------------------------------------------------------------------------


def test_at_the_businesss_address_its_own_key_signs(shop, provider, nobody):
    bring(shop, "PAYSTACK")
    attempt = prompted(shop, "PAYSTACK")
    forget_jobs()
    decide(provider, attempt)
    told = notice(provider, attempt.reference)
    refused = post(nobody, told, "PAYSTACK")
    assert (refused.status_code, refused.json()["code"]) == (400, "notice_invalid")
    deliver(nobody, told, "PAYSTACK", shop.id)
    deliver(nobody, told, "PAYSTACK", shop.id)
    assert len(events(shop)) == 1
    run_jobs()
    assert (state_of(shop, attempt), taken(shop)) == ("PAID", ["PAID"])


def test_nobodys_own_key_signs_for_another_business(shop, stranger, fake, nobody, settings):
    settings.PAID_TO_BUSINESS = {"test"}
    bring(stranger, "PAYSTACK", secret_key="the-strangers")
    attempt = prompted(shop, "PAYSTACK")
    forget_jobs()
    decide(fake, attempt)
    told = notice(fake, attempt.reference)
    signature = hmac.new(b"the-strangers", told.body, hashlib.sha512).hexdigest()
    forged = type(told)(told.method, told.url, {**told.headers, "x-paystack-signature": signature}, told.body)
    deliver(nobody, forged, "PAYSTACK", stranger.id)
    run_jobs()
    assert (events(shop), events(stranger), state_of(shop, attempt)) == ([], [], "PROMPTED")
    refused = post(nobody, forged, "PAYSTACK", shop.id)
    assert (refused.status_code, refused.json()["code"]) == (400, "notice_invalid")
    deliver(nobody, told, "PAYSTACK", stranger.id)
    run_jobs()
    assert (state_of(shop, attempt), kept(stranger)) == ("PAID", [])
