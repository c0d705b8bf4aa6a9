"""Tills, customers, what they bought, and every coin that came and went."""

from sales.models.customers import Book, Customer, CustomerEntry, CustomerGroup, Debt, EntryKind
from sales.models.levies import Levy
from sales.models.payments import Payment, PaymentMethod
from sales.models.refunds import Refund, RefundLine, Restock
from sales.models.registers import Register
from sales.models.sales import PriceLevel, Sale, SaleLine, SaleStatus
from sales.models.shifts import CashEvent, CashEventKind, Shift
from sales.models.syncing import SyncIssue, Verdict

__all__ = [
    "Book",
    "CashEvent",
    "CashEventKind",
    "Customer",
    "CustomerEntry",
    "CustomerGroup",
    "Debt",
    "EntryKind",
    "Levy",
    "Payment",
    "PaymentMethod",
    "PriceLevel",
    "Refund",
    "RefundLine",
    "Register",
    "Restock",
    "Sale",
    "SaleLine",
    "SaleStatus",
    "Shift",
    "SyncIssue",
    "Verdict",
]
