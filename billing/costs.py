"""What the assistants' operations cost in credits: the price list, the old names, and what staff set for a period."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from accounts.models import Account
from billing.errors import AmountInvalid, OperationUnknown
from billing.models import CreditCost
from core.dated import in_force_on
from system import modules
from system.modules import Module

MOST_UNITS = 10**9


@dataclass(frozen=True)
class Cost:
    """So many credits for `units` of what is counted, or a part of them; where nothing is counted, for each time."""

    credits: int
    module: Module
    counts: str = ""
    units: int = 1

    def of(self, amount: int | None) -> int:
        """The credits for this amount, rounded up. Raises AmountInvalid for what is no whole number of at least 1, and
        where one is missing."""
        if amount is None and not self.counts:
            return self.credits
        units = _checked(amount, counts=self.counts or "unit")
        return -(-units // self.units) * self.credits if self.counts else self.credits


CREDIT_COSTS: Mapping[str, Cost] = {
    "clustering": Cost(10, Module.PLANNER),
    "idea_generation": Cost(15, Module.PLANNER),
    "content_generation": Cost(1, Module.WRITER, counts="word", units=100),
    "image_prompt_extraction": Cost(2, Module.WRITER),
    "image_generation": Cost(5, Module.WRITER, counts="image"),
    "linking": Cost(8, Module.LINKER),
    "optimization": Cost(1, Module.OPTIMIZER, counts="word", units=200),
    "site_structure_generation": Cost(50, Module.SITE_BUILDER),
    "site_page_generation": Cost(20, Module.SITE_BUILDER),
}
# What the operations were called before.
ALIASES: Mapping[str, str] = {
    "ideas": "idea_generation",
    "content": "content_generation",
    "images": "image_generation",
    "reparse": "image_prompt_extraction",
}


def name_operation(operation: str) -> str:
    """The name of today for any that it has had. Raises OperationUnknown."""
    name = ALIASES.get(operation, operation) if isinstance(operation, str) else ""
    if name not in CREDIT_COSTS:
        raise OperationUnknown(operation=operation)
    return name


def find_cost(operation: str, *, on: date) -> Cost:
    """What an operation costs on this day. Raises OperationUnknown."""
    name = name_operation(operation)
    return _on(on, CreditCost.objects.filter(operation=name))[name]


def list_costs(*, on: date) -> dict[str, Cost]:
    """What every operation costs on this day."""
    return _on(on, CreditCost.objects.all())


def _on(day: date, overrides: Iterable[CreditCost]) -> dict[str, Cost]:
    rows = in_force_on(day, overrides, kind=lambda row: row.operation)
    return {
        name: replace(cost, credits=rows[name].credits, units=rows[name].units) if name in rows else cost
        for name, cost in CREDIT_COSTS.items()
    }


@dataclass(frozen=True)
class Price:
    """What is asked for: so many credits, and the operation that they pay for, if any."""

    operation: str
    credits: int


def price(account: Account, *, operation: str | None, amount: int | None, credits: int | None = None) -> Price:  # noqa: A002
    """What so much of an operation costs today in the account's calendar, or the credits that are named in its place.

    Raises OperationUnknown, AmountInvalid, and ModuleDisabled where the operation's module is off.
    """
    if operation is None:
        return Price("", whole(credits))
    name = name_operation(operation)
    cost = find_cost(name, on=account.today)
    modules.require_module(account, cost.module)
    return Price(name, cost.of(amount) if credits is None else whole(credits))


def whole(credits: object) -> int:  # noqa: A002
    """Raises AmountInvalid for what is no number of credits, or none."""
    return _checked(credits, counts="credit")


def _checked(amount: object, *, counts: str) -> int:
    # True is a number to Python, and no amount to anybody.
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= MOST_UNITS:
        raise AmountInvalid(counts=counts, most=MOST_UNITS)
    return amount
