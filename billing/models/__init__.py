"""What we are paid: attempts to be paid, what the gateways told about them, and the credits that were bought."""

from billing.models.credits import (
    CreditAccount,
    CreditCost,
    CreditKind,
    CreditPack,
    CreditPurchase,
    CreditReservation,
    CreditTransaction,
    ReservationState,
)
from billing.models.payments import OPEN, GatewayNotice, PageGateway, PaymentAttempt, PaymentState, PhoneGateway

__all__ = [
    "OPEN",
    "CreditAccount",
    "CreditCost",
    "CreditKind",
    "CreditPack",
    "CreditPurchase",
    "CreditReservation",
    "CreditTransaction",
    "GatewayNotice",
    "PageGateway",
    "PaymentAttempt",
    "PaymentState",
    "PhoneGateway",
    "ReservationState",
]
