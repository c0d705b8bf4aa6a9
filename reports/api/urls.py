from django.urls import path
from rest_framework.routers import SimpleRouter

from reports.api import views

router = SimpleRouter()
router.register("schedules", views.ScheduleViewSet, basename="report-schedule")

urlpatterns = [
    *router.urls,
    path("", views.ReportsView.as_view(), name="reports"),
    path("<str:name>/", views.ReportView.as_view(), name="report"),
    path("<str:name>/exports/", views.ReportExportViewSet.as_view({"post": "create"}), name="report-exports"),
]
