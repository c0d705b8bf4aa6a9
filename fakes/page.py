"""The page of a provider, where a payer without a phone decides, and is led back."""

from collections.abc import Callable
from email.message import Message
from html import escape
from urllib.parse import parse_qs, quote, unquote, urlencode

from fakes.ledger import FAILED, PENDING, SUCCESSFUL, Charge, Ledger

PREFIX = "/pay/"
_DECISIONS = {"pay": SUCCESSFUL, "decline": FAILED}

Page = tuple[int, str, str]  # status, text, and where it leads to
Decide = Callable[[Ledger, str, str], object]


def address_of(charge: Charge, headers: Message) -> str:
    """Where its page is, on the host that was asked."""
    return f"http://{headers['Host']}{PREFIX}{charge.provider}/{quote(charge.key, safe='')}"


def answer(ledger: Ledger, method: str, path: str, body: bytes, *, decide: Decide) -> Page:
    provider, _, key = path.removeprefix(PREFIX).partition("/")
    charge = ledger.charges.get((provider, unquote(key)))
    if charge is None:
        return 404, _written("There is no such payment."), ""
    if method == "GET":
        return 200, _form(charge) if charge.status == PENDING else _written("This payment is over."), ""
    decision = _DECISIONS.get(parse_qs(body.decode(errors="replace")).get("decision", [""])[0])
    if decision is None:
        return 400, _written("Pay, or decline."), ""
    if charge.status == PENDING:
        decide(ledger, charge.reference, decision)
    return (303, "", _way_back(charge)) if charge.return_url else (200, _written("Thank you."), "")


def _way_back(charge: Charge) -> str:
    if charge.provider != "paystack":
        return charge.return_url
    separator = "&" if "?" in charge.return_url else "?"
    return charge.return_url + separator + urlencode({"trxref": charge.reference, "reference": charge.reference})


def _form(charge: Charge) -> str:
    buttons = "".join(
        f'<button name="decision" value="{decision}">{decision.title()}</button> ' for decision in _DECISIONS
    )
    told = f"{charge.amount} {charge.currency} by {charge.provider}"
    return _written(told, f'<form method="post">{buttons}</form>')


def _written(text: str, more: str = "") -> str:
    return f"<!doctype html><title>Fake payment</title><p>{escape(text)}</p>{more}"
