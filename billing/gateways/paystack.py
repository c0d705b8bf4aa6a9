"""Paystack: a charge of a mobile money wallet, which the payer confirms on their phone.

Notices are signed: `x-paystack-signature` is the HMAC-SHA512 of the raw body under our secret key.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from billing.errors import NoticeInvalid
from billing.gateways import Finding, GatewayAway, Notice, Outcome, PaymentRequest, wire
from billing.references import is_fit

_SUBUNITS = 100  # they count in hundredths of every currency, also of those that have none
_OUTCOMES = {"success": Outcome.PAID, "failed": Outcome.FAILED, "reversed": Outcome.FAILED}
_NETWORKS = {"MTN": "mtn", "TELECEL": "vod", "AIRTELTIGO": "atl", "ORANGE": "orange", "WAVE": "wave"}
_TAKEN = "duplicate"


@dataclass(frozen=True)
class Paystack:
    base_url: str
    email: str  # which they want of every payer, and a till does not know
    secret_key: str = field(repr=False)

    has_page: ClassVar[bool] = True

    def request_payment(self, wanted: PaymentRequest) -> Finding:
        body = {
            "email": self.email,
            "amount": int(wanted.amount * _SUBUNITS),
            "currency": wanted.currency,
            "reference": wanted.reference,
            "mobile_money": {
                "phone": wanted.payer_phone,
                "provider": _NETWORKS.get(wanted.network, "mtn"),
            },
        }
        status, answer = self._call("POST", "charge", body)
        message = wire.plain(answer.get("message"), 200)
        if status == 200 and answer.get("status") is True:
            told = wire.part(answer, "data")
            is_refused = _OUTCOMES.get(str(told.get("status"))) is Outcome.FAILED
            return Finding(Outcome.FAILED, reason=_reason(told)) if is_refused else Finding(Outcome.PENDING)
        if _TAKEN in message.lower():  # it was asked for before
            return Finding(Outcome.PENDING)
        return Finding(Outcome.FAILED, reason=message or f"HTTP {status}")

    def fetch(self, reference: str, provider_reference: str = "") -> Finding:
        status, answer = self._call("GET", f"transaction/verify/{quote(reference, safe='')}")
        if status in (400, 404):
            return Finding(Outcome.UNKNOWN)
        found = wire.part(answer, "data")
        if status != 200 or found.get("reference") != reference:
            raise GatewayAway(f"status {status}")
        subunits = wire.amount_in(found.get("amount"))
        return Finding(
            _OUTCOMES.get(str(found.get("status")), Outcome.PENDING),
            amount=None if subunits is None else subunits / _SUBUNITS,
            currency=wire.plain(found.get("currency"), 3),
            provider_reference=wire.plain(found.get("id"), 100),
            payer_phone=wire.plain(wire.part(found, "authorization").get("mobile_money_number"), 32),
            reason=_reason(found),
        )

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        signature = headers.get("x-paystack-signature", "")
        if not hmac.compare_digest(self._sign(body).encode(), signature.encode()):
            raise NoticeInvalid
        told = wire.read_body(body)
        reference = wire.part(told, "data").get("reference")
        is_of_charge = str(told.get("event")).startswith("charge.")
        return Notice(str(reference) if is_of_charge and is_fit(reference) else "")

    def _sign(self, body: bytes) -> str:
        return hmac.new(self.secret_key.encode(), body, hashlib.sha512).hexdigest()

    def _call(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.secret_key}"}
        status, answer = wire.call(method, f"{self.base_url}/{path}", headers=headers, body=body)
        if status == 401:
            raise GatewayAway("key refused")
        return status, answer


def _reason(told: Mapping[str, Any]) -> str:
    return wire.plain(told.get("gateway_response") or told.get("message"), 200)
