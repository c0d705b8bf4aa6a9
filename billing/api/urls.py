from django.urls import path

from billing.api import views

momo, paystack = views.MomoWebhookView.as_view(), views.PaystackWebhookView.as_view()
stripe = views.StripeWebhookView.as_view()

urlpatterns = [
    path("webhooks/momo/", momo),
    path("webhooks/momo/<str:account>/", momo),
    path("webhooks/paystack/", paystack),
    path("webhooks/paystack/<str:account>/", paystack),
    path("webhooks/stripe/", stripe),
    path("webhooks/stripe/<str:account>/", stripe),
]
