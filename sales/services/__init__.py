"""The writers of the till, a verb a file."""

from sales.services.complete import complete_sale
from sales.services.exporting import start_sales_export
from sales.services.refund import refund_sale
from sales.services.setup import (
    add_customer,
    add_first_register,
    add_register,
    change_customer,
    change_register,
    erase_customer,
)
from sales.services.sync import KINDS, note_rejected, review_issue, take_item

__all__ = [
    "KINDS",
    "add_customer",
    "add_first_register",
    "add_register",
    "change_customer",
    "change_register",
    "complete_sale",
    "erase_customer",
    "note_rejected",
    "refund_sale",
    "review_issue",
    "start_sales_export",
    "take_item",
]
