from rest_framework.serializers import ChoiceField

from core.amounts import ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from inventory.models import Location, LocationKind, ReorderPoint

STOCKING = [choice for choice in LocationKind.choices if choice[0] != LocationKind.TRANSIT]


class LocationSerializer(ModelSerializer):
    class Meta:
        model = Location
        fields = ["id", "name", "kind", "is_active", "version"]


class PlaceSerializer(Serializer):
    id = fields.IdField()
    name = fields.TextField()
    kind = ChoiceField(STOCKING)


class PlacesSerializer(Serializer):
    """The places of a business by name."""

    locations = PlaceSerializer(many=True)


class LocationInput(ModelSerializer):
    class Meta:
        model = Location
        fields = ["name"]


class LocationChange(ModelSerializer):
    class Meta:
        model = Location
        fields = ["name", "is_active"]


class ReorderPointSerializer(ModelSerializer):
    class Meta:
        model = ReorderPoint
        fields = ["id", "product", "location", "minimum", "target", "version"]


class ReorderPointChange(ModelSerializer):
    minimum = fields.QuantityField(min_value=ZERO)
    target = fields.QuantityField(min_value=ZERO, required=False, allow_null=True)

    class Meta:
        model = ReorderPoint
        fields = ["minimum", "target"]


class ReorderPointInput(ReorderPointChange):
    location = fields.IdField()

    class Meta(ReorderPointChange.Meta):
        fields = ["product", "location", *ReorderPointChange.Meta.fields]
