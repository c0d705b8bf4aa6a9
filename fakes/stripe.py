"""Stripe: Checkout sessions, intents, charges, disputes and signed events, in the documented wire format."""

import hashlib
import hmac
import json
import re
import time
from decimal import Decimal
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from fakes import page
from fakes.ledger import FAILED, LOST, OPEN, SUCCESSFUL, WON, Charge, Ledger
from fakes.notices import Notice

SECRET, WEBHOOK_SECRET = "fake", "fake"
PREFIX = "/v1/"
_CURRENCY = re.compile(r"[a-z]{3}", re.ASCII)
_UNITS = re.compile(r"[1-9][0-9]{0,7}", re.ASCII)
_WHOLE = {
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
}
_EVEN = {"ISK", "UGX"}  # which have no hundredths, and are counted in them
_DISPUTES = {OPEN: "needs_response", WON: "won", LOST: "lost"}
_EVENTS = {SUCCESSFUL: "checkout.session.completed", FAILED: "checkout.session.expired"}

Answer = tuple[int, Any]


def answer(ledger: Ledger, method: str, address: str, headers: Message, body: bytes) -> Answer:
    if headers.get("Authorization") != f"Bearer {SECRET}":
        return 401, _error("invalid_request_error", "Invalid API Key provided", "")
    asked = urlsplit(address)
    query = parse_qs(asked.query)
    kind, _, key = asked.path.removeprefix(PREFIX).rpartition("/")
    if (method, asked.path) == ("POST", "/v1/checkout/sessions"):
        return _open(ledger, headers, body)
    if (method, kind) == ("GET", "checkout/sessions"):
        charge = ledger.find("stripe", key)
        is_expanded = query.get("expand[]") == ["payment_intent.latest_charge"]
        return (200, session(charge, is_expanded=is_expanded)) if charge else _missing(key)
    if (method, kind) == ("GET", "payment_intents"):
        charge = next((each for each in ledger.of("stripe") if intent_of(each) == key), None)
        return (200, intent(charge)) if charge else _missing(key)
    if (method, asked.path) == ("GET", "/v1/disputes"):
        found = [each for each in ledger.of("stripe") if [intent_of(each)] == query.get("payment_intent")]
        return 200, {"object": "list", "data": [dispute(each) for each in found if each.dispute], "has_more": False}
    return _missing(asked.path)


def _open(ledger: Ledger, headers: Message, body: bytes) -> Answer:
    """The same key opens the same session; for anything else it is refused."""
    wanted = dict(parse_qsl(body.decode()))
    item = "line_items[0][price_data]"
    currency, units = wanted.get(f"{item}[currency]", ""), wanted.get(f"{item}[unit_amount]", "")
    is_right = bool(_CURRENCY.fullmatch(currency) and _UNITS.fullmatch(units)) and wanted.get("mode") == "payment"
    is_right = is_right and not (currency.upper() in _EVEN and int(units) % 100)
    is_named = bool(wanted.get(f"{item}[product_data][name]")) and wanted.get("line_items[0][quantity]") == "1"
    if not is_right or not is_named or not wanted.get("success_url", "").startswith("http"):
        return 400, _error("invalid_request_error", "Invalid request", "parameter_invalid_empty")
    digest = hashlib.sha256(headers.get("Idempotency-Key", "").encode()).hexdigest()
    charge = Charge(
        provider="stripe",
        key=f"cs_test_{digest[:40]}",
        reference=wanted.get("client_reference_id", ""),
        amount=str(Decimal(units) / _units(currency.upper())),
        currency=currency.upper(),
        return_url=wanted["success_url"],
    )
    if ledger.add(charge):
        return 200, session(charge, page.address_of(charge, headers))
    known = ledger.charges["stripe", charge.key]
    if (known.amount, known.currency, known.reference) != (charge.amount, charge.currency, charge.reference):
        return 400, _error("idempotency_error", "Keys for idempotent requests can only be used once", "")
    return 200, session(known, page.address_of(known, headers))


