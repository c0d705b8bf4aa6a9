"""The writers of the till, a verb a file."""

from sales.services.complete import complete_sale
from sales.services.fiscal import certify_document, certify_due
from sales.services.leases import lease_numbers, return_numbers
from sales.services.prints import print_receipt
from sales.services.refund import refund_sale
from sales.services.setup import (
    add_customer,
    add_first_register,
    add_register,
    change_customer,
    change_register,
    erase_customer,
)

__all__ = [
    "add_customer",
    "add_first_register",
    "add_register",
    "certify_document",
    "certify_due",
    "change_customer",
    "change_register",
    "complete_sale",
    "erase_customer",
    "lease_numbers",
    "print_receipt",
    "refund_sale",
    "return_numbers",
]
