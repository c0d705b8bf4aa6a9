from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts import roles
from accounts.api.fields import EmailField
from accounts.models import Device, Invitation, Membership
from accounts.roles import Limits, Role
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer

BUSINESS_ROLES = [(role.value, role.label) for role in Role if role not in roles.PLATFORM]
MOST_PLACES = 200


class RoleField(serializers.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"choices": BUSINESS_ROLES, **kwargs})


class PlacesField(fields.BoundedList):
    """The places somebody is limited to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"child": fields.IdField(), "max_length": MOST_PLACES, **kwargs})


class LimitsSerializer(Serializer):
    """How far a role goes alone: a discount in percent, amounts in the account's currency; null is without limit."""

    discount = fields.RateField(allow_null=True)
    refund = fields.MoneyField(allow_null=True)
    adjustment = fields.MoneyField(allow_null=True)

    def to_representation(self, instance: Limits) -> Any:
        unit = Decimal(1).scaleb(-self.context["request"].account.currency_exponent)
        money = {kind: getattr(instance, kind) for kind in ("refund", "adjustment")}
        shown = {kind: None if amount is None else amount * unit for kind, amount in money.items()}
        return super().to_representation({"discount": instance.discount, **shown})


class RoleSerializer(Serializer):
    role = RoleField()
    capabilities = serializers.ListField(child=fields.TextField())
    limits = LimitsSerializer()


class MemberSerializer(ModelSerializer):
    email = serializers.SerializerMethodField()
    has_pin = serializers.SerializerMethodField()
    locations = serializers.SerializerMethodField(help_text="The places that a limited member works at.")

    class Meta:
        model = Membership
        fields = [
            "id",
            "name",
            "email",
            "role",
            "is_active",
            "is_limited",
            "locations",
            "has_pin",
            "created_at",
            "version",
        ]

    def get_email(self, member: Membership) -> str | None:
        return member.user.email if member.user else None

    def get_has_pin(self, member: Membership) -> bool:
        return bool(member.pin)

    def get_locations(self, member: Membership) -> list[str]:
        return sorted(str(place.location_id) for place in member.location_members.all())


class MemberChange(Serializer):
    name = fields.TextField(max_length=200)
    role = RoleField()
    is_limited = fields.BooleanField()
    locations = PlacesField()


class InvitationSerializer(ModelSerializer):
    locations = serializers.ListField(child=fields.IdField(), source="location_ids")
    state = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = [
            "id",
            "email",
            "name",
            "role",
            "is_limited",
            "locations",
            "state",
            "invited_by",
            "member",
            "created_at",
            "expires_at",
        ]

    def get_state(self, invitation: Invitation) -> str:
        return invitation.state_at(timezone.now())


class InvitationInput(Serializer):
    email = EmailField(max_length=254)
    name = fields.TextField(max_length=200, required=False, allow_blank=True)
    role = RoleField()
    locations = PlacesField(required=False)


class DeviceSerializer(ModelSerializer):
    class Meta:
        model = Device
        fields = ["id", "name", "is_active", "created_at", "version"]


class NewDeviceSerializer(DeviceSerializer):
    """With its secret, which is told this once: the till keeps it, and sends it as `X-Device-Token`."""

    token = fields.TextField()

    class Meta(DeviceSerializer.Meta):
        fields = [*DeviceSerializer.Meta.fields, "token"]


class DeviceInput(ModelSerializer):
    class Meta:
        model = Device
        fields = ["name"]


class DeviceChange(ModelSerializer):
    class Meta:
        model = Device
        fields = ["name", "is_active"]
