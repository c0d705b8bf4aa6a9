"""HTTP to a gateway, and the care with what comes back."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import requests

from billing.errors import NoticeInvalid
from billing.gateways import GatewayAway

TIMEOUT = (5, 15)  # seconds: to connect, to answer
MOST_MONEY = Decimal(10) ** 12
_BUSY = {408, 425, 429}


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: Any = None,
    form: Mapping[str, str] | None = None,
    login: tuple[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer. Raises GatewayAway for no answer, for a fault on their side, and for no JSON."""
    try:
        answer = requests.request(
            method, url, headers=dict(headers), json=body, data=form, auth=login, timeout=TIMEOUT, allow_redirects=False
        )
    except requests.RequestException as problem:
        raise GatewayAway(type(problem).__name__) from None  # its text would tell the address
    if answer.status_code >= 500 or answer.status_code in _BUSY:
        raise GatewayAway(f"status {answer.status_code}")
    return answer.status_code, _object(answer.content)


def _object(content: bytes) -> dict[str, Any]:
    if not content:
        return {}
    try:
        found = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise GatewayAway("no JSON") from None
    return found if isinstance(found, dict) else {}


def read_body(body: bytes) -> dict[str, Any]:
    """The object that a notice is. Raises NoticeInvalid."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise NoticeInvalid from None
    if not isinstance(found, dict):
        raise NoticeInvalid
    return found


def part(of: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object below this name; an empty one where there is none."""
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def parts(of: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects below this name, of which there may be one, many or none."""
    found = of.get(name)
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]


def require(of: Mapping[str, Any], *names: str) -> None:
    """Raises GatewayAway where one of these is not told: what was paid is then known to nobody yet."""
    for name in names:
        if of.get(name) in (None, ""):
            raise GatewayAway(f"no {name}")


def amount_in(text: Any) -> Decimal | None:
    """The amount that was told; None for none, and for one that could not be kept."""
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < MOST_MONEY else None


def plain(text: Any, longest: int) -> str:
    """A text that was told, so that it can be kept."""
    return "".join(letter for letter in str(text or "") if letter.isprintable())[:longest]
