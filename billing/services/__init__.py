"""The writers of attempts to be paid, and of what the gateways tell of them."""

from billing.services.notices import receive_notice, trace_notice
from billing.services.payments import cancel_payment, check_payment, forget_payers, start_payment, use_payments
from billing.services.pursuing import poll_payments, pursue_payment

__all__ = [
    "cancel_payment",
    "check_payment",
    "forget_payers",
    "poll_payments",
    "pursue_payment",
    "receive_notice",
    "start_payment",
    "trace_notice",
    "use_payments",
]
