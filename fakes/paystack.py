"""Paystack: charges by mobile money, verification and signed notices, in the documented wire format."""

import hashlib
import hmac
import json
import re
from decimal import Decimal
from email.message import Message
from typing import Any
from urllib.parse import unquote

from fakes.ledger import FAILED, PENDING, SUCCESSFUL, Charge, Ledger
from fakes.notices import Notice

SECRET = "fake"
_VERIFY = "/transaction/verify/"
_REFERENCE = re.compile(r"[A-Za-z0-9.=_-]+", re.ASCII)
_STATUS = {PENDING: "ongoing", SUCCESSFUL: "success", FAILED: "failed"}
_EVENTS = {SUCCESSFUL: "charge.success", FAILED: "charge.failed", PENDING: "charge.pending"}

Answer = tuple[int, Any]


def answer(ledger: Ledger, method: str, path: str, headers: Message, body: bytes) -> Answer:
    if headers.get("Authorization") != f"Bearer {SECRET}":
        return 401, {"status": False, "message": "Invalid key"}
    if (method, path) == ("POST", "/charge"):
        return _charge(ledger, body)
    if method == "GET" and path.startswith(_VERIFY):
        charge = ledger.find("paystack", unquote(path.removeprefix(_VERIFY)))
        if charge is None:
            return 404, {"status": False, "message": "Transaction reference not found."}
        return 200, {"status": True, "message": "Verification successful", "data": shown(charge)}
    return 404, {"status": False, "message": "Not found"}


def _charge(ledger: Ledger, body: bytes) -> Answer:
    try:
        wanted = json.loads(body)
        charge = Charge(
            provider="paystack",
            key=wanted["reference"],
            reference=wanted["reference"],
            amount=str(Decimal(wanted["amount"]) / 100),
            currency=wanted["currency"],
            phone=wanted["mobile_money"]["phone"],
            notify_url=ledger.paystack_url,
        )
        is_right = type(wanted["amount"]) is int and wanted["amount"] > 0 and "@" in wanted["email"]
        is_right = is_right and bool(_REFERENCE.fullmatch(charge.key)) and bool(wanted["mobile_money"]["provider"])
    except (ValueError, KeyError, TypeError, ArithmeticError):
        is_right = False
    if not is_right:
        return 400, {"status": False, "message": "Invalid request"}
    if not ledger.add(charge):
        return 400, {"status": False, "message": "Duplicate Transaction Reference"}
    told = {"reference": charge.key, "status": "pay_offline", "display_text": "Please authorize on your phone"}
    return 200, {"status": True, "message": "Charge attempted", "data": told}


def shown(charge: Charge) -> dict[str, Any]:
    """The charge as verification and the notice tell it."""
    return {
        "id": charge.number,
        "domain": "test",
        "status": _STATUS[charge.status],
        "reference": charge.reference,
        "amount": int(Decimal(charge.amount) * 100),
        "currency": charge.currency,
        "channel": "mobile_money",
        "gateway_response": charge.reason or {SUCCESSFUL: "Approved", FAILED: "Declined"}.get(charge.status, ""),
        "authorization": {"channel": "mobile_money", "mobile_money_number": charge.phone},
    }


def notice(charge: Charge, *, status: str = "", has_bad_signature: bool = False) -> Notice:
    status = status or charge.status
    told = {"event": _EVENTS[status], "data": {**shown(charge), "status": _STATUS[status]}}
    body = json.dumps(told).encode()
    key = "somebody else's" if has_bad_signature else SECRET
    signature = hmac.new(key.encode(), body, hashlib.sha512).hexdigest()
    return Notice(
        "POST", charge.notify_url, {"Content-Type": "application/json", "x-paystack-signature": signature}, body
    )
