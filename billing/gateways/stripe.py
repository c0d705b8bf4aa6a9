"""Stripe: a page of theirs, Checkout, where the payer pays by card.

They keep a payment as a session, by whose id we find its intent, its charge, and what became of the money. Notices are
signed: `Stripe-Signature` bears the HMAC-SHA256 of a moment and the raw body under the secret of the webhook.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

from billing.errors import NoticeInvalid
from billing.gateways import Finding, Gateway, GatewayAway, Notice, Outcome, PaymentRequest, wire
from billing.references import is_fit, read_reference

_VERSION = "2024-06-20"  # of their interface, whatever our account is set to
_TOLERANCE = 300  # seconds by which the moment of a signature may be off
_GONE_WRONG = {"requires_payment_method", "canceled"}  # intents of a session that was completed, and not paid
_DISPUTED = {"needs_response", "under_review", "lost"}  # else the money is ours: an inquiry, or a dispute that was won
# They count in hundredths, but for what has none in their book. UGX and ISK have none, and are counted in them all the
# same (docs.stripe.com/currencies, special cases).
_WHOLE = {
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
}
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Stripe(Gateway):
    base_url: str
    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    has_page: ClassVar[bool] = True

    def request_payment(self, wanted: PaymentRequest) -> Finding:
        item = "line_items[0]"
        form = {
            "mode": "payment",
            "client_reference_id": wanted.reference,
            "metadata[reference]": wanted.reference,
            "payment_intent_data[metadata][reference]": wanted.reference,
            f"{item}[quantity]": "1",
            f"{item}[price_data][currency]": wanted.currency.lower(),
            f"{item}[price_data][unit_amount]": str(int(wanted.amount * _units(wanted.currency))),
            f"{item}[price_data][product_data][name]": wanted.payee[:_LONGEST_NAME],
            "success_url": wanted.return_url,
            "cancel_url": wanted.return_url,
        }
        if wanted.payer_email:
            form["customer_email"] = wanted.payer_email
        status, told = self._call("POST", "checkout/sessions", form=form, key=wanted.reference)
        if status != 200:
            return Finding(Outcome.FAILED, reason=_reason(told) or f"HTTP {status}")
        session, page = told.get("id"), told.get("url")
        if not is_fit(session) or not isinstance(page, str):
            raise GatewayAway("no session")
        return Finding(Outcome.PENDING, page_url=page, provider_reference=str(session))

    def fetch(self, reference: str, provider_reference: str = "") -> Finding:
        """Without the id of its session nobody has ever seen its page."""
        if not provider_reference:
            return Finding(Outcome.UNKNOWN)
        path = f"checkout/sessions/{quote(provider_reference, safe='')}"
        status, session = self._call("GET", f"{path}?expand[]=payment_intent.latest_charge")
        if status == 404:
            return Finding(Outcome.UNKNOWN)
        if status != 200 or session.get("client_reference_id") != reference:
            raise GatewayAway(f"status {status}")
        intent = wire.part(session, "payment_intent")
        if session.get("payment_status") == "paid":
            return self._paid(intent, provider_reference)
        is_over = session.get("status") == "expired"
        is_over = is_over or (session.get("status") == "complete" and intent.get("status") in _GONE_WRONG)
        if is_over:
            return Finding(Outcome.FAILED, reason=_reason(intent, "last_payment_error") or "expired")
        return Finding(Outcome.PENDING)

    def name(self, provider_reference: str) -> str:
        status, intent = self._call("GET", f"payment_intents/{quote(provider_reference, safe='')}")
        if status not in (200, 404):
            raise GatewayAway(f"status {status}")
        return str(wire.part(intent, "metadata").get("reference") or "")

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Refunds and disputes name the payment by its intent alone."""
        self._verify(body, headers.get("stripe-signature", ""))
        told = wire.part(wire.part(wire.read_body(body), "data"), "object")
        reference = told.get("client_reference_id") or wire.part(told, "metadata").get("reference")
        if isinstance(reference, str) and read_reference(reference):
            return Notice(reference)
        intent = told.get("payment_intent")
        return Notice("", str(intent) if is_fit(intent) else "")

    def _paid(self, intent: Mapping[str, Any], session: str) -> Finding:
        wire.require(intent, "amount_received", "currency")
        currency = wire.plain(intent.get("currency"), 3).upper()
        units = wire.amount_in(intent.get("amount_received"))
        charge = wire.part(intent, "latest_charge")
        is_reversed = charge.get("refunded") is True
        return Finding(
            Outcome.PAID,
            amount=None if units is None else units / _units(currency),
            currency=currency,
            provider_reference=session,
            is_reversed=is_reversed or (charge.get("disputed") is True and self._is_disputed(intent)),
        )

    def _is_disputed(self, intent: Mapping[str, Any]) -> bool:
        status, told = self._call("GET", f"disputes?payment_intent={quote(str(intent.get('id')), safe='')}")
        if status != 200:
            raise GatewayAway(f"status {status}")
        return any(dispute.get("status") in _DISPUTED for dispute in wire.parts(told, "data"))

    def _verify(self, body: bytes, header: str) -> None:
        """While a secret is changed, there is a signature for each."""
        told = [part.strip().partition("=") for part in header.split(",")]
        moment = next((value for name, _, value in told if name == "t"), "")
        if not (moment.isascii() and moment.isdecimal() and len(moment) < 20):
            raise NoticeInvalid
        right = hmac.new(self.webhook_secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        signed = [
            hmac.compare_digest(right.encode(), value.encode(errors="replace"))
            for name, _, value in told
            if name == "v1"
        ]
        if not any(signed) or abs(time.time() - int(moment)) > _TOLERANCE:
            raise NoticeInvalid

    def _call(
        self, method: str, path: str, *, form: Mapping[str, str] | None = None, key: str = ""
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.secret_key}", "Stripe-Version": _VERSION}
        if key:
            headers["Idempotency-Key"] = key
        status, answer = wire.call(method, f"{self.base_url}/v1/{path}", headers=headers, form=form)
        if status in (401, 403, 409):  # 409: the same is being asked for right now
            raise GatewayAway(f"status {status}")
        return status, answer


def _units(currency: str) -> Decimal:
    """How many of what they count in are one of the currency."""
    return Decimal(1 if currency in _WHOLE else 100)


def _reason(told: Mapping[str, Any], name: str = "error") -> str:
    problem = wire.part(told, name)
    return wire.plain(problem.get("code") or problem.get("message"), 200)
