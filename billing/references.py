"""Our reference of a payment: it names the business and the attempt, so that a notice which bears it finds both."""

import re
from typing import NamedTuple
from uuid import UUID

_OURS = re.compile(r"([0-9a-f]{32})-([0-9a-f]{32})", re.ASCII)
_FIT = re.compile(r"[A-Za-z0-9.=_-]{1,100}", re.ASCII)


class Named(NamedTuple):
    account_id: UUID
    attempt_id: UUID


def reference_of(account_id: UUID, attempt_id: UUID) -> str:
    """65 letters, digits and a dash, which every gateway takes."""
    return f"{account_id.hex}-{attempt_id.hex}"


def read_reference(text: str) -> Named | None:
    """Whom a reference of ours names; None for another's."""
    found = _OURS.fullmatch(text)
    return Named(UUID(found[1]), UUID(found[2])) if found else None


def is_fit(text: object) -> bool:
    """Whether this can be a reference at all, of anybody."""
    return isinstance(text, str) and _FIT.fullmatch(text) is not None
