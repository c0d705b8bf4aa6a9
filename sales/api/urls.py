from rest_framework.routers import SimpleRouter

from sales.api import views
from sales.api.shifts import ShiftViewSet

router = SimpleRouter()
router.register("registers", views.RegisterViewSet, basename="register")
router.register("shifts", ShiftViewSet, basename="shift")
router.register("customers", views.CustomerViewSet, basename="customer")
router.register("sales", views.SaleViewSet, basename="sale")
router.register("refunds", views.RefundViewSet, basename="refund")

urlpatterns = router.urls
