from django.contrib import admin

from core.admin import AccountFilter, StaffAdmin, StaffInline
from sales.models import Cart, CartLine, Customer, Layaway, LayawayLine, Payment, Refund, Register, Sale, SaleLine


@admin.register(Register)
class RegisterAdmin(StaffAdmin):
    fields = ("code", "id", "name", "account", "storefront", "last_number", "is_active")
    list_display = ("code", "name", "account", "storefront", "is_active")
    list_filter = (AccountFilter, "is_active")
    list_select_related = ("account", "storefront")
    search_fields = ("code", "name", "=id")


@admin.register(Customer)
class CustomerAdmin(StaffAdmin):
    needs_account = True
    fields = ("name", "id", "account", "phone", "is_active", "created_at")
    list_display = ("name", "account", "is_active", "created_at")
    list_select_related = ("account",)
    search_fields = ("name", "phone", "=id")


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


@admin.register(Refund)
class RefundAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("id", "account", "sale", "register", "reason", "tax_total", "total", "refunded_by", "refunded_at"),
        "recorded_at",
    )
    list_display = ("sale", "account", "total", "reason", "refunded_by", "refunded_at")
    list_select_related = ("account", "sale", "refunded_by")
    search_fields = ("sale__receipt_number", "=id")


@admin.register(Payment)
class PaymentAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "sale", "refund", "method", "amount", "tendered", "reference", "paid_at")
    list_display = ("paid_at", "account", "sale", "method", "amount", "refund")
    list_filter = (AccountFilter, "method")
    list_select_related = ("account", "sale", "refund")
    search_fields = ("sale__receipt_number", "reference", "=id")
