"""Who moves money and brings messages, where they are, and the platform's own keys to them (docs/adr/0013, 0018)."""

from django.core.exceptions import ImproperlyConfigured

from app.environment import DEBUG, env

FAKE_GATEWAYS = env.str(
    "FAKE_GATEWAYS", default="http://127.0.0.1:8099" if DEBUG else ""
)  # python -m fakes --port 8099
if FAKE_GATEWAYS and not (DEBUG or env.bool("MAKOLA_FAKES", default=False)):
    raise ImproperlyConfigured(
        "Leave FAKE_GATEWAYS empty: with DEBUG off the fakes, at which anybody decides what is paid, serve only if"
        " MAKOLA_FAKES=true asks for them."
    )
_KEY = "fake" if FAKE_GATEWAYS else ""  # which the fakes take, as everybody can read here
# Where each is, for whoever has keys to it.
GATEWAY_DRIVERS: dict[str, dict[str, str]] = {
    "MOMO": {
        "driver": "billing.gateways.momo.Momo",
        "base_url": env.str("MOMO_URL", default=FAKE_GATEWAYS or "https://proxy.momoapi.mtn.com"),
    },
    "PAYSTACK": {
        "driver": "billing.gateways.paystack.Paystack",
        "base_url": env.str("PAYSTACK_URL", default=FAKE_GATEWAYS or "https://api.paystack.co"),
    },
    "STRIPE": {
        "driver": "billing.gateways.stripe.Stripe",
        "base_url": env.str("STRIPE_URL", default=FAKE_GATEWAYS or "https://api.stripe.com"),
    },
}
_SECRETS = {
    "MOMO": {
        "subscription_key": env.str("MOMO_SUBSCRIPTION_KEY", default=_KEY),
        "api_user": env.str("MOMO_API_USER", default=_KEY),
        "api_key": env.str("MOMO_API_KEY", default=_KEY),
    },
    "PAYSTACK": {"secret_key": env.str("PAYSTACK_SECRET_KEY", default=_KEY)},
    "STRIPE": {
        "secret_key": env.str("STRIPE_SECRET_KEY", default=_KEY),
        "webhook_secret": env.str("STRIPE_WEBHOOK_SECRET", default=_KEY),
    },
}
_FACTS = {
    "MOMO": {"environment": env.str("MOMO_ENVIRONMENT", default="sandbox")},
    "PAYSTACK": {"email": env.str("PAYSTACK_EMAIL", default="till@localhost")},
    "STRIPE": {},
}
# Those to which the platform has keys of its own, all of them, and those to which it has some: these are not used.
GATEWAYS: dict[str, dict[str, str]] = {
    name: {**GATEWAY_DRIVERS[name], **_FACTS[name], **keys} for name, keys in _SECRETS.items() if all(keys.values())
}
HALF_SET_GATEWAYS = [name for name, keys in _SECRETS.items() if any(keys.values()) and not all(keys.values())]
# Where a provider is asked whether it takes a business's own keys; where there is none, they are kept untried.
PROVIDER_URLS: dict[str, str] = {
    **{name: described["base_url"] for name, described in GATEWAY_DRIVERS.items()},
    "SMS": env.str("SMS_URL", default=""),
    "AI": env.str("AI_URL", default=""),
}
# The platform's own, for accounts that have none; those to gateways stand in GATEWAYS.
PLATFORM_KEYS: dict[str, str] = {"SMS": env.str("SMS_API_KEY", default=""), "AI": env.str("AI_API_KEY", default="")}
