from typing import Any

from csp.decorators import csp_update
from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.errors import CsrfFailed
from core import errors
from core.api import failures
from sales.api import public
from system import health, metrics

APPS = ("accounts", "system", "billing", "subscriptions", "inventory", "sales", "reports")

docs = SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="app/docs.html")

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.show_metrics),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", csp_update({"img-src": "data:"})(docs), name="docs"),
    path("r/<str:token>/", public.show_receipt),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="docs")),
]
for app in APPS:
    urls = include(f"{app}.api.urls")
    urlpatterns.append(path(f"api/v1/{app}/", urls))
    # The paths of the frontend that was here before; the same views.
    urlpatterns.append(path(f"{app}/api/", urls))


@csrf_exempt
def not_found(request: HttpRequest) -> JsonResponse:
    return failures.respond(errors.NotFound(), request)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return failures.respond(exception, request)


def server_error(request: HttpRequest) -> JsonResponse:
    return failures.respond(errors.ServerFault(), request)


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    return failures.respond(CsrfFailed(), request)


# A route of our own, for Django's page for an unknown address would be HTML while DEBUG is on.
urlpatterns.append(re_path("", not_found))
handler400: Any = bad_request
handler500: Any = server_error
