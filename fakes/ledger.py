"""What the fake providers were asked for, how they decide it, and the faults that they were told to have."""

import threading
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

PENDING, SUCCESSFUL, FAILED = "PENDING", "SUCCESSFUL", "FAILED"
OPEN, WON, LOST = "OPEN", "WON", "LOST"


@dataclass
class Charge:
    """One request to pay, as a provider keeps it. Amounts are texts in the currency's units."""

    provider: str
    key: str  # under which the provider keeps it
    reference: str  # the merchant's
    amount: str
    currency: str
    phone: str = ""
    notify_url: str = ""
    return_url: str = ""  # where its page leads to; what has a phone has none
    status: str = PENDING
    reason: str = ""
    refunded: str = "0"
    dispute: str = ""
    number: int = 0  # the provider's own
    asked: int = 1
    fetched: int = 0

    @property
    def is_refunded(self) -> bool:
        return 0 < Decimal(self.amount) <= Decimal(self.refunded)


@dataclass
class Fault:
    """What goes wrong with the next answers: `status` instead of the right one, and `seconds` of delay."""

    path: str
    times: int = 1
    status: int = 0
    seconds: float = 0
    body: str = '{"message": "Internal Server Error"}'


@dataclass(slots=True)
class Ledger:
    """The memory of a running fake; used by many threads."""

    charges: dict[tuple[str, str], Charge] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)  # how each notice was answered
    webhooks: str = ""  # the address before the names of those who are told their webhook on a dashboard
    is_silent: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def add(self, charge: Charge) -> bool:
        """Whether it is new; another with its key changes nothing."""
        with self.lock:
            known = self.charges.get((charge.provider, charge.key))
            if known:
                known.asked += 1
                return False
            charge.number = 1_000 + len(self.charges)
            charge.notify_url = charge.notify_url or self._webhook_of(charge.provider)
            self.charges[charge.provider, charge.key] = charge
            return True

    def _webhook_of(self, provider: str) -> str:
        return f"{self.webhooks}{provider}/" if self.webhooks and provider != "momo" else ""

    def find(self, provider: str, key: str) -> Charge | None:
        with self.lock:
            charge = self.charges.get((provider, key))
            if charge:
                charge.fetched += 1
            return charge

    def of(self, provider: str) -> list[Charge]:
        with self.lock:
            return [charge for charge in self.charges.values() if charge.provider == provider]

    def by_reference(self, reference: str) -> Charge:
        """Raises LookupError."""
        with self.lock:
            for charge in self.charges.values():
                if charge.reference == reference:
                    return charge
        raise LookupError(reference)

    def take_fault(self, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.path in path:
                    fault.times -= 1
                    return fault
        return None

    def shown(self) -> dict[str, Any]:
        with self.lock:
            return {
                "charges": [asdict(charge) for charge in self.charges.values()],
                "heard": list(self.heard),
            }
