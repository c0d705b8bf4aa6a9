from django.urls import path
from rest_framework.routers import SimpleRouter

from inventory.api.views import (
    adjustments,
    alerts,
    catalogue,
    counts,
    exports,
    imports,
    places,
    purchasing,
    reservations,
    stock,
    transfers,
    valuation,
)

router = SimpleRouter()
router.register("categories", catalogue.CategoryViewSet, basename="category")
router.register("products", catalogue.ProductViewSet, basename="product")
router.register("packs", catalogue.PackViewSet, basename="pack")
router.register("suppliers", catalogue.SupplierViewSet, basename="supplier")
router.register("barcode-rules", catalogue.BarcodeRuleViewSet, basename="barcode-rule")
router.register("reorder-points", places.ReorderPointViewSet, basename="reorder-point")
router.register("storefronts", places.StorefrontViewSet, basename="storefront")
router.register("warehouses", places.WarehouseViewSet, basename="warehouse")
router.register("stock", stock.StockViewSet, basename="stock")
router.register("stock-products", stock.StockProductViewSet, basename="stock-product")
router.register("serial-numbers", stock.SerialNumberViewSet, basename="serial-number")
router.register("stock-movements", stock.StockMovementViewSet, basename="stock-movement")
router.register("reservations", reservations.ReservationViewSet, basename="reservation")
router.register("purchase-orders", purchasing.PurchaseOrderViewSet, basename="purchase-order")
router.register("supplier-returns", purchasing.SupplierReturnViewSet, basename="supplier-return")
router.register("stock-counts", counts.StockCountViewSet, basename="stock-count")
router.register("adjustments", adjustments.AdjustmentViewSet, basename="adjustment")
router.register("transfers", transfers.TransferViewSet, basename="transfer")
router.register("imports", imports.ImportViewSet, basename="import")

urlpatterns = [
    *router.urls,
    path("locations/", places.LocationsView.as_view(), name="locations"),
    path("valuation/", valuation.ValuationView.as_view(), name="valuation"),
    path("alerts/", alerts.AlertsView.as_view(), name="alerts"),
    path("order-suggestions/", alerts.OrderSuggestionsView.as_view(), name="order-suggestions"),
    path("exports/", exports.ExportViewSet.as_view({"post": "create"}), name="exports"),
    path("labels/", exports.LabelViewSet.as_view({"post": "create"}), name="labels"),
    path("dead-stock/", alerts.DeadStockView.as_view(), name="dead-stock"),
]
