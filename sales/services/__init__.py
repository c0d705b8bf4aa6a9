"""The writers of the till, a verb a file."""

from sales.services.complete import complete_sale
from sales.services.coupons import add_coupon, change_coupon
from sales.services.offering import add_price_rule, add_promotion, change_price_rule, change_promotion
from sales.services.quotes import quote_sale
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
    "add_coupon",
    "add_customer",
    "add_first_register",
    "add_price_rule",
    "add_promotion",
    "add_register",
    "change_coupon",
    "change_customer",
    "change_price_rule",
    "change_promotion",
    "change_register",
    "complete_sale",
    "erase_customer",
    "quote_sale",
    "refund_sale",
]
