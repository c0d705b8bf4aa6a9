from core.amounts import SMALLEST_QUANTITY
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from inventory.models import Reservation

MOST_MINUTES = 24 * 60


class ReservationInput(Serializer):
    cart = fields.IdField()
    location = fields.IdField()
    product = fields.IdField()
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)
    minutes = fields.IntegerField(min_value=1, max_value=MOST_MINUTES, required=False)


class ReservationSerializer(ModelSerializer):
    class Meta:
        model = Reservation
        fields = ["id", "cart", "location", "product", "quantity", "held_by", "held_at", "expires_at", "is_firm"]
