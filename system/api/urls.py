from django.urls import path
from rest_framework.routers import SimpleRouter

from system.api import modules, notifications, views

router = SimpleRouter()
router.register("tasks", views.TaskViewSet, basename="task")
router.register("notifications", notifications.NotificationViewSet, basename="notification")

module_settings = modules.ModuleSettingsView.as_view({"get": "retrieve", "patch": "partial_update"})

urlpatterns = [
    path("files/", views.FileViewSet.as_view({"post": "create"}), name="file"),
    path("settings/account-modules/", module_settings, name="account-modules"),
    path("settings/account-modules/check/<str:module>/", modules.ModuleCheckView.as_view(), name="module-check"),
    *router.urls,
]
