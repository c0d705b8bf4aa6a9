from django.urls import path
from rest_framework.routers import SimpleRouter

from sales.api import (
    carts,
    customer_views,
    exports,
    gift_cards,
    layaways,
    mobile_money,
    offers,
    summaries,
    sync,
    taxes,
    views,
)
from sales.api.shifts import ShiftViewSet

router = SimpleRouter()
router.register("registers", views.RegisterViewSet, basename="register")
router.register("shifts", ShiftViewSet, basename="shift")
router.register("customers", customer_views.CustomerViewSet, basename="customer")
router.register("customer-groups", customer_views.CustomerGroupViewSet, basename="customer-group")
router.register("debts", customer_views.DebtViewSet, basename="debt")
router.register("gift-cards", gift_cards.GiftCardViewSet, basename="gift-card")
router.register("payments", views.PaymentViewSet, basename="payment")
router.register("carts", carts.CartViewSet, basename="cart")
router.register("layaways", layaways.LayawayViewSet, basename="layaway")
router.register("sales", views.SaleViewSet, basename="sale")
router.register("refunds", views.RefundViewSet, basename="refund")
router.register("mobile-payments", mobile_money.MobilePaymentViewSet, basename="mobile-payment")
router.register("incoming-transfers", mobile_money.TransferViewSet, basename="incoming-transfer")
router.register("price-rules", offers.PriceRuleViewSet, basename="price-rule")
router.register("coupons", offers.CouponViewSet, basename="coupon")
router.register("promotions", offers.PromotionViewSet, basename="promotion")
router.register("sync-issues", sync.SyncIssueViewSet, basename="sync-issue")

urlpatterns = [
    path("quotes/", offers.QuoteViewSet.as_view({"post": "create"}), name="quotes"),
    path("receivables/ageing/", customer_views.AgeingView.as_view(), name="ageing"),
    path("tax-report/", taxes.TaxReportView.as_view(), name="tax-report"),
    path("sales/summary/tenders/", summaries.TendersView.as_view(), name="summary-tenders"),
    path("sales/summary/cashiers/", summaries.CashiersView.as_view(), name="summary-cashiers"),
    path("sales/summary/products/", summaries.ProductsView.as_view(), name="summary-products"),
    path("sync/", sync.SyncView.as_view(), name="sync"),
    path("exports/", exports.SalesExportViewSet.as_view({"post": "create"}), name="sales-exports"),
    *router.urls,
]
