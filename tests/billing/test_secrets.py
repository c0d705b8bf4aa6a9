"""What the gateways know us by is in no log, no error, no history, and nothing that is shown."""

import logging
from dataclasses import fields

import pytest
import structlog
from django.core.serializers.json import DjangoJSONEncoder

from billing import services
from billing.gateways import GatewayAway, open_gateway
from fakes import control, momo, paystack, stripe
from tests.billing.payments import (
    bought,
    decide,
    deliver,
    events,
    granted,
    notice,
    post,
    prompted,
    pursue,
    run_jobs,
    seen,
    state_of,
)

pytestmark = pytest.mark.django_db
SECRET = "sk-very-secret"


@pytest.fixture
def secret(fake, settings, monkeypatch):
    """All keys of ours are secrets that can be recognised, and the providers know them."""
    for module, names in (
        (momo, ("KEY", "SUBSCRIPTION")),
        (paystack, ("SECRET",)),
        (stripe, ("SECRET", "WEBHOOK_SECRET")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, SECRET)
    keys = ("secret_key", "webhook_secret", "subscription_key", "api_key")
    settings.GATEWAYS = {
        name: {key: SECRET if key in keys else told for key, told in options.items()}
        for name, options in settings.GATEWAYS.items()
    }
    return SECRET


@pytest.fixture
def said(caplog):
    """All that was logged, in full."""
    caplog.set_level(logging.DEBUG)

    def read():
        return "\n".join([caplog.text, *(repr(vars(record)) for record in caplog.records)])

    return read


def go_wrong(shop, fake, nobody, gateway):
    """Everything that may happen to an attempt, to its good and to its bad end."""
    attempt = bought(shop, gateway) if gateway == "STRIPE" else prompted(shop, gateway, purpose="bought")
    for fault in ({"status": 500}, {"status": 401}, {"status": 200, "body": "nonsense"}, {"status": 403}):
        control.fault(fake.ledger, path="/", **fault)
        pursue(attempt)
    forged = notice(fake, attempt.reference, bad_signature=True)
    assert gateway == "MOMO" or post(nobody, forged, gateway).status_code == 400
    decide(fake, attempt)
    deliver(nobody, notice(fake, attempt.reference), gateway)
    run_jobs()
    return attempt


@pytest.mark.parametrize("gateway", ["MOMO", "PAYSTACK", "STRIPE"])
def test_secrets_are_in_no_log_and_in_no_row(shop, fake, nobody, secret, said, gateway):
    structlog.get_logger("control").warning("control", told="sk-public")  # what is logged is captured
    attempt = go_wrong(shop, fake, nobody, gateway)
    assert (state_of(shop, attempt), granted(shop)) == ("PAID", ["all"])
    with shop.inside():
        history = [event.after for event in shop.account.audit_events.all()]
    kept = [vars(seen(shop, attempt)), *(event.body for event in events(shop)), history]
    told = said() + DjangoJSONEncoder().encode([repr(each) for each in kept])
    assert "sk-public" in told
    assert "gateway_away" in told
    assert secret not in told


@pytest.mark.parametrize("gateway", ["MOMO", "PAYSTACK", "STRIPE"])
def test_secrets_are_in_no_error_and_in_nothing_that_is_shown(fake, secret, gateway):
    opened = open_gateway(gateway)
    assert secret in [getattr(opened, field.name) for field in fields(opened)]
    assert secret not in repr(opened) + str(opened)
    control.fault(fake.ledger, path="/", status=401, times=2)
    with pytest.raises(GatewayAway) as problem:
        opened.fetch("x", "x")
    assert secret not in repr(problem.value) + str(problem.value.__cause__)


def test_what_is_kept_of_payers_is_personal_and_is_forgotten(shop, fake):
    attempt = prompted(shop, "PAYSTACK", payer_email="kofi@payer.example")
    assert {"payer_phone", "payer_email"} <= type(attempt).PERSONAL
    with shop.inside():
        services.forget_payers(by=shop.owner, attempts=[attempt.pk], phone="x")
    row = seen(shop, attempt)
    assert (row.payer_phone, row.payer_email) == ("", "")
