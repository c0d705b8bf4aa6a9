"""The writers of the till, a verb a file."""

from sales.services.complete import complete_sale
from sales.services.mobile_payments import cancel_mobile_payment, receive_payment, start_mobile_payment
from sales.services.refund import refund_sale
from sales.services.setup import (
    add_customer,
    add_first_register,
    add_register,
    change_customer,
    change_register,
    erase_customer,
)
from sales.services.transfers import dismiss_transfer, keep_transfer, match_transfer, see_transfer

__all__ = [
    "add_customer",
    "add_first_register",
    "add_register",
    "cancel_mobile_payment",
    "change_customer",
    "change_register",
    "complete_sale",
    "dismiss_transfer",
    "erase_customer",
    "keep_transfer",
    "match_transfer",
    "receive_payment",
    "refund_sale",
    "see_transfer",
    "start_mobile_payment",
]
