from django.urls import path
from rest_framework.routers import SimpleRouter

from system.api import notifications, views

router = SimpleRouter()
router.register("tasks", views.TaskViewSet, basename="task")
router.register("notifications", notifications.NotificationViewSet, basename="notification")

urlpatterns = [path("files/", views.FileViewSet.as_view({"post": "create"}), name="file"), *router.urls]
