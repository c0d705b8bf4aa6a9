from django.urls import path
from rest_framework.routers import SimpleRouter

from sales.api import taxes, views

router = SimpleRouter()
router.register("registers", views.RegisterViewSet, basename="register")
router.register("customers", views.CustomerViewSet, basename="customer")
router.register("sales", views.SaleViewSet, basename="sale")
router.register("refunds", views.RefundViewSet, basename="refund")

urlpatterns = [
    *router.urls,
    path("tax-report/", taxes.TaxReportView.as_view(), name="tax-report"),
]
