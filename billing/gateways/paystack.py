"""Paystack: a charge of a mobile money wallet, which the payer confirms on their phone, or else a page of theirs.

Notices are signed: `x-paystack-signature` is the HMAC-SHA512 of the raw body under our secret key.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from billing.errors import NoticeInvalid
from billing.gateways import Finding, Gateway, GatewayAway, Notice, Outcome, PaymentRequest, wire
from billing.references import is_fit

_SUBUNITS = 100  # they count in hundredths of every currency, also of those that have none
_OUTCOMES = {"success": Outcome.PAID, "failed": Outcome.FAILED, "reversed": Outcome.PAID}
_NETWORKS = {"MTN": "mtn", "TELECEL": "vod", "AIRTELTIGO": "atl", "ORANGE": "orange", "WAVE": "wave"}
_TAKEN = "duplicate"
_WON = "resolved", "declined"  # how a dispute stands that went our way
PAGE_LOST = "page_lost"


@dataclass(frozen=True)
class Paystack(Gateway):
    base_url: str
    email: str  # which they want of every payer, and a till does not know
    secret_key: str = field(repr=False)

    has_page: ClassVar[bool] = True

    def request_payment(self, wanted: PaymentRequest) -> Finding:
        body = {
            "email": wanted.payer_email or self.email,
            "amount": int(wanted.amount * _SUBUNITS),
            "currency": wanted.currency,
            "reference": wanted.reference,
        }
        return self._charge(wanted, body) if wanted.payer_phone else self._open_page(wanted, body)

    def _charge(self, wanted: PaymentRequest, body: Mapping[str, Any]) -> Finding:
        payer = {"phone": wanted.payer_phone, "provider": _NETWORKS.get(wanted.network, "mtn")}
        status, answer = self._call("POST", "charge", {**body, "mobile_money": payer})
        if status == 200 and answer.get("status") is True:
            told = wire.part(answer, "data")
            is_refused = _OUTCOMES.get(str(told.get("status"))) is Outcome.FAILED
            return Finding(Outcome.FAILED, reason=_reason(told)) if is_refused else Finding(Outcome.PENDING)
        if _TAKEN in str(answer.get("message")).lower():  # it was asked for before
            return Finding(Outcome.PENDING)
        return Finding(Outcome.FAILED, reason=_reason(answer) or f"HTTP {status}")

    def _open_page(self, wanted: PaymentRequest, body: Mapping[str, Any]) -> Finding:
        """They tell the address once: a page of which the answer was lost is nobody's, and another is asked for."""
        status, answer = self._call("POST", "transaction/initialize", {**body, "callback_url": wanted.return_url})
        page = wire.part(answer, "data").get("authorization_url")
        if status == 200 and isinstance(page, str):
            return Finding(Outcome.PENDING, page_url=page)
        is_lost = _TAKEN in str(answer.get("message")).lower()
        return Finding(Outcome.FAILED, reason=PAGE_LOST if is_lost else _reason(answer) or f"HTTP {status}")

    def fetch(self, reference: str, provider_reference: str = "") -> Finding:
        status, answer = self._call("GET", f"transaction/verify/{quote(reference, safe='')}")
        if status in (400, 404):
            return Finding(Outcome.UNKNOWN)
        found = wire.part(answer, "data")
        if status != 200 or found.get("reference") != reference:
            raise GatewayAway(f"status {status}")
        outcome = _OUTCOMES.get(str(found.get("status")), Outcome.PENDING)
        if outcome is Outcome.PAID:
            wire.require(found, "amount", "currency")
        subunits = wire.amount_in(found.get("amount"))
        return Finding(
            outcome,
            amount=None if subunits is None else subunits / _SUBUNITS,
            currency=wire.plain(found.get("currency"), 3),
            provider_reference=wire.plain(found.get("id"), 100),
            payer_phone=wire.plain(wire.part(found, "authorization").get("mobile_money_number"), 32),
            reason=_reason(found),
            is_reversed=outcome is Outcome.PAID and self._is_reversed(found),
        )

    def _is_reversed(self, found: Mapping[str, Any]) -> bool:
        """Whether it was refunded, or is disputed and the bank has not declined that."""
        if found.get("status") == "reversed":
            return True
        status, answer = self._call("GET", f"dispute/transaction/{quote(wire.plain(found.get('id'), 100), safe='')}")
        if status not in (200, 400, 404):
            raise GatewayAway(f"status {status}")
        disputes = wire.parts(answer, "data") if status == 200 else []
        return any((told.get("status"), told.get("resolution")) != _WON for told in disputes if told.get("status"))

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        signature = headers.get("x-paystack-signature", "")
        if not hmac.compare_digest(self._sign(body).encode(), signature.encode()):
            raise NoticeInvalid
        told = wire.read_body(body)
        data = wire.part(told, "data")
        of_dispute = wire.part(data, "transaction").get("reference")
        reference = of_dispute or data.get("transaction_reference") or data.get("reference")
        is_of_payment = str(told.get("event")).startswith(("charge.", "refund."))
        return Notice(str(reference) if is_of_payment and is_fit(reference) else "")

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
