from django.contrib import admin

from core.admin import AccountFilter, StaffAdmin, StaffInline
from sales.models import Coupon, Customer, Payment, PriceRule, Promotion, Refund, Register, Sale, SaleLine


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
