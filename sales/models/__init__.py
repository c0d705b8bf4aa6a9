"""Tills, customers, what they bought, and every coin that came and went."""

from sales.models.carts import GOING_ON, Cart, CartLine, CartStatus
from sales.models.customers import Book, Customer, CustomerEntry, CustomerGroup, Debt, EntryKind
from sales.models.layaways import Layaway, LayawayLine, LayawayStatus
from sales.models.levies import Levy
from sales.models.lines import PricedLine
from sales.models.payments import Payment, PaymentMethod
from sales.models.refunds import Refund, RefundLine, Restock
from sales.models.registers import Register
from sales.models.sales import PriceLevel, Sale, SaleLine, SaleStatus
from sales.models.shifts import CashEvent, CashEventKind, Shift

__all__ = [
    "GOING_ON",
    "Book",
    "Cart",
    "CartLine",
    "CartStatus",
    "CashEvent",
    "CashEventKind",
    "Customer",
    "CustomerEntry",
    "CustomerGroup",
    "Debt",
    "EntryKind",
    "Layaway",
    "LayawayLine",
    "LayawayStatus",
    "Levy",
    "Payment",
    "PaymentMethod",
    "PriceLevel",
    "PricedLine",
    "Refund",
    "RefundLine",
    "Register",
    "Restock",
    "Sale",
    "SaleLine",
    "SaleStatus",
    "Shift",
]
