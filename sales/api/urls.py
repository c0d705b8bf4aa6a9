from django.urls import path
from rest_framework.routers import SimpleRouter

from sales.api import offers, views

router = SimpleRouter()
router.register("registers", views.RegisterViewSet, basename="register")
router.register("customers", views.CustomerViewSet, basename="customer")
router.register("sales", views.SaleViewSet, basename="sale")
router.register("refunds", views.RefundViewSet, basename="refund")
router.register("price-rules", offers.PriceRuleViewSet, basename="price-rule")
router.register("coupons", offers.CouponViewSet, basename="coupon")
router.register("promotions", offers.PromotionViewSet, basename="promotion")

urlpatterns = [
    path("quotes/", offers.QuoteViewSet.as_view({"post": "create"}), name="quotes"),
    *router.urls,
]
