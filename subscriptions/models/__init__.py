"""What is sold to a business, what it holds, what it paid for it, and the invoices."""

from subscriptions.models.invoices import Invoice, InvoiceCounter, InvoiceKind
from subscriptions.models.payments import PaymentKind, SubscriptionPayment
from subscriptions.models.plans import Cycle, ServiceCharge, SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration
from subscriptions.models.subscriptions import GRACE, Subscription

__all__ = [
    "GRACE",
    "Cycle",
    "Invoice",
    "InvoiceCounter",
    "InvoiceKind",
    "PaymentKind",
    "ServiceCharge",
    "Subscription",
    "SubscriptionPayment",
    "SubscriptionPlan",
    "SubscriptionPricingTier",
    "TaxConfiguration",
]
