"""The writers of attempts to be paid, of what the gateways tell of them, and of credits."""

from billing.services.credits import add_credits, refund_credits, spend_credits
from billing.services.monthly import grant_monthly_credits, take_back_monthly_credits
from billing.services.notices import name_notice, receive_notice, trace_notice
from billing.services.payments import cancel_payment, check_payment, forget_payers, start_payment, use_payments
from billing.services.purchases import buy_credits, check_purchase, receive_credit_payment, take_back_credits
from billing.services.pursuing import poll_payments, pursue_payment
from billing.services.rebuild import rebuild_from_ledger
from billing.services.reserving import (
    MOST_RESERVED_MINUTES,
    RESERVED_MINUTES,
    commit_reservation,
    release_reservation,
    reserve_credits,
)

__all__ = [
    "MOST_RESERVED_MINUTES",
    "RESERVED_MINUTES",
    "add_credits",
    "buy_credits",
    "cancel_payment",
    "check_payment",
    "check_purchase",
    "commit_reservation",
    "forget_payers",
    "grant_monthly_credits",
    "name_notice",
    "poll_payments",
    "pursue_payment",
    "rebuild_from_ledger",
    "receive_credit_payment",
    "receive_notice",
    "refund_credits",
    "release_reservation",
    "reserve_credits",
    "spend_credits",
    "start_payment",
    "take_back_credits",
    "take_back_monthly_credits",
    "trace_notice",
    "use_payments",
]
