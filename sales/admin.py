from django.contrib import admin

from core.admin import AccountFilter, StaffAdmin, StaffInline
from sales.models import (
    Cart,
    CartLine,
    CashEvent,
    Coupon,
    Customer,
    CustomerEntry,
    CustomerGroup,
    Debt,
    FiscalDocument,
    GiftCard,
    GiftCardEntry,
    HandOver,
    IncomingTransfer,
    Layaway,
    LayawayLine,
    MobilePayment,
    NumberLease,
    Payment,
    PriceRule,
    Promotion,
    ReceiptPrint,
    Refund,
    Register,
    Sale,
    SaleLine,
    Shift,
)


@admin.register(Register)
class RegisterAdmin(StaffAdmin):
    fields = ("code", "id", "name", "account", "storefront", "last_number", "last_refund_number", "is_active")
    list_display = ("code", "name", "account", "storefront", "is_active")
    list_filter = (AccountFilter, "is_active")
    list_select_related = ("account", "storefront")
    search_fields = ("code", "name", "=id")


class CashEventInline(StaffInline):
    model = CashEvent
    fields = ("kind", "amount", "reason", "by", "is_late", "occurred_at")
    ordering = ("id",)


class HandOverInline(StaffInline):
    model = HandOver
    fields = ("given_by", "taken_by", "counted", "expected", "occurred_at")
    ordering = ("id",)


@admin.register(Shift)
class ShiftAdmin(StaffAdmin):
    needs_account = True
    inlines = (CashEventInline, HandOverInline)
    fields = (
        *("id", "account", "register", "opening_float", "opened_by", "opened_at", "closed_by", "closed_at"),
        *("z_number", "expected", "counted", "denominations"),
    )
    list_display = ("opened_at", "account", "register", "opened_by", "closed_at", "z_number", "expected", "counted")
    list_filter = (AccountFilter,)
    list_select_related = ("account", "register", "opened_by")
    search_fields = ("register__code", "=id")


@admin.register(Customer)
class CustomerAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("name", "id", "account", "phone", "group", "credit_limit", "terms_days", "is_blocked", "debt", "wallet"),
        *("is_active", "created_at"),
    )
    list_display = ("name", "account", "debt", "wallet", "is_blocked", "is_active", "created_at")
    list_select_related = ("account",)
    search_fields = ("name", "phone", "=id")


@admin.register(CustomerGroup)
class CustomerGroupAdmin(StaffAdmin):
    fields = ("name", "id", "account")
    list_display = ("name", "account")
    list_select_related = ("account",)
    search_fields = ("name", "=id")


@admin.register(Debt)
class DebtAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "customer", "source", "source_id", "amount", "settled", "due_on", "occurred_at")
    list_display = ("occurred_at", "account", "customer", "amount", "settled", "due_on")
    list_select_related = ("account", "customer")
    search_fields = ("=customer__id", "=id")


@admin.register(CustomerEntry)
class CustomerEntryAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("id", "account", "customer", "sequence", "book", "kind", "debt", "amount", "balance_after", "source"),
        *("source_id", "reason", "by", "occurred_at", "recorded_at"),
    )
    list_display = ("occurred_at", "account", "customer", "sequence", "book", "kind", "amount", "balance_after")
    list_filter = (AccountFilter, "book", "kind")
    list_select_related = ("account", "customer")
    search_fields = ("=customer__id", "=id")


class GiftCardEntryInline(StaffInline):
    model = GiftCardEntry
    fields = ("sequence", "kind", "amount", "balance_after", "source", "source_id", "by", "occurred_at")
    ordering = ("sequence",)


@admin.register(GiftCard)
class GiftCardAdmin(StaffAdmin):
    needs_account = True
    inlines = (GiftCardEntryInline,)
    fields = ("id", "last_four", "account", "amount", "balance", "expires_on", "is_blocked", "sold_by", "sold_at")
    list_display = ("last_four", "account", "amount", "balance", "expires_on", "is_blocked", "sold_at")
    list_select_related = ("account",)
    search_fields = ("last_four", "=id")


class SaleLineInline(StaffInline):
    model = SaleLine
    fields = (
        *("position", "name", "quantity", "serials", "unit_price", "discount", "tax_amount", "total"),
        "refunded_quantity",
    )
    ordering = ("position",)


class PaymentInline(StaffInline):
    model = Payment
    fields = ("method", "amount", "tendered", "refund", "paid_at")
    ordering = ("id",)


@admin.register(Sale)
class SaleAdmin(StaffAdmin):
    needs_account = True
    inlines = (SaleLineInline, PaymentInline)
    fields = (
        *("receipt_number", "id", "account", "storefront", "register", "customer", "status", "price_level", "currency"),
        *("subtotal", "discount_total", "tax_total", "total", "paid", "change_due", "sold_by", "sold_at"),
        "recorded_at",
    )
    list_display = ("receipt_number", "account", "storefront", "status", "total", "currency", "sold_by", "sold_at")
    list_filter = (AccountFilter, "status")
    list_select_related = ("account", "storefront", "sold_by")
    search_fields = ("receipt_number", "=id")


class CartLineInline(StaffInline):
    model = CartLine
    fields = ("product", "pack", "quantity", "unit_price", "discount", "serials")
    ordering = ("id",)


