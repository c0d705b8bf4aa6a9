"""Tills, customers, what they bought, and every coin that came and went."""

from sales.models.coupons import Coupon, CouponUse
from sales.models.customers import Book, Customer, CustomerEntry, CustomerGroup, Debt, EntryKind
from sales.models.levies import Levy
from sales.models.payments import Payment, PaymentMethod
from sales.models.price_rules import PriceLevel, PriceRule
from sales.models.promotions import Promotion, PromotionItem, PromotionKind, Side
from sales.models.refunds import Refund, RefundLine, Restock
from sales.models.registers import Register
from sales.models.sales import Sale, SaleLine, SaleStatus
from sales.models.shifts import CashEvent, CashEventKind, Shift

__all__ = [
    "Book",
    "CashEvent",
    "CashEventKind",
    "Coupon",
    "CouponUse",
    "Customer",
    "CustomerEntry",
    "CustomerGroup",
    "Debt",
    "EntryKind",
    "Levy",
    "Payment",
    "PaymentMethod",
    "PriceLevel",
    "PriceRule",
    "Promotion",
    "PromotionItem",
    "PromotionKind",
    "Refund",
    "RefundLine",
    "Register",
    "Restock",
    "Sale",
    "SaleLine",
    "SaleStatus",
    "Shift",
    "Side",
]
