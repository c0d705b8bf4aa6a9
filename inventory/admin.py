from django.contrib import admin

from core.admin import AccountFilter, StaffAdmin, StaffInline
from inventory.models import (
    Adjustment,
    Location,
    Product,
    ProductPack,
    PurchaseOrder,
    PurchaseOrderLine,
    SerialNumber,
    Stock,
    StockCount,
    StockMovement,
    StockProduct,
    Supplier,
    SupplierReturn,
    Transfer,
)


@admin.register(Location)
class LocationAdmin(StaffAdmin):
    fields = ("name", "id", "account", "kind", "is_active")
    list_display = ("name", "account", "kind", "is_active")
    list_filter = (AccountFilter, "kind", "is_active")
    list_select_related = ("account",)
    search_fields = ("name", "=id")


@admin.register(Product)
class ProductAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("name", "id", "account", "sku", "barcode", "item_code", "category", "supplier", "unit", "retail_price"),
        *("wholesale_price", "tax_class", "tracking", "is_stocked", "is_active", "created_at"),
    )
    list_display = ("name", "account", "sku", "barcode", "retail_price", "is_active")
    list_select_related = ("account",)
    search_fields = ("name", "sku", "barcode", "=id")


@admin.register(ProductPack)
class ProductPackAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("name", "id", "account", "product", "factor", "barcode", "retail_price", "wholesale_price", "is_active"),
    )
    list_display = ("product", "name", "account", "factor", "barcode", "retail_price", "is_active")
    list_select_related = ("account", "product")
    search_fields = ("product__name", "product__sku", "barcode", "=id")


@admin.register(Supplier)
class SupplierAdmin(StaffAdmin):
    fields = ("name", "id", "account", "contact", "phone", "email", "lead_days", "is_active")
    list_display = ("name", "account", "lead_days", "is_active")
    list_filter = (AccountFilter, "is_active")
    list_select_related = ("account",)
    search_fields = ("name", "=id")


@admin.register(StockProduct)
class StockProductAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "product", "location", "quantity", "unit_cost", "expires_on", "received_at")
    list_display = ("product", "location", "account", "quantity", "unit_cost", "expires_on", "received_at")
    list_select_related = ("account", "product", "location")
    search_fields = ("product__name", "product__sku", "=id")


@admin.register(SerialNumber)
class SerialNumberAdmin(StaffAdmin):
    needs_account = True
    fields = ("number", "id", "account", "product", "stock_product")
    list_display = ("number", "account", "product", "stock_product")
    list_select_related = ("account", "product", "stock_product")
    search_fields = ("number", "product__name", "product__sku", "=id")


@admin.register(StockMovement)
class StockMovementAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("id", "account", "product", "location", "stock_product", "sequence", "kind", "quantity", "unit_cost"),
        *("value", "balance_after", "source", "source_id", "by", "occurred_at", "recorded_at"),
    )
    list_display = ("recorded_at", "account", "product", "location", "kind", "quantity", "balance_after", "by")
    list_filter = (AccountFilter, "kind")
    list_select_related = ("account", "product", "location", "by")
    search_fields = ("product__name", "product__sku", "=source_id")


@admin.register(Transfer)
class TransferAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("number", "id", "account", "source", "destination", "status", "reason", "opened_by", "opened_at"),
        *("dispatched_by", "dispatched_at", "closed_at", "closing_reason", "version"),
    )
    list_display = ("number", "account", "source", "destination", "status", "opened_at", "closed_at")
    list_filter = (AccountFilter, "status")
    list_select_related = ("account", "source", "destination")
    search_fields = ("number", "=id")


@admin.register(StockCount)
class StockCountAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("number", "id", "account", "location", "status", "is_blind", "reason", "opened_by", "opened_at"),
        *("decided_by", "decided_at", "closing_reason", "version"),
    )
    list_display = ("number", "account", "location", "status", "opened_at", "decided_at")
    list_filter = (AccountFilter, "status")
    list_select_related = ("account", "location")
    search_fields = ("number", "=id")


class PurchaseOrderLineInline(StaffInline):
    model = PurchaseOrderLine
    fields = ("position", "product", "quantity", "unit_cost", "received_quantity")
    ordering = ("position",)


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(StaffAdmin):
    needs_account = True
    inlines = (PurchaseOrderLineInline,)
    fields = (
        *("number", "id", "account", "supplier", "location", "status", "expected_on", "reason", "opened_by"),
        *("opened_at", "ordered_at", "closed_at", "closing_reason"),
    )
    list_display = ("number", "account", "supplier", "location", "status", "expected_on", "opened_at")
    list_filter = (AccountFilter, "status")
    list_select_related = ("account", "supplier", "location")
    search_fields = ("number", "supplier__name", "=id")


class BatchInline(StaffInline):
    model = StockProduct
    fields = ("product", "location", "quantity", "purchase_cost", "unit_cost", "expires_on")
    ordering = ("id",)


@admin.register(Stock)
class StockAdmin(StaffAdmin):
    needs_account = True
    inlines = (BatchInline,)
    fields = (
        *("number", "id", "account", "location", "supplier", "order", "reference", "additional_cost", "spread_by"),
        *("received_by", "occurred_at", "recorded_at"),
    )
    list_display = ("number", "account", "location", "supplier", "reference", "received_by", "occurred_at")
    list_select_related = ("account", "location", "supplier", "received_by")
    search_fields = ("number", "reference", "=id")


@admin.register(SupplierReturn)
class SupplierReturnAdmin(StaffAdmin):
    needs_account = True
    fields = ("number", "id", "account", "stock", "reason", "opened_by", "returned_at")
    list_display = ("number", "account", "stock", "reason", "opened_by", "returned_at")
    list_select_related = ("account", "stock", "opened_by")
    search_fields = ("number", "stock__number", "=id")


@admin.register(Adjustment)
class AdjustmentAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("number", "id", "account", "location", "kind", "status", "value", "reason", "occurred_at"),
        *("opened_by", "opened_at", "decided_by", "decided_at", "closing_reason", "version"),
    )
    list_display = ("number", "account", "location", "kind", "status", "value", "opened_at", "decided_at")
    list_filter = (AccountFilter, "status", "kind")
    list_select_related = ("account", "location")
    search_fields = ("number", "=id")
