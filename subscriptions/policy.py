"""Which part of the product works in which state of the subscription: one total table."""

from collections.abc import Mapping
from enum import Enum, StrEnum


class State(StrEnum):
    TRIAL = "TRIAL"
    ACTIVE = "ACTIVE"
    GRACE = "GRACE"
    EXPIRED = "EXPIRED"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"
    NONE = "NONE"


class Feature(StrEnum):
    SALES = "sales"
    INVENTORY = "inventory"
    REPORTS = "reports"
    EXPORTS = "exports"
    AUTOMATION = "automation"
    OFFLINE = "offline"  # what has happened: the service looks, of each thing, what was covered when it did
    ACCOUNT = "account"


class Resource(StrEnum):
    """What a plan counts."""

    USERS = "users"
    STOREFRONTS = "storefronts"
    PRODUCTS = "products"


class Access(Enum):
    BLOCKED = "blocked"
    READ = "read"
    FINISH = "finish"  # to read, and to bring to its end what was begun when it was paid for
    SAMPLE = "sample"  # all of it, of which the answer has the first rows only, and says so
    FULL = "full"


SAMPLE_ROWS = 100


def _row(*, grace: Access, without: Access) -> Mapping[State, Access]:
    paid = {State.TRIAL: Access.FULL, State.ACTIVE: Access.FULL, State.GRACE: grace}
    unpaid = (State.EXPIRED, State.SUSPENDED, State.CANCELLED, State.NONE)
    return {**paid, **dict.fromkeys(unpaid, without)}


POLICY: Mapping[Feature, Mapping[State, Access]] = {
    Feature.SALES: _row(grace=Access.FINISH, without=Access.READ),
    Feature.INVENTORY: _row(grace=Access.READ, without=Access.READ),
    Feature.REPORTS: _row(grace=Access.READ, without=Access.BLOCKED),
    Feature.EXPORTS: _row(grace=Access.SAMPLE, without=Access.BLOCKED),
    Feature.AUTOMATION: _row(grace=Access.BLOCKED, without=Access.BLOCKED),
    Feature.OFFLINE: _row(grace=Access.FULL, without=Access.FULL),
    Feature.ACCOUNT: _row(grace=Access.FULL, without=Access.FULL),
}


def allows(feature: Feature, state: State, *, writes: bool, finishes: bool = False) -> bool:
    access = POLICY[feature][state]
    if access is Access.FINISH:
        return finishes or not writes
    return access in (Access.FULL, Access.SAMPLE) or (access is Access.READ and not writes)
