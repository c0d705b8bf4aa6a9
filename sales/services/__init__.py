"""The writers of the till, a verb a file."""

from sales.services.complete import complete_sale
from sales.services.exchange import exchange_goods
from sales.services.refund import refund_sale
from sales.services.setup import (
    add_customer,
    add_first_register,
    add_register,
    change_customer,
    change_register,
    erase_customer,
)
from sales.services.void import void_sale

__all__ = [
    "add_customer",
    "add_first_register",
    "add_register",
    "change_customer",
    "change_register",
    "complete_sale",
    "erase_customer",
    "exchange_goods",
    "refund_sale",
    "void_sale",
]
