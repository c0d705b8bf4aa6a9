"""Tills, customers, what they bought, and every coin that came and went."""

from sales.models.carts import GOING_ON, Cart, CartLine, CartStatus
from sales.models.coupons import Coupon, CouponUse
from sales.models.customers import Book, Customer, CustomerEntry, CustomerGroup, Debt, EntryKind
from sales.models.fiscal import UNDECIDED, FiscalDocument, FiscalState
from sales.models.gift_cards import CardEntryKind, GiftCard, GiftCardEntry
from sales.models.layaways import Layaway, LayawayLine, LayawayStatus
from sales.models.leases import NumberLease
from sales.models.levies import Levy
from sales.models.lines import PricedLine
from sales.models.mobile_payments import IncomingTransfer, MobilePayment, TransferCause, TransferState
from sales.models.payments import MONEY, MOVES_NOTHING, Payment, PaymentMethod
from sales.models.price_rules import PriceLevel, PriceRule
from sales.models.prints import ReceiptFormat, ReceiptPrint
from sales.models.promotions import Promotion, PromotionItem, PromotionKind, Side
from sales.models.refunds import Refund, RefundKind, RefundLine, Restock
from sales.models.registers import Register
from sales.models.sales import Sale, SaleLine, SaleStatus
from sales.models.shifts import CashEvent, CashEventKind, HandOver, Shift
from sales.models.syncing import SyncIssue, Verdict

__all__ = [
    "GOING_ON",
    "MONEY",
    "MOVES_NOTHING",
    "UNDECIDED",
    "Book",
    "CardEntryKind",
    "Cart",
    "CartLine",
    "CartStatus",
    "CashEvent",
    "CashEventKind",
    "Coupon",
    "CouponUse",
    "Customer",
    "CustomerEntry",
    "CustomerGroup",
    "Debt",
    "EntryKind",
    "FiscalDocument",
    "FiscalState",
    "GiftCard",
    "GiftCardEntry",
    "HandOver",
    "IncomingTransfer",
    "Layaway",
    "LayawayLine",
    "LayawayStatus",
    "Levy",
    "MobilePayment",
    "NumberLease",
    "Payment",
    "PaymentMethod",
    "PriceLevel",
    "PriceRule",
    "PricedLine",
    "Promotion",
    "PromotionItem",
    "PromotionKind",
    "ReceiptFormat",
    "ReceiptPrint",
    "Refund",
    "RefundKind",
    "RefundLine",
    "Register",
    "Restock",
    "Sale",
    "SaleLine",
    "SaleStatus",
    "Shift",
    "Side",
    "SyncIssue",
    "TransferCause",
    "TransferState",
    "Verdict",
]