def session(charge: Charge, url: str | None = None, *, is_expanded: bool = False) -> dict[str, Any]:
    is_paid = charge.status == SUCCESSFUL
    status = "complete" if is_paid else "expired" if charge.status == FAILED else "open"
    told = intent(charge) if is_expanded else {**intent(charge), "latest_charge": f"ch_{charge.number}"}
    return {
        "id": charge.key,
        "object": "checkout.session",
        "amount_total": _count(charge, charge.amount),
        "currency": charge.currency.lower(),
        "client_reference_id": charge.reference,
        "metadata": {"reference": charge.reference},
        "mode": "payment",
        "payment_intent": (told if is_expanded else told["id"]) if is_paid else None,
        "payment_status": "paid" if is_paid else "unpaid",
        "status": status,
        "url": url if status == "open" else None,
    }


def intent_of(charge: Charge) -> str:
    return f"pi_{charge.key.removeprefix('cs_test_')[:24]}"


def intent(charge: Charge) -> dict[str, Any]:
    units = _count(charge, charge.amount)
    return {
        "id": intent_of(charge),
        "object": "payment_intent",
        "amount": units,
        "amount_received": units if charge.status == SUCCESSFUL else 0,
        "currency": charge.currency.lower(),
        "latest_charge": charged(charge),
        "metadata": {"reference": charge.reference},
        "status": "succeeded" if charge.status == SUCCESSFUL else "requires_payment_method",
    }


def charged(charge: Charge) -> dict[str, Any]:
    return {
        "id": f"ch_{charge.number}",
        "object": "charge",
        "amount": _count(charge, charge.amount),
        "amount_refunded": _count(charge, charge.refunded),
        "currency": charge.currency.lower(),
        "disputed": bool(charge.dispute),
        "metadata": {"reference": charge.reference},
        "paid": True,
        "payment_intent": intent_of(charge),
        "refunded": charge.is_refunded,
        "status": "succeeded",
    }


def dispute(charge: Charge) -> dict[str, Any]:
    """It bears nothing of the merchant's."""
    return {
        "id": f"du_{charge.number}",
        "object": "dispute",
        "amount": _count(charge, charge.amount),
        "charge": f"ch_{charge.number}",
        "currency": charge.currency.lower(),
        "metadata": {},
        "payment_intent": intent_of(charge),
        "status": _DISPUTES.get(charge.dispute, charge.dispute),
    }


def notice(charge: Charge, *, about: str = "", status: str = "", has_bad_signature: bool = False) -> Notice:
    status = status or charge.status
    if about == "refund":
        kind, told = "charge.refunded", charged(charge)
    elif about == "dispute":
        kind = "charge.dispute.closed" if charge.dispute in (WON, LOST) else "charge.dispute.created"
        told = dispute(charge)
    else:
        kind = _EVENTS.get(status, "checkout.session.completed")
        told = {**session(charge), "payment_status": "paid" if status == SUCCESSFUL else "unpaid"}
    event = {"id": f"evt_{charge.number}_{kind}", "object": "event", "type": kind, "data": {"object": told}}
    return signed(json.dumps(event).encode(), charge.notify_url, "another's" if has_bad_signature else WEBHOOK_SECRET)


def signed(body: bytes, url: str, secret: str) -> Notice:
    moment = str(int(time.time()))
    signature = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={moment},v1={signature}"}
    return Notice("POST", url, headers, body)


def _units(currency: str) -> int:
    return 1 if currency in _WHOLE else 100


def _count(charge: Charge, amount: str) -> int:
    return int(Decimal(amount) * _units(charge.currency))


def _missing(what: str) -> Answer:
    return 404, _error("invalid_request_error", f"No such thing: '{what}'", "resource_missing")


def _error(kind: str, message: str, code: str) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message, "code": code}}
