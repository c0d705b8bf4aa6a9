from django.urls import path
from rest_framework.routers import SimpleRouter

from subscriptions.api import views

router = SimpleRouter()
router.register("payments", views.PaymentViewSet, basename="subscription-payment")
router.register("invoices", views.InvoiceViewSet, basename="invoice")

_subscription = views.SubscriptionViewSet.as_view

urlpatterns = [
    path("status/", views.StatusView.as_view(), name="subscription-status"),
    path("plans/", views.PlansView.as_view(), name="subscription-plans"),
    path("my-pricing/", views.MyPricingView.as_view(), name="my-pricing"),
    path("next-plan/", _subscription({"post": "next_plan"}), name="subscription-next-plan"),
    path("cancel/", _subscription({"post": "cancel"}), name="subscription-cancel"),
    path("resume/", _subscription({"post": "resume"}), name="subscription-resume"),
    *router.urls,
]
