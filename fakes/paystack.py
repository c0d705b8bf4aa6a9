"""Paystack: charges by mobile money, pages, verification, disputes, signed notices, in the documented wire format."""

import hashlib
import hmac
import json
import re
from decimal import Decimal
from email.message import Message
from typing import Any
from urllib.parse import unquote

from fakes import page
from fakes.ledger import FAILED, LOST, PENDING, SUCCESSFUL, WON, Charge, Ledger
from fakes.notices import Notice

SECRET = "fake"
_VERIFY, _DISPUTES = "/transaction/verify/", "/dispute/transaction/"
_REFERENCE = re.compile(r"[A-Za-z0-9.=_-]+", re.ASCII)
_STATUS = {SUCCESSFUL: "success", FAILED: "failed"}
_EVENTS = {SUCCESSFUL: "charge.success", FAILED: "charge.failed", PENDING: "charge.pending"}
_RESOLUTIONS = {WON: "declined", LOST: "merchant-accepted"}

Answer = tuple[int, Any]


def answer(ledger: Ledger, method: str, path: str, headers: Message, body: bytes) -> Answer:
    if headers.get("Authorization") != f"Bearer {SECRET}":
        return 401, {"status": False, "message": "Invalid key"}
    if (method, path) == ("POST", "/charge"):
        return _charge(ledger, body)
    if (method, path) == ("POST", "/transaction/initialize"):
        return _initialize(ledger, headers, body)
    if method == "GET" and path.startswith(_DISPUTES):
        found = [charge for charge in ledger.of("paystack") if path == f"{_DISPUTES}{charge.number}"]
        told = [dispute(charge) for charge in found if charge.dispute]
        return 200, {"status": True, "message": "Dispute retrieved successfully", "data": told}
    if method == "GET" and path.startswith(_VERIFY):
        charge = ledger.find("paystack", unquote(path.removeprefix(_VERIFY)))
        if charge is None:
            return 404, {"status": False, "message": "Transaction reference not found."}
        return 200, {"status": True, "message": "Verification successful", "data": shown(charge)}
    return 404, {"status": False, "message": "Not found"}


def _charge(ledger: Ledger, body: bytes) -> Answer:
    charge, wanted = _wanted(body)
    payer = wanted.get("mobile_money") or {}
    if charge is None or not (payer.get("phone") and payer.get("provider")):
        return 400, {"status": False, "message": "Invalid request"}
    charge.phone = payer["phone"]
    if not ledger.add(charge):
        return 400, {"status": False, "message": "Duplicate Transaction Reference"}
    told = {"reference": charge.key, "status": "pay_offline", "display_text": "Please authorize on your phone"}
    return 200, {"status": True, "message": "Charge attempted", "data": told}


def _initialize(ledger: Ledger, headers: Message, body: bytes) -> Answer:
    charge, wanted = _wanted(body)
    if charge is None:
        return 400, {"status": False, "message": "Invalid request"}
    charge.return_url = wanted.get("callback_url") or ""
    if not ledger.add(charge):
        return 400, {"status": False, "message": "Duplicate Transaction Reference"}
    told = {
        "authorization_url": page.address_of(charge, headers),
        "access_code": str(charge.number),
        "reference": charge.key,
    }
    return 200, {"status": True, "message": "Authorization URL created", "data": told}


def _wanted(body: bytes) -> tuple[Charge | None, dict[str, Any]]:
    """The charge that is asked for, if it is right."""
    try:
        wanted = json.loads(body)
        charge = Charge(
            provider="paystack",
            key=wanted["reference"],
            reference=wanted["reference"],
            amount=str(Decimal(wanted["amount"]) / 100),
            currency=wanted["currency"],
        )
        is_right = type(wanted["amount"]) is int and wanted["amount"] > 0 and "@" in wanted["email"]
        is_right = is_right and bool(_REFERENCE.fullmatch(charge.key))
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return None, {}
    return (charge if is_right else None), wanted


def shown(charge: Charge) -> dict[str, Any]:
    """The charge as verification and the notice tell it."""
    waiting = "ongoing" if charge.phone else "abandoned"
    return {
        "id": charge.number,
        "domain": "test",
        "status": "reversed" if charge.is_refunded else _STATUS.get(charge.status, waiting),
        "reference": charge.reference,
        "amount": int(Decimal(charge.amount) * 100),
        "currency": charge.currency,
        "channel": "mobile_money" if charge.phone else "card",
        "gateway_response": charge.reason or {SUCCESSFUL: "Approved", FAILED: "Declined"}.get(charge.status, ""),
        "authorization": {"channel": "mobile_money", "mobile_money_number": charge.phone},
    }


def dispute(charge: Charge) -> dict[str, Any]:
    resolution = _RESOLUTIONS.get(charge.dispute)
    return {
        "id": charge.number + 50_000,
        "refund_amount": int(Decimal(charge.amount) * 100),
        "currency": charge.currency,
        "status": "resolved" if resolution else "awaiting-merchant-feedback",
        "resolution": resolution,
        "domain": "test",
        "transaction": {**shown(charge), "status": "success"},
        "transaction_reference": None,
        "category": "chargeback",
    }


def notice(charge: Charge, *, about: str = "", status: str = "", has_bad_signature: bool = False) -> Notice:
    status = status or charge.status
    told: dict[str, Any]
    if about == "refund":
        amount = int(Decimal(charge.refunded) * 100)
        data = {"status": "processed", "transaction_reference": charge.reference, "amount": amount}
        told = {"event": "refund.processed", "data": {**data, "currency": charge.currency, "domain": "test"}}
    elif about == "dispute":
        event = "resolve" if charge.dispute in _RESOLUTIONS else "create"
        told = {"event": f"charge.dispute.{event}", "data": dispute(charge)}
    else:
        told = {"event": _EVENTS[status], "data": {**shown(charge), "status": _STATUS.get(status, "ongoing")}}
    body = json.dumps(told).encode()
    key = "somebody else's" if has_bad_signature else SECRET
    signature = hmac.new(key.encode(), body, hashlib.sha512).hexdigest()
    return Notice(
        "POST", charge.notify_url, {"Content-Type": "application/json", "x-paystack-signature": signature}, body
    )
