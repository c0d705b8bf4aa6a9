"""The writers of the till, a verb a file."""

from sales.services.cart_lines import add_cart_line, change_cart_line, remove_cart_line
from sales.services.carts import (
    abandon_cart,
    change_cart,
    hold_cart,
    open_cart,
    park_cart,
    quote_cart,
    release_held,
    resume_cart,
)
from sales.services.complete import complete_sale
from sales.services.layaway_ends import cancel_layaway, complete_layaway
from sales.services.layaways import open_layaway, pay_layaway
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
    "abandon_cart",
    "add_cart_line",
    "add_customer",
    "add_first_register",
    "add_register",
    "cancel_layaway",
    "change_cart",
    "change_cart_line",
    "change_customer",
    "change_register",
    "complete_layaway",
    "complete_sale",
    "erase_customer",
    "hold_cart",
    "open_cart",
    "open_layaway",
    "park_cart",
    "pay_layaway",
    "quote_cart",
    "refund_sale",
    "release_held",
    "remove_cart_line",
    "resume_cart",
]
