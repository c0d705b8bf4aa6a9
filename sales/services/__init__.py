"""The writers of the till, a verb a file."""

from sales.services.cash import move_cash
from sales.services.complete import complete_sale
from sales.services.refund import refund_sale
from sales.services.setup import (
    add_customer,
    add_first_register,
    add_register,
    change_customer,
    change_register,
    erase_customer,
)
from sales.services.shifts import close_shift, hand_over_shift, open_shift

__all__ = [
    "add_customer",
    "add_first_register",
    "add_register",
    "change_customer",
    "change_register",
    "close_shift",
    "complete_sale",
    "erase_customer",
    "hand_over_shift",
    "move_cash",
    "open_shift",
    "refund_sale",
]
