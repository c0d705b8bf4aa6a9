from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core import errors
from core.api import fields
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, DeclaredView, Inputs
from inventory import queries, services, till
from inventory.api import filters
from inventory.api.serializers import places as serializers
from inventory.api.serializers import till as till_serializers
from inventory.models import LocationKind


class LocationsView(DeclaredView):
    """Where goods can be sent to, or asked for from. Who works at some places only may choose any other by its name."""

    read_capability = Capability.STOCK_TRANSFER
    module = "inventory"
    feature = "inventory"

    @extend_schema(responses=serializers.PlacesSerializer)
    def get(self, request: AccountRequest) -> Response:
        """The places that a transfer can name, and nothing of them but name and kind."""
        places = request.account.locations.in_use().order_by("name", "id").values("id", "name", "kind")
        return Response(serializers.PlacesSerializer({"locations": places}).data)


class LocationViewSet(AccountViewSet):
    """A kind of place."""

    kind: ClassVar[LocationKind]
    read_capability = Capability.CATALOG_READ
    write_capability = Capability.LOCATION_CHANGE
    module = "inventory"
    feature = "inventory"
    serializer_class = serializers.LocationSerializer
    input_classes: ClassVar[Inputs] = {
        "create": serializers.LocationInput,
        "partial_update": serializers.LocationChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.locations.filter(kind=self.kind).order_by("name", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_location, kind=self.kind, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_location, location=self.get_locked_object)


class StorefrontViewSet(LocationViewSet):
    kind = LocationKind.STOREFRONT

    # What a till reads belongs to sales: a business without the module inventory sells all the same.

    @extend_schema(
        parameters=[OpenApiParameter("cursor", str)], responses=till_serializers.SaleCatalogueSerializer, filters=False
    )
    @action(detail=True, url_path="sale-catalog", query_parameters=("cursor",), module="sales")
    def sale_catalog(self, request: AccountRequest, pk: str) -> Response:
        """All that is sold here, with what is available; with the cursor of the last answer, what has changed since."""
        text = request.query_params.get("cursor")
        cursor = till.Cursor.read(text) if text is not None else None
        page = till.read_catalogue(request.account, location_id=self.get_object().pk, cursor=cursor, now=timezone.now())
        return Response({"items": page.items, "cursor": str(page.cursor), "has_more": page.has_more})

    @extend_schema(
        parameters=[OpenApiParameter("product", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        responses=till_serializers.AvailabilitySerializer,
        filters=False,
    )
    @action(detail=True, url_path="stock-products/(?P<product>[^/]+)/availability", module="sales")
    def availability(self, request: AccountRequest, pk: str, product: str) -> Response:
        """How much of a product can be had here now: on hand, less what has expired, less what carts hold."""
        place, on = self.get_object(), request.account.today
        try:
            product_id = fields.read_id(product)
        except ValueError:
            raise errors.NotFound from None
        found = queries.find_availability(request.account, location_id=place.pk, product_id=product_id, on=on)
        if found is None:
            raise errors.NotFound
        return self.show(found, shown_by=till_serializers.AvailabilitySerializer)


class WarehouseViewSet(LocationViewSet):
    kind = LocationKind.WAREHOUSE


class ReorderPointViewSet(AccountViewSet):
    """At how much of a product a place orders more."""

    read_capability = Capability.CATALOG_READ
    write_capability = Capability.CATALOG_CHANGE
    module = "inventory"
    feature = "inventory"
    serializer_class = serializers.ReorderPointSerializer
    filterset_class = filters.ReorderPointFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.ReorderPointInput,
        "partial_update": serializers.ReorderPointChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.reorder_points.order_by("id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_reorder_point, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_reorder_point, point=self.get_locked_object)

    def destroy(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.remove_reorder_point, point=self.get_locked_object)
