from rest_framework.routers import SimpleRouter

from sales.api import mobile_money, views

router = SimpleRouter()
router.register("registers", views.RegisterViewSet, basename="register")
router.register("customers", views.CustomerViewSet, basename="customer")
router.register("sales", views.SaleViewSet, basename="sale")
router.register("refunds", views.RefundViewSet, basename="refund")
router.register("mobile-payments", mobile_money.MobilePaymentViewSet, basename="mobile-payment")
router.register("incoming-transfers", mobile_money.TransferViewSet, basename="incoming-transfer")

urlpatterns = router.urls
