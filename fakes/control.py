"""`POST /_control/…`: what the payers decide, what goes wrong, and which notices are sent.

decide   {reference, status, amount?, currency?, reason?, notify? = 1}
refund   {reference, amount? = all of it, notify? = 1}
dispute  {reference, status? = OPEN, WON or LOST, notify? = 1}
transfer {provider, reference, amount, currency, phone, notify_url?}: money that nobody asked for
notify   {reference, about? = refund or dispute, status?, times? = 1, bad_signature? = false}: also in another order,
         and of what never was
fault    {path, times? = 1, status?, seconds?, body?}: to the next calls of paths with that in them
settings {webhooks?, is_silent?}
"""

import json
from typing import Any

from fakes import momo, paystack, stripe
from fakes.ledger import OPEN, SUCCESSFUL, Charge, Fault, Ledger
from fakes.notices import Notice

PREFIX = "/_control/"
PROVIDERS: dict[str, Any] = {"momo": momo, "paystack": paystack, "stripe": stripe}


def answer(ledger: Ledger, method: str, path: str, body: bytes) -> tuple[int, Any]:
    verb = path.removeprefix(PREFIX)
    if (method, verb) == ("GET", "ledger"):
        return 200, ledger.shown()
    if method != "POST" or verb not in _VERBS:
        return 404, {"message": "There is no such control."}
    try:
        return 200, _VERBS[verb](ledger, **json.loads(body or b"{}"))
    except (LookupError, TypeError, ValueError) as problem:
        return 400, {"message": repr(problem)}


def decide(
    ledger: Ledger,
    reference: str,
    status: str = SUCCESSFUL,
    *,
    amount: str = "",
    currency: str = "",
    reason: str = "",
    notify: int = 1,
) -> list[int]:
    """The payer, or the network, decides; how its notices were answered."""
    charge = ledger.by_reference(reference)
    with ledger.lock:
        charge.status, charge.reason = status, reason
        charge.amount, charge.currency = amount or charge.amount, currency or charge.currency
    return [] if ledger.is_silent else notify_of(ledger, reference, times=notify)


def refund(ledger: Ledger, reference: str, *, amount: str = "", notify: int = 1) -> list[int]:
    """The merchant gives money back."""
    charge = ledger.by_reference(reference)
    with ledger.lock:
        charge.refunded = amount or charge.amount
    return [] if ledger.is_silent else notify_of(ledger, reference, about="refund", times=notify)


def dispute(ledger: Ledger, reference: str, status: str = OPEN, *, notify: int = 1) -> list[int]:
    """The payer's bank takes the money back, for a while or for good; or the merchant wins."""
    charge = ledger.by_reference(reference)
    with ledger.lock:
        charge.dispute = status
    return [] if ledger.is_silent else notify_of(ledger, reference, about="dispute", times=notify)


def transfer(ledger: Ledger, **facts: Any) -> dict[str, Any]:
    """Money that nobody asked for has come."""
    key = {"key": facts["reference"]} if "key" not in facts else {}
    charge = Charge(**{**facts, **key}, status=SUCCESSFUL)
    return {"is_new": ledger.add(charge)}


def notify_of(
    ledger: Ledger, reference: str, *, about: str = "", status: str = "", times: int = 1, bad_signature: bool = False
) -> list[int]:
    notice = notice_of(ledger, reference, about=about, status=status, bad_signature=bad_signature)
    answers = [notice.send() for _ in range(times)]
    with ledger.lock:
        ledger.heard += [{"reference": reference, "status": answered} for answered in answers]
    return answers


def notice_of(
    ledger: Ledger, reference: str, *, about: str = "", status: str = "", bad_signature: bool = False
) -> Notice:
    """The notice itself, for who delivers it in another way."""
    charge = ledger.by_reference(reference)
    notice: Notice = PROVIDERS[charge.provider].notice(
        charge, about=about, status=status, has_bad_signature=bad_signature
    )
    return notice


def fault(ledger: Ledger, **facts: Any) -> dict[str, Any]:
    with ledger.lock:
        ledger.faults.append(Fault(**facts))
    return {}


def settings(ledger: Ledger, **facts: Any) -> dict[str, Any]:
    for name, value in facts.items():
        if name not in ("webhooks", "is_silent"):
            raise LookupError(name)
        setattr(ledger, name, value)
    return {}


_VERBS: dict[str, Any] = {
    "decide": decide,
    "refund": refund,
    "dispute": dispute,
    "transfer": transfer,
    "notify": notify_of,
    "fault": fault,
    "settings": settings,
}
