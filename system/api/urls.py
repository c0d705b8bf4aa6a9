from rest_framework.routers import SimpleRouter

from system.api import views

router = SimpleRouter()
router.register("files", views.FileViewSet, basename="file")
router.register("tasks", views.TaskViewSet, basename="task")

urlpatterns = router.urls
