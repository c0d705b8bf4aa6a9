"""The ways to those who move money, behind one protocol. Whatever they say of amounts is theirs, not yet believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Account
from billing.errors import GatewayNotConfigured
from system import integrations
from system.errors import KeysUnreadable


class Outcome(StrEnum):
    PENDING = "PENDING"
    PAID = "PAID"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"  # the gateway has never heard of it


@dataclass(frozen=True)
class PaymentRequest:
    """What a payer is asked for. `reference` is ours; notices may be sent to `notify_url`, if there is one.

    Who has no phone pays on a page of the gateway, which leads to `return_url` afterwards.
    """

    reference: str
    amount: Decimal
    currency: str
    exponent: int
    country: str
    payer_phone: str
    payer_email: str = ""
    network: str = ""
    payee: str = ""
    notify_url: str = ""
    return_url: str = ""


@dataclass(frozen=True)
class Finding:
    """How a payment stands at the gateway, as it told us when we asked.

    `is_reversed` is said of money that had come: it went back in full, or is disputed and not won.
    """

    outcome: Outcome
    amount: Decimal | None = None
    currency: str = ""
    provider_reference: str = ""
    payer_phone: str = ""
    reason: str = ""
    page_url: str = ""
    is_reversed: bool = False


@dataclass(frozen=True)
class Notice:
    """What a notice is about. What else it says is not believed. `reference` is empty for what is no payment to us, and
    for one that the gateway calls by a name of its own alone. One that is not signed may be anybody's."""

    reference: str
    provider_reference: str = ""
    is_signed: bool = True


class GatewayAway(Exception):
    """The gateway does not answer, or not with sense: ask again later."""


class Gateway(Protocol):
    has_page: ClassVar[bool]  # on which somebody without a phone can pay

    def request_payment(self, wanted: PaymentRequest) -> Finding:
        """Ask the payer; harmless to repeat. Raises GatewayAway where nobody knows whether they were asked."""

    def fetch(self, reference: str, provider_reference: str = "") -> Finding:
        """How the payment with this reference of ours, and of theirs if we know it, stands. Raises GatewayAway."""

    def name(self, provider_reference: str) -> str:
        """Our reference of what a notice calls so; empty for another's. Raises GatewayAway."""
        return ""

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """What a notice is about. Raises NoticeInvalid for what is none, or is not signed as it should be."""


def own_keys(account: Account, name: str) -> dict[str, str] | None:
    """The business's own keys; None where it has none, and is paid by the platform's.

    Raises GatewayNotConfigured for some that nobody can read any more: the platform's would bring it no money.
    """
    try:
        return integrations.own_keys(account, name)
    except KeysUnreadable:
        raise GatewayNotConfigured(gateway=name) from None


def open_gateway(name: str, keys: Mapping[str, str] | None = None) -> Gateway:
    """The gateway with the platform's keys, as `GATEWAYS` describes it, or with these, which are a business's own.

    Raises GatewayNotConfigured.
    """
    options = (settings.GATEWAY_DRIVERS if keys else settings.GATEWAYS).get(name)
    if options is None:
        raise GatewayNotConfigured(gateway=name)
    described = {**options, **(keys or {})}
    gateway: Gateway = import_string(described.pop("driver"))(**described)
    return gateway
