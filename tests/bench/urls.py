"""The project's addresses and two empty ones: DRF alone, and DRF with all that a signed-in request passes through."""

from typing import Any, ClassVar

from django.urls import path
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import Capability
from app import urls
from core.api.views import DeclaredView

BARE = "/bench/bare/"
EMPTY = "/bench/empty/"


class BareView(APIView):
    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar[list[Any]] = []
    renderer_classes: ClassVar[list[Any]] = [JSONRenderer]

    def get(self, request: Request) -> Response:
        return Response({})


class EmptyView(DeclaredView):
    read_capability = Capability.STOCK_READ
    feature = "inventory"

    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [
    path(BARE.lstrip("/"), BareView.as_view()),
    path(EMPTY.lstrip("/"), EmptyView.as_view()),
    *urls.urlpatterns,
]
handler400, handler500 = urls.handler400, urls.handler500
