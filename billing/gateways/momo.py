"""MTN Mobile Money, its Collections API: a request to pay, which the payer confirms on their phone.

A notice comes by PUT or POST, once, unsigned; whoever does not hear it has to ask.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from billing.errors import NoticeInvalid
from billing.gateways import Finding, Gateway, GatewayAway, Notice, Outcome, PaymentRequest, phones, wire
from billing.references import is_fit
from core.amounts import round_money

_OUTCOMES = {"PENDING": Outcome.PENDING, "SUCCESSFUL": Outcome.PAID, "FAILED": Outcome.FAILED}
_EARLIER = 60  # seconds before its end that a token is given up
_LONGEST_NOTE = 160


@dataclass(frozen=True)
class Momo(Gateway):
    base_url: str
    environment: str
    subscription_key: str = field(repr=False)
    api_user: str = field(repr=False)
    api_key: str = field(repr=False)

    has_page: ClassVar[bool] = False
    _tokens: ClassVar[dict["Momo", tuple[str, float]]] = {}

    def request_payment(self, wanted: PaymentRequest) -> Finding:
        note = wanted.payee[:_LONGEST_NOTE]
        body = {
            "amount": f"{round_money(wanted.amount, wanted.exponent):f}",
            "currency": wanted.currency,
            "externalId": wanted.reference,
            "payer": {
                "partyIdType": "MSISDN",
                "partyId": phones.international(wanted.payer_phone, wanted.country),
            },
            "payerMessage": note,
            "payeeNote": note,
        }
        headers = {"X-Reference-Id": resource_of(wanted.reference)}
        if wanted.notify_url:
            headers["X-Callback-Url"] = wanted.notify_url
        status, answer = self._call("POST", "requesttopay", headers=headers, body=body)
        if status in (202, 409):  # 409: it was asked for before
            return Finding(Outcome.PENDING)
        return Finding(Outcome.FAILED, reason=_reason(answer) or f"HTTP {status}")

    def fetch(self, reference: str, provider_reference: str = "") -> Finding:
        status, found = self._call("GET", f"requesttopay/{resource_of(reference)}")
        if status == 404:
            return Finding(Outcome.UNKNOWN)
        outcome = _OUTCOMES.get(str(found.get("status")))
        if status != 200 or outcome is None or found.get("externalId") != reference:
            raise GatewayAway(f"status {status}")
        if outcome is Outcome.PAID:
            wire.require(found, "amount", "currency")
        return Finding(
            outcome,
            amount=wire.amount_in(found.get("amount")),
            currency=wire.plain(found.get("currency"), 3),
            provider_reference=wire.plain(found.get("financialTransactionId"), 100),
            payer_phone=wire.plain(wire.part(found, "payer").get("partyId"), 32),
            reason=_reason(found),
        )

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        reference = wire.read_body(body).get("externalId")
        if not is_fit(reference):
            raise NoticeInvalid
        return Notice(str(reference), is_signed=False)

    def _call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: Any = None
    ) -> tuple[int, dict[str, Any]]:
        """Raises GatewayAway also where the token was refused: the next call gets a fresh one."""
        status, answer = wire.call(
            method,
            f"{self.base_url}/collection/v1_0/{path}",
            headers={
                "Authorization": f"Bearer {self._token()}",
                "Ocp-Apim-Subscription-Key": self.subscription_key,
                "X-Target-Environment": self.environment,
                **(headers or {}),
            },
            body=body,
        )
        if status == 401:
            self._tokens.pop(self, None)
            raise GatewayAway("token refused")
        return status, answer

    def _token(self) -> str:
        token, ends_at = self._tokens.get(self, ("", 0.0))
        if time.monotonic() < ends_at:
            return token
        status, answer = wire.call(
            "POST",
            f"{self.base_url}/collection/token/",
            headers={"Ocp-Apim-Subscription-Key": self.subscription_key},
            login=(self.api_user, self.api_key),
        )
        token = str(answer.get("access_token") or "")
        if status != 200 or not token:
            raise GatewayAway(f"no token: status {status}")
        lasts = wire.amount_in(answer.get("expires_in")) or 0
        self._tokens[self] = token, time.monotonic() + int(lasts) - _EARLIER
        return token


def resource_of(reference: str) -> str:
    """The id, a UUID of version 4, under which the gateway keeps what has this reference of ours."""
    return str(UUID(bytes=hashlib.sha256(reference.encode()).digest()[:16], version=4))


def _reason(found: Mapping[str, Any]) -> str:
    """Some of their answers have a code, some an object with one."""
    told = found.get("reason") or found
    return wire.plain(told.get("code") if isinstance(told, dict) else told, 200)
