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
from sales.services.cash import move_cash
from sales.services.collecting import collect_debt, pay_out_wallet, top_up_wallet, write_off_debt
from sales.services.complete import complete_sale
from sales.services.coupons import add_coupon, change_coupon
from sales.services.customers import (
    add_customer,
    add_customer_group,
    change_customer,
    change_customer_group,
    erase_customer,
    remove_customer_group,
)
from sales.services.exchange import exchange_goods
from sales.services.exporting import start_sales_export
from sales.services.fiscal import certify_document, certify_due
from sales.services.gift_cards import change_gift_card, find_gift_card, sell_gift_card
from sales.services.layaway_ends import cancel_layaway, complete_layaway
from sales.services.layaways import change_layaway, open_layaway, pay_layaway
from sales.services.leases import lease_numbers, return_numbers
from sales.services.mobile_payments import cancel_mobile_payment, receive_payment, start_mobile_payment
from sales.services.offering import add_price_rule, add_promotion, change_price_rule, change_promotion
from sales.services.prints import print_receipt
from sales.services.quotes import quote_sale
from sales.services.rebuild import rebuild_from_ledger
from sales.services.refund import refund_sale
from sales.services.setup import add_first_register, add_register, change_register
from sales.services.shifts import close_shift, hand_over_shift, open_shift
from sales.services.sync import note_rejected, review_issue, take_item
from sales.services.sync_kinds import KINDS
from sales.services.transfers import dismiss_transfer, keep_transfer, match_transfer, see_transfer
from sales.services.void import void_sale

__all__ = [
    "KINDS",
    "abandon_cart",
    "add_cart_line",
    "add_coupon",
    "add_customer",
    "add_customer_group",
    "add_first_register",
    "add_price_rule",
    "add_promotion",
    "add_register",
    "cancel_layaway",
    "cancel_mobile_payment",
    "certify_document",
    "certify_due",
    "change_cart",
    "change_cart_line",
    "change_coupon",
    "change_customer",
    "change_customer_group",
    "change_gift_card",
    "change_layaway",
    "change_price_rule",
    "change_promotion",
    "change_register",
    "close_shift",
    "collect_debt",
    "complete_layaway",
    "complete_sale",
    "dismiss_transfer",
    "erase_customer",
    "exchange_goods",
    "find_gift_card",
    "hand_over_shift",
    "hold_cart",
    "keep_transfer",
    "lease_numbers",
    "match_transfer",
    "move_cash",
    "note_rejected",
    "open_cart",
    "open_layaway",
    "open_shift",
    "park_cart",
    "pay_layaway",
    "pay_out_wallet",
    "print_receipt",
    "quote_cart",
    "quote_sale",
    "rebuild_from_ledger",
    "receive_payment",
    "refund_sale",
    "release_held",
    "remove_cart_line",
    "remove_customer_group",
    "resume_cart",
    "return_numbers",
    "review_issue",
    "see_transfer",
    "sell_gift_card",
    "start_mobile_payment",
    "start_sales_export",
    "take_item",
    "top_up_wallet",
    "void_sale",
    "write_off_debt",
]
