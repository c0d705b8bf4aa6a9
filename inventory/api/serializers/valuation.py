from core.api import fields
from core.api.serializers import Serializer


class QuantityFlowSerializer(Serializer):
    received = fields.QuantityField()
    sent_back = fields.QuantityField()
    sold = fields.QuantityField()
    returned = fields.QuantityField()
    lost = fields.QuantityField()
    found = fields.QuantityField()
    moved = fields.QuantityField()
    on_hand = fields.QuantityField()


class ValueFlowSerializer(Serializer):
    received = fields.ValueField()
    sent_back = fields.ValueField()
    sold = fields.ValueField()
    returned = fields.ValueField()
    lost = fields.ValueField()
    found = fields.ValueField()
    moved = fields.ValueField()
    on_hand = fields.ValueField()


class PlaceFlowSerializer(Serializer):
    location = fields.IdField()
    name = fields.TextField()
    kind = fields.TextField()
    quantity = QuantityFlowSerializer()
    value = ValueFlowSerializer()
    adds_up = fields.BooleanField()
    average_cost = fields.UnitCostField(allow_null=True)


class TotalQuantitySerializer(QuantityFlowSerializer):
    in_transit = fields.QuantityField()


class TotalValueSerializer(ValueFlowSerializer):
    in_transit = fields.ValueField()


class TotalFlowSerializer(Serializer):
    """On hand and in transit together are what was received, less what was sent back, sold and lost, with what was
    returned and found; for a member of some places only, with what was moved to or from others."""

    quantity = TotalQuantitySerializer()
    value = TotalValueSerializer()
    adds_up = fields.BooleanField()
    average_cost = fields.UnitCostField(allow_null=True)


class ReconciliationSerializer(Serializer):
    product = fields.IdField()
    places = PlaceFlowSerializer(many=True)
    total = TotalFlowSerializer()


class PlaceValueSerializer(Serializer):
    location = fields.IdField()
    name = fields.TextField()
    kind = fields.TextField()
    value = fields.ValueField()


class ValuationInput(Serializer):
    on = fields.DateField(required=False)
    location = fields.IdField(required=False)


class ValuationSerializer(Serializer):
    on = fields.DateField(allow_null=True)
    places = PlaceValueSerializer(many=True)
    total = fields.ValueField()
