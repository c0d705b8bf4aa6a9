"""From the page to the period, over HTTP with the fake provider; the browser never comes back."""

import pytest
from rest_framework.test import APIClient

from tests.billing.conftest import fake  # noqa: F401 - the fixture
from tests.billing.payments import decide, deliver, forget_jobs, notice, pursue, run_jobs
from tests.subscriptions.paying import begin, held, hold, papers, seen

pytestmark = pytest.mark.django_db


def attempt_of(shop, payment):
    with shop.inside():
        return shop.account.payment_attempts.get(pk=payment["id"])


def asked(shop, **body):
    """A payment whose page the gateway has made."""
    payment = begin(shop, **body)
    pursue(attempt_of(shop, payment))
    forget_jobs()
    return payment


def test_s20_what_is_paid_on_the_page_is_granted_though_the_browser_never_returns(shop, fake, settings):  # noqa: F811
    """S20."""
    hold(shop, days_left=-3)
    payment = asked(shop, return_url=f"{settings.TILL_ORIGINS[0]}/paid")
    assert seen(shop, payment)["page_url"].startswith(fake.url)
    attempt = attempt_of(shop, payment)
    decide(fake, attempt)
    told = notice(fake, attempt.reference)
    for _ in range(5):
        deliver(APIClient(), told, "PAYSTACK")
        run_jobs()
    assert seen(shop, payment)["state"] == "PAID"
    assert (str(held(shop).state), len(papers(shop))) == ("ACTIVE", 1)


def test_s20_a_payment_that_was_declined_does_not_block_the_one_that_is_not(shop, fake):  # noqa: F811
    """S20."""
    hold(shop, days_left=-3)
    first = asked(shop)
    decide(fake, attempt_of(shop, first), "FAILED")
    pursue(attempt_of(shop, first))
    assert (seen(shop, first)["state"], str(held(shop).state)) == ("FAILED", "GRACE")
    second = asked(shop)
    decide(fake, attempt_of(shop, second))
    pursue(attempt_of(shop, second))
    assert (seen(shop, second)["granted_at"] is not None, str(held(shop).state)) == (True, "ACTIVE")
