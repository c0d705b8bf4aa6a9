from django.urls import path
from rest_framework.routers import SimpleRouter

from system.api import audit, modules, notifications, onboarding, settings, views

router = SimpleRouter()
router.register("tasks", views.TaskViewSet, basename="task")
router.register("audit-logs", audit.AuditLogViewSet, basename="audit-log")
router.register("notifications", notifications.NotificationViewSet, basename="notification")

_keys = settings.IntegrationView.as_view

urlpatterns = [
    path("files/", views.FileViewSet.as_view({"post": "create"}), name="file"),
    path("onboarding/", onboarding.OnboardingView.as_view(), name="onboarding"),
    path("files/<str:token>/", views.LinkedFileView.as_view(), name="linked-file"),
    path(
        "settings/account/",
        settings.AccountSettingsView.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="account-settings",
    ),
    path(
        "settings/account-modules/",
        modules.ModuleSettingsView.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="account-modules",
    ),
    path("settings/account-modules/check/<str:module>/", modules.ModuleCheckView.as_view(), name="module-check"),
    path(
        "settings/user/",
        settings.MemberSettingsView.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="member-settings",
    ),
    path(
        "settings/system/",
        settings.PlatformSettingsView.as_view(),
        name="platform-settings",
    ),
    path("settings/integrations/", _keys({"get": "overview"}), name="integrations"),
    path(
        "settings/integrations/<str:provider>/",
        _keys({"get": "retrieve", "put": "update", "delete": "destroy"}),
        name="integration",
    ),
    path("settings/integrations/<str:provider>/check/", _keys({"post": "check"}), name="integration-check"),
    *router.urls,
]
