from django.urls import path

from subscriptions.api import views

urlpatterns = [path("status/", views.StatusView.as_view(), name="subscription-status")]
