"""`manage.py fakepay`: the demo can pay, and nothing else can be paid so."""

from io import StringIO

import pytest
import requests
from django.core.management import call_command
from django.core.management.base import CommandError
from uuid_utils.compat import uuid7

from app.management.commands import serve
from billing.checks import check_fakes
from tests.billing.payments import bought, granted, prompted, pursue, run_jobs, seen, start, state_of
from tests.conftest import open_shop
from tests.server import free_port
from tests.works import wait_until


@pytest.fixture
def busy(committed, fake, settings):
    settings.FAKE_GATEWAYS = fake.url
    return open_shop("Ama Provisions", prices=("10.00",))


def fakepay(*args, **options):
    out = StringIO()
    call_command("fakepay", *map(str, args), stdout=out, **options)
    return out.getvalue().strip()


@pytest.mark.parametrize("gateway", ["MOMO", "PAYSTACK", "STRIPE"])
def test_the_demo_pays(busy, fake, gateway):
    attempt = bought(busy, gateway) if gateway == "STRIPE" else prompted(busy, gateway, purpose="bought")
    assert fakepay(attempt.pk) == "Paid. The worker settles it."
    run_jobs()
    assert (state_of(busy, attempt), granted(busy)) == ("PAID", ["all"])


def test_by_its_reference_it_declines_or_pays_something_else(busy, fake):
    declined, less, other = (bought(busy) for _ in range(3))
    assert fakepay(declined.reference, decline=True) == "Declined."
    fakepay(less.reference, amount="1")
    fakepay(other.reference, currency="NGN")
    for attempt in (declined, less, other):
        pursue(attempt)
    assert [seen(busy, attempt).state for attempt in (declined, less, other)] == ["FAILED"] * 3
    assert [seen(busy, attempt).reason for attempt in (less, other)] == ["wrong_amount", "wrong_currency"]


def test_it_refuses_where_gateways_are_real(busy, fake, settings):
    attempt = bought(busy)
    settings.FAKE_GATEWAYS = ""
    with pytest.raises(CommandError, match="No fake providers"):
        fakepay(attempt.pk)
    pursue(attempt)
    assert state_of(busy, attempt) == "PROMPTED"


def test_it_says_what_is_wrong(busy, fake, settings):
    for unknown, sentence in (("nonsense", "no id"), (uuid7(), "no such attempt")):
        with pytest.raises(CommandError, match=sentence):
            fakepay(unknown)
    with pytest.raises(CommandError, match="not been asked"):
        fakepay(start(busy).pk)  # no worker has come yet
    settings.FAKE_GATEWAYS = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="Nobody listens"):
        fakepay(bought(busy).pk)


def test_an_id_that_two_businesses_chose_needs_its_reference(busy, fake):
    other = open_shop("Stranger Stores", prices=("10.00",))
    mine = bought(busy)
    with other.inside():
        theirs = other.account.payment_attempts.model(**{**vars_of(mine), "account_id": other.id, "by": other.owner})
        theirs.save(force_insert=True)
    with pytest.raises(CommandError, match="Two businesses"):
        fakepay(mine.pk)
    fakepay(mine.reference)
    pursue(mine)
    assert (state_of(busy, mine), state_of(other, theirs)) == ("PAID", "PROMPTED")


def vars_of(attempt):
    return {field.attname: getattr(attempt, field.attname) for field in attempt._meta.fields if field.name != "by"}


def test_money_is_real_where_customers_are(settings):
    settings.FAKE_GATEWAYS = "http://127.0.0.1:8099"
    assert [problem.id for problem in check_fakes()] == ["billing.E001"]
    settings.FAKE_GATEWAYS = ""
    assert check_fakes() == []


@pytest.mark.parametrize(
    ("where", "is_debug"),
    [("", True), ("http://127.0.0.1:8099", False), ("http://fakes.example:8099", True), ("http://127.0.0.1", True)],
)
def test_fake_providers_are_started_on_this_machine_and_to_develop_on_only(settings, where, is_debug):
    settings.DEBUG, settings.FAKE_GATEWAYS = is_debug, where
    assert serve.fakes_commands(8000) == []


def test_fake_providers_are_started_once_and_know_where_to_tell_of_payments(settings):
    settings.DEBUG, settings.FAKE_GATEWAYS = True, f"http://127.0.0.1:{free_port()}"
    (command,) = serve.fakes_commands(8000)
    process = serve.start(command, is_silent=True)
    try:
        wait_until(lambda: serve.is_taken(int(settings.FAKE_GATEWAYS.rpartition(":")[2])))
        assert requests.get(f"{settings.FAKE_GATEWAYS}/_control/ledger", timeout=5).json()["charges"] == []
        assert serve.fakes_commands(8000) == []
        assert command[-1] == "--webhooks=http://127.0.0.1:8000/api/v1/billing/webhooks/"
    finally:
        process.terminate()
        process.wait(timeout=10)
