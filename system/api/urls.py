from django.urls import path
from rest_framework.routers import SimpleRouter

from system.api import views

router = SimpleRouter()
router.register("tasks", views.TaskViewSet, basename="task")

urlpatterns = [path("files/", views.FileViewSet.as_view({"post": "create"}), name="file"), *router.urls]
