"""Who moves money and brings messages, where they are, and the platform's own keys to them (docs/adr/0013, 0018)."""

from app.environment import DEBUG, env

FAKE_GATEWAYS = env.str(
    "FAKE_GATEWAYS", default="http://127.0.0.1:8099" if DEBUG else ""
)  # python -m fakes --port 8099
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
# Those to which the platform has keys of its own.
GATEWAYS: dict[str, dict[str, str]] = {}
if FAKE_GATEWAYS or env.str("MOMO_API_KEY", default=""):
    GATEWAYS["MOMO"] = {
        **GATEWAY_DRIVERS["MOMO"],
        "environment": env.str("MOMO_ENVIRONMENT", default="sandbox"),
        "subscription_key": env.str("MOMO_SUBSCRIPTION_KEY", default="fake"),
        "api_user": env.str("MOMO_API_USER", default="fake"),
        "api_key": env.str("MOMO_API_KEY", default="fake"),
    }
if FAKE_GATEWAYS or env.str("PAYSTACK_SECRET_KEY", default=""):
    GATEWAYS["PAYSTACK"] = {
        **GATEWAY_DRIVERS["PAYSTACK"],
        "email": env.str("PAYSTACK_EMAIL", default="till@localhost"),
        "secret_key": env.str("PAYSTACK_SECRET_KEY", default="fake"),
    }
if FAKE_GATEWAYS or env.str("STRIPE_SECRET_KEY", default=""):
    GATEWAYS["STRIPE"] = {
        **GATEWAY_DRIVERS["STRIPE"],
        "secret_key": env.str("STRIPE_SECRET_KEY", default="fake"),
        "webhook_secret": env.str("STRIPE_WEBHOOK_SECRET", default="fake"),
    }
# Where a provider is asked whether it takes a business's own keys; where there is none, they are kept untried.
PROVIDER_URLS: dict[str, str] = {
    **{name: described["base_url"] for name, described in GATEWAY_DRIVERS.items()},
    "SMS": env.str("SMS_URL", default=""),
    "AI": env.str("AI_URL", default=""),
}
# The platform's own, for accounts that have none; those to gateways stand in GATEWAYS.
PLATFORM_KEYS: dict[str, str] = {"SMS": env.str("SMS_API_KEY", default=""), "AI": env.str("AI_API_KEY", default="")}
