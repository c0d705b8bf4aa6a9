"""Tax authorities that certify receipts: what they are told, and what they may answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class AuthorityAway(Exception):
    """Nobody answered, or not so that it could be understood: try again later."""


@dataclass(frozen=True)
class Invoice:
    """What the authority is told. `id` is the same each time, so that it certifies once; amounts are texts."""

    id: str
    kind: str  # SALE or REFUND
    business: str
    receipt_number: str
    issued_at: str
    currency: str
    total: str
    tax_total: str
    taxes: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Verdict:
    """PROVISIONAL, CERTIFIED or REJECTED; a number and a code where there is one, or the reason."""

    state: str
    number: str = ""
    code: str = ""
    reason: str = ""

    @classmethod
    def read(cls, answer: Any) -> "Verdict":
        """From what came over the wire. Raises AuthorityAway for what is no verdict."""
        if not isinstance(answer, Mapping):
            raise AuthorityAway("The answer is no verdict.")
        state, number, code, reason = (answer.get(name, "") for name in ("state", "number", "code", "reason"))
        texts = (number, code, reason)
        is_whole = state in ("PROVISIONAL", "REJECTED") or (state == "CERTIFIED" and number)
        if not is_whole or not all(isinstance(text, str) and "\x00" not in text for text in texts):
            raise AuthorityAway("The answer is no verdict.")
        if len(number) > LONGEST_NUMBER or len(code) > LONGEST_CODE:
            raise AuthorityAway("The answer is too long.")
        return cls(state, number, code, reason)


LONGEST_NUMBER, LONGEST_CODE = 64, 500


class Adapter(Protocol):
    """How one authority is spoken to."""

    def certify(self, invoice: Invoice) -> Verdict:
        """Raises AuthorityAway."""
        ...
