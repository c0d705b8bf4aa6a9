"""Providers to whom a business may have keys of its own: which keys each wants, and whether it takes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import requests
from django.conf import settings

from accounts.models import Account
from core import vault
from system.errors import KeysUnreadable
from system.models import CheckState, Integration, Provider

TIMEOUT = (5, 15)  # seconds: to connect, to answer
_REFUSALS = {requests.codes.unauthorized, requests.codes.forbidden}

Keys = Mapping[str, str]


@dataclass(frozen=True)
class Shape:
    """What a provider's keys are called; the first is the secret whose end is shown. `path` answers who has them."""

    names: tuple[str, ...]
    path: str = ""
    method: str = "GET"


SHAPES: Mapping[str, Shape] = {
    Provider.PAYSTACK: Shape(("secret_key", "email"), "/balance"),
    Provider.STRIPE: Shape(("secret_key", "webhook_secret"), "/v1/balance"),
    Provider.MOMO: Shape(
        ("api_key", "api_user", "subscription_key", "environment"), "/collection/token/", method="POST"
    ),
    Provider.SMS: Shape(("api_key", "sender")),
    Provider.AI: Shape(("api_key",)),
}


def own_keys(account: Account, provider: str) -> dict[str, str] | None:
    """The account's own keys to the provider; None where it has none, and uses the platform's.

    Raises KeysUnreadable.
    """
    row: Integration | None = account.integrations.filter(provider=provider).first()
    return keys_in(row) if row else None


def keys_in(row: Integration) -> dict[str, str]:
    """Raises KeysUnreadable where none of `SEALING_KEYS` opens them."""
    try:
        keys: dict[str, str] = json.loads(vault.unseal(row.sealed))
    except ValueError:
        raise KeysUnreadable(provider=row.provider) from None
    return keys


def is_platforms(provider: str) -> bool:
    """Whether the platform has keys that accounts without their own use."""
    return provider in settings.GATEWAYS or bool(settings.PLATFORM_KEYS.get(provider))


def can_be_checked(provider: str) -> bool:
    return bool(settings.PROVIDER_URLS.get(provider))


def ask(provider: str, keys: Keys) -> CheckState:
    """Whether the provider takes the keys. It is asked over the network: hold no transaction open meanwhile."""
    shape = SHAPES[provider]
    try:
        answer = requests.request(
            shape.method,
            settings.PROVIDER_URLS[provider] + shape.path,
            headers=_headers(provider, keys),
            auth=(keys["api_user"], keys["api_key"]) if provider == Provider.MOMO else None,
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except requests.RequestException:
        return CheckState.AWAY
    if answer.status_code in _REFUSALS:
        return CheckState.REFUSED
    return CheckState.ACCEPTED if answer.status_code == requests.codes.ok else CheckState.AWAY


def _headers(provider: str, keys: Keys) -> dict[str, str]:
    if provider == Provider.MOMO:
        return {"Ocp-Apim-Subscription-Key": keys["subscription_key"]}
    return {"Authorization": f"Bearer {keys[SHAPES[provider].names[0]]}"}
