import pytest

from billing.gateways.momo import Momo
from fakes.server import Fake, serving


@pytest.fixture
def fake(settings, monkeypatch) -> Fake:
    """The fake providers, at which the gateways point."""
    monkeypatch.setattr(Momo, "_tokens", {})
    with serving() as fake:
        settings.GATEWAYS = {
            "MOMO": {
                "driver": "billing.gateways.momo.Momo",
                "base_url": fake.url,
                "environment": "sandbox",
                **dict.fromkeys(("subscription_key", "api_user", "api_key"), "fake"),
            },
            "PAYSTACK": {
                "driver": "billing.gateways.paystack.Paystack",
                "base_url": fake.url,
                "email": "till@shop.example",
                "secret_key": "fake",
            },
            "STRIPE": {
                "driver": "billing.gateways.stripe.Stripe",
                "base_url": fake.url,
                **dict.fromkeys(("secret_key", "webhook_secret"), "fake"),
            },
        }
        settings.GATEWAY_DRIVERS = {
            name: {key: described[key] for key in ("driver", "base_url")}
            for name, described in settings.GATEWAYS.items()
        }
        yield fake


@pytest.fixture(autouse=True)
def _takers(settings) -> None:
    settings.PAYMENT_PURPOSES = {
        **settings.PAYMENT_PURPOSES,
        "test": {"paid": "tests.billing.takers.take"},
        "bought": {"paid": "tests.billing.takers.grant", "taken_back": "tests.billing.takers.withdraw"},
    }
    settings.UNKNOWN_PAYMENTS = "tests.billing.takers.keep"
