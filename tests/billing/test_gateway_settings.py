"""What the environment says of the gateways: half of it is nothing, and the fakes are for development."""

import json
import os
import subprocess
import sys

import pytest
from django.core.checks import run_checks

from billing import checks
from tests.server import ROOT

ALL = ["MOMO", "PAYSTACK", "STRIPE"]
MOMO = {"MOMO_SUBSCRIPTION_KEY": "s", "MOMO_API_USER": "u", "MOMO_API_KEY": "k"}
STRIPE = {"STRIPE_SECRET_KEY": "sk", "STRIPE_WEBHOOK_SECRET": "whsec"}
PAYSTACK = {"PAYSTACK_SECRET_KEY": "sk"}
FAKES = {"FAKE_GATEWAYS": "http://127.0.0.1:8099"}
_READ = "from app import providers as p; import json; print(json.dumps([p.GATEWAYS, p.HALF_SET_GATEWAYS]))"


def read(**environment):
    """What a process with this environment, and no other word about gateways, makes of it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith((*ALL, "FAKE_", "MAKOLA_FAKES"))}
    return subprocess.run(
        [sys.executable, "-c", _READ],
        cwd=ROOT,
        env={**others, "DEBUG": "false", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def told(**environment):
    answer = read(**environment)
    assert answer.returncode == 0, answer.stderr
    gateways, half = json.loads(answer.stdout)
    return gateways, half


@pytest.mark.parametrize(
    ("environment", "used", "half"),
    [
        ({}, [], []),
        ({**MOMO, **STRIPE, **PAYSTACK}, ALL, []),
        (PAYSTACK, ["PAYSTACK"], []),
        ({"STRIPE_SECRET_KEY": "sk"}, [], ["STRIPE"]),
        ({"STRIPE_WEBHOOK_SECRET": "whsec"}, [], ["STRIPE"]),
        ({**STRIPE, "STRIPE_WEBHOOK_SECRET": ""}, [], ["STRIPE"]),
        ({"MOMO_API_KEY": "k", **PAYSTACK}, ["PAYSTACK"], ["MOMO"]),
        ({"DEBUG": "true", "FAKE_GATEWAYS": "", "STRIPE_SECRET_KEY": "sk"}, [], ["STRIPE"]),
    ],
)
def test_a_gateway_is_used_with_all_its_keys_and_none_of_them_is_known_to_others(environment, used, half):
    gateways, incomplete = told(**environment)
    assert (sorted(gateways), incomplete) == (used, half)
    assert "fake" not in [value for described in gateways.values() for value in described.values()]


@pytest.mark.parametrize("environment", [{"DEBUG": "true"}, {**FAKES, "MAKOLA_FAKES": "true"}])
def test_the_fakes_take_the_keys_that_everybody_knows(environment):
    gateways, half = told(**environment)
    assert (sorted(gateways), half) == (ALL, [])
    assert {described["base_url"] for described in gateways.values()} == {FAKES["FAKE_GATEWAYS"]}
    assert gateways["STRIPE"]["webhook_secret"] == "fake"


@pytest.mark.parametrize("environment", [{}, {"MAKOLA_FAKES": "false"}])
def test_nothing_starts_in_production_while_the_fakes_decide_what_is_paid(environment):
    answer = read(**FAKES, **environment)
    assert answer.returncode != 0
    assert "ImproperlyConfigured: Leave FAKE_GATEWAYS empty" in answer.stderr


def ids(*, deploy):
    found = run_checks(tags=["security"], include_deployment_checks=deploy)
    return {each.id for each in found if each.id.startswith("billing.")}


def test_every_command_says_which_gateway_lacks_a_key(settings):
    settings.HALF_SET_GATEWAYS = ["STRIPE"]
    assert ids(deploy=False) == {"billing.W001"}
    (warning,) = checks.check_keys()
    assert warning.msg.startswith("STRIPE lacks one of its keys")
    settings.HALF_SET_GATEWAYS = []
    assert ids(deploy=False) == set()


@pytest.mark.parametrize("name", [*ALL, "SMS", "AI"])
def test_the_check_for_production_names_an_address_that_is_not_https(settings, name):
    settings.FAKE_GATEWAYS = ""
    settings.PROVIDER_URLS = {**dict.fromkeys(ALL, "https://api.example"), "SMS": "", "AI": ""}
    assert ids(deploy=True) == set()
    settings.PROVIDER_URLS = {**settings.PROVIDER_URLS, name: "http://127.0.0.1:8099"}
    assert ids(deploy=True) == {"billing.W002"}
    assert ids(deploy=False) == set()
