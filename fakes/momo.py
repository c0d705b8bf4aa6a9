"""MTN MoMo, the Collections API, in its documented wire format."""

import base64
import json
import re
import uuid
from email.message import Message
from typing import Any

from fakes.ledger import FAILED, SUCCESSFUL, Charge, Ledger
from fakes.notices import Notice

TOKEN = "fake-token"
USER, KEY, SUBSCRIPTION = "fake", "fake", "fake"
PREFIX = "/collection/"
_RESOURCE = re.compile(r"/collection/v1_0/requesttopay/([0-9a-f-]{36})")
_MSISDN = re.compile(r"[0-9]{8,15}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]+(\.[0-9]{1,2})?", re.ASCII)

Answer = tuple[int, Any]


def answer(ledger: Ledger, method: str, path: str, headers: Message, body: bytes) -> Answer:
    if headers.get("Ocp-Apim-Subscription-Key") != SUBSCRIPTION:
        return 401, {"statusCode": 401, "message": "Access denied due to invalid subscription key."}
    if (method, path) == ("POST", "/collection/token/"):
        return _token(headers)
    if headers.get("Authorization") != f"Bearer {TOKEN}" or not headers.get("X-Target-Environment"):
        return 401, {"message": "Unauthorized"}
    if (method, path) == ("POST", "/collection/v1_0/requesttopay"):
        return _request(ledger, headers, body)
    found = _RESOURCE.fullmatch(path)
    if method == "GET" and found:
        charge = ledger.find("momo", found[1])
        return (200, shown(charge)) if charge else (404, _error("RESOURCE_NOT_FOUND", "Requested resource not found."))
    return 404, _error("RESOURCE_NOT_FOUND", "Resource not found.")


def _token(headers: Message) -> Answer:
    wanted = "Basic " + base64.b64encode(f"{USER}:{KEY}".encode()).decode()
    if headers.get("Authorization") != wanted:
        return 401, {"error": "login_failed"}
    return 200, {"access_token": TOKEN, "token_type": "access_token", "expires_in": 3600}


def _request(ledger: Ledger, headers: Message, body: bytes) -> Answer:
    try:
        resource = uuid.UUID(headers.get("X-Reference-Id", ""))
        wanted = json.loads(body)
        payer = wanted["payer"]
        charge = Charge(
            provider="momo",
            key=str(resource),
            reference=wanted["externalId"],
            amount=wanted["amount"],
            currency=wanted["currency"],
            phone=payer["partyId"],
            notify_url=headers.get("X-Callback-Url", ""),
        )
        is_right = resource.version == 4 and payer["partyIdType"] == "MSISDN"
        is_right = is_right and bool(_MSISDN.fullmatch(charge.phone)) and bool(_AMOUNT.fullmatch(charge.amount))
    except (ValueError, KeyError, TypeError):
        is_right = False
    if not is_right:
        return 400, _error("BAD_REQUEST", "Bad request.")
    if not ledger.add(charge):
        return 409, _error("RESOURCE_ALREADY_EXIST", "Duplicated reference id. Creation of resource failed.")
    return 202, None


def shown(charge: Charge) -> dict[str, Any]:
    """The charge as GET and the notice tell it."""
    told: dict[str, Any] = {
        "externalId": charge.reference,
        "amount": charge.amount,
        "currency": charge.currency,
        "payer": {"partyIdType": "MSISDN", "partyId": charge.phone},
        "payerMessage": "",
        "payeeNote": "",
        "status": charge.status,
    }
    if charge.status == SUCCESSFUL:
        told["financialTransactionId"] = str(charge.number)
    if charge.status == FAILED:
        told["reason"] = charge.reason or "APPROVAL_REJECTED"
    return told


def notice(charge: Charge, *, about: str = "", status: str = "", has_bad_signature: bool = False) -> Notice:  # noqa: ARG001 - there is but one, and it bears no signature
    told = shown(charge)
    told["status"] = status or charge.status
    return Notice("PUT", charge.notify_url, {"Content-Type": "application/json"}, json.dumps(told).encode())


def _error(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}