@admin.register(Cart)
class CartAdmin(StaffAdmin):
    needs_account = True
    inlines = (CartLineInline,)
    fields = (
        *("name", "id", "account", "storefront", "register", "customer", "price_level", "status", "sale"),
        *("closing_reason", "opened_by", "opened_at", "touched_at"),
    )
    list_display = ("id", "name", "account", "storefront", "status", "opened_by", "touched_at")
    list_filter = (AccountFilter, "status")
    list_select_related = ("account", "storefront", "opened_by")
    search_fields = ("name", "=id")


class LayawayLineInline(StaffInline):
    model = LayawayLine
    fields = ("position", "name", "quantity", "unit_price", "discount", "tax_amount", "total")
    ordering = ("position",)


class InstalmentInline(StaffInline):
    model = Payment
    fields = ("method", "amount", "reference", "paid_at")
    ordering = ("id",)


@admin.register(Layaway)
class LayawayAdmin(StaffAdmin):
    needs_account = True
    inlines = (LayawayLineInline, InstalmentInline)
    fields = (
        *("id", "account", "storefront", "register", "customer", "status", "price_level", "currency", "subtotal"),
        *("discount_total", "tax_total", "total", "paid", "fee", "due_on", "sale", "closing_reason", "opened_by"),
        *("opened_at", "closed_at"),
    )
    list_display = ("id", "account", "customer", "status", "total", "paid", "currency", "due_on")
    list_filter = (AccountFilter, "status")
    list_select_related = ("account", "customer")
    search_fields = ("customer__name", "=id")


_OFFER = ("name", "id", "account", "storefront", "starts_on", "ends_on", "is_active")
_OFFER_COLUMNS = ("name", "account", "storefront", "starts_on", "ends_on", "is_active")


@admin.register(PriceRule)
class PriceRuleAdmin(StaffAdmin):
    needs_account = True
    fields = (*_OFFER, "product", "pack", "customer_group", "price_level", "min_quantity", "unit_price")
    list_display = (*_OFFER_COLUMNS, "product", "unit_price")
    list_select_related = ("account", "storefront", "product")
    search_fields = ("name", "=id")


@admin.register(Promotion)
class PromotionAdmin(StaffAdmin):
    needs_account = True
    fields = (*_OFFER, "kind", "priority", "bought", "got", "minimum", "percent", "amount")
    list_display = (*_OFFER_COLUMNS, "kind")
    list_filter = (AccountFilter, "kind")
    list_select_related = ("account", "storefront")
    search_fields = ("name", "=id")


@admin.register(Coupon)
class CouponAdmin(StaffAdmin):
    needs_account = True
    fields = ("code", *_OFFER, "percent", "amount", "min_basket", "max_uses", "max_uses_per_customer", "use_count")
    list_display = ("code", *_OFFER_COLUMNS, "use_count")
    list_select_related = ("account", "storefront")
    search_fields = ("code", "name", "=id")


@admin.register(Refund)
class RefundAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("number", "id", "account", "kind", "sale", "replacement", "register", "customer", "reason", "tax_total"),
        *("total", "refunded_by", "refunded_at", "recorded_at"),
    )
    list_display = ("number", "account", "kind", "sale", "total", "reason", "refunded_by", "refunded_at")
    list_filter = (AccountFilter, "kind")
    list_select_related = ("account", "sale", "refunded_by")
    search_fields = ("number", "sale__receipt_number", "=id")


@admin.register(Payment)
class PaymentAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "sale", "refund", "method", "came_by", "amount", "tendered", "reference", "paid_at")
    list_display = ("paid_at", "account", "sale", "method", "amount", "refund")
    list_filter = (AccountFilter, "method")
    list_select_related = ("account", "sale", "refund")
    search_fields = ("sale__receipt_number", "reference", "=id")


@admin.register(NumberLease)
class NumberLeaseAdmin(StaffAdmin):
    fields = (
        *("id", "account", "register", "device", "first_number", "last_number", "next_number", "leased_by"),
        *("leased_at", "returned_at"),
    )
    list_display = ("register", "account", "first_number", "last_number", "next_number", "leased_at")
    list_select_related = ("account", "register")
    search_fields = ("register__code", "=id")


@admin.register(ReceiptPrint)
class ReceiptPrintAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "sale", "refund", "number", "format", "printed_by", "device", "printed_at")
    list_display = ("sale", "account", "number", "format", "printed_by", "printed_at")
    list_select_related = ("account", "sale", "printed_by")
    search_fields = ("sale__receipt_number", "=id")


@admin.register(FiscalDocument)
class FiscalDocumentAdmin(StaffAdmin):
    fields = (
        *("id", "account", "sale", "refund", "state", "number", "code", "tries", "next_try_at", "last_error"),
        "decided_at",
    )
    list_display = ("sale", "account", "state", "number", "tries", "next_try_at")
    list_filter = (AccountFilter, "state")
    list_select_related = ("account", "sale")
    search_fields = ("sale__receipt_number", "number", "=id")


@admin.register(MobilePayment)
class MobilePaymentAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "register", "customer", "attempt")
    list_display = ("id", "account", "register", "attempt")
    list_select_related = ("account", "register", "attempt")
    search_fields = ("=id",)


@admin.register(IncomingTransfer)
class IncomingTransferAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("id", "account", "register", "mobile_payment", "gateway", "reference", "provider_reference", "payer_phone"),
        *("amount", "currency", "cause", "state", "is_seen", "customer", "reason", "decided_by", "decided_at"),
        "received_at",
    )
    list_display = ("received_at", "account", "amount", "currency", "cause", "state")
    list_filter = (AccountFilter, "state", "cause")
    list_select_related = ("account",)
    search_fields = ("=reference", "=provider_reference", "=id")
