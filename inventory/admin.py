from django.contrib import admin

from core.admin import AccountFilter, StaffAdmin
from inventory.models import Location, Product, StockMovement, StockProduct


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
        *("name", "id", "account", "sku", "barcode", "category", "retail_price", "wholesale_price"),
        *("tax_class", "is_stocked", "is_active", "created_at"),
    )
    list_display = ("name", "account", "sku", "barcode", "retail_price", "is_active")
    list_select_related = ("account",)
    search_fields = ("name", "sku", "barcode", "=id")


@admin.register(StockProduct)
class StockProductAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "product", "location", "quantity", "unit_cost", "expires_on", "received_at")
    list_display = ("product", "location", "account", "quantity", "unit_cost", "expires_on", "received_at")
    list_select_related = ("account", "product", "location")
    search_fields = ("product__name", "product__sku", "=id")


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
