from django.urls import path
from rest_framework.routers import SimpleRouter

from sales.api import exports, summaries, sync, views

router = SimpleRouter()
router.register("registers", views.RegisterViewSet, basename="register")
router.register("customers", views.CustomerViewSet, basename="customer")
router.register("sales", views.SaleViewSet, basename="sale")
router.register("refunds", views.RefundViewSet, basename="refund")
router.register("sync-issues", sync.SyncIssueViewSet, basename="sync-issue")

urlpatterns = [
    path("sales/summary/tenders/", summaries.TendersView.as_view(), name="summary-tenders"),
    path("sales/summary/cashiers/", summaries.CashiersView.as_view(), name="summary-cashiers"),
    path("sales/summary/products/", summaries.ProductsView.as_view(), name="summary-products"),
    *router.urls,
    path("sync/", sync.SyncView.as_view(), name="sync"),
    path("exports/", exports.SalesExportViewSet.as_view({"post": "create"}), name="sales-exports"),
]
