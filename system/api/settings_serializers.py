"""What a business, a member and the keys to a provider look like when they are set."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework import serializers

from accounts import roles
from accounts.api.serializers.business import AccountInput, AccountSerializer
from accounts.api.serializers.people import LimitsSerializer
from accounts.models import Account
from accounts.roles import LIMITABLE, Limits, Role
from core import vault
from core.amounts import ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer, WholeSerializer
from system import integrations
from system.models import Integration, MemberSettings, PlatformSettings

Chosen = dict[Role, Limits | None]


class ApprovalLimitsSerializer(Serializer):
    """How far each role goes alone in this business."""

    MANAGER = LimitsSerializer()
    CASHIER = LimitsSerializer()
    WAREHOUSE = LimitsSerializer()

    def to_representation(self, instance: Account) -> Any:
        return super().to_representation({role: roles.limits_of(role, instance.approval_limits) for role in LIMITABLE})


class LimitsInput(WholeSerializer):
    """Null is without limit."""

    discount = fields.PercentField(allow_null=True)
    refund = fields.MoneyField(min_value=ZERO, allow_null=True)
    adjustment = fields.MoneyField(min_value=ZERO, allow_null=True)

    def to_internal_value(self, data: Any) -> Limits:
        sent = super().to_internal_value(data)
        exponent = self.context["request"].account.currency_exponent
        money = {kind: sent[kind] for kind in ("refund", "adjustment")}
        units = {kind: None if amount is None else amount.scaleb(exponent) for kind, amount in money.items()}
        return Limits(discount=sent["discount"], **units)


class ApprovalLimitsInput(Serializer):
    """A role that is left out stays as it is; null takes it back to what is usual."""

    MANAGER = LimitsInput(required=False, allow_null=True)
    CASHIER = LimitsInput(required=False, allow_null=True)
    WAREHOUSE = LimitsInput(required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> Chosen:
        return {Role(role): limits for role, limits in super().to_internal_value(data).items()}


_SETTABLE = [name for name in AccountInput.Meta.fields if name != "name"]


class AccountSettingsSerializer(AccountSerializer):
    approval_limits = ApprovalLimitsSerializer(source="*")

    class Meta(AccountSerializer.Meta):
        fields = ["currency", *_SETTABLE, "approval_limits", "version"]


class AccountSettingsInput(AccountInput):
    approval_limits = ApprovalLimitsInput()

    class Meta(AccountInput.Meta):
        fields = [*_SETTABLE, "approval_limits"]


class WaysSerializer(Serializer):
    """By which ways one is told."""

    app = fields.BooleanField()
    mail = fields.BooleanField()


class WaysInput(Serializer):
    app = fields.BooleanField(required=False)
    mail = fields.BooleanField(required=False)


class MemberSettingsSerializer(ModelSerializer):
    location = fields.IdField(source="location_id", allow_null=True)
    notifications = serializers.SerializerMethodField()

    class Meta:
        model = MemberSettings
        fields = ["location", "notifications", "version"]

    def get_notifications(self, row: MemberSettings) -> dict[str, dict[str, bool]]:
        """By kind of notice, of those that one may be told: whether in the app, and by mail."""
        member = self.context["request"].membership
        kinds = [kind for kind, right in settings.NOTIFICATIONS.items() if member.may(right)]
        return {kind: {way: row.wants(kind, way) for way in ("app", "mail")} for kind in kinds}


class MemberSettingsInput(Serializer):
    location = fields.IdField(source="location_id", required=False, allow_null=True)
    notifications = serializers.DictField(child=WaysInput(), required=False)

    def validate_notifications(self, sent: Mapping[str, Any]) -> Mapping[str, Any]:
        unknown = [kind for kind in sent if kind not in settings.NOTIFICATIONS]
        if unknown:
            message = serializers.ErrorDetail("There is no such kind of notice.", code="unknown_field")
            raise serializers.ValidationError({kind: [message] for kind in unknown[:20]})
        return sent


class PlatformSettingsSerializer(ModelSerializer):
    class Meta:
        model = PlatformSettings
        fields = ["maintenance_notice", "mail_footer", "version"]


class PlatformSettingsInput(ModelSerializer):
    class Meta:
        model = PlatformSettings
        fields = ["maintenance_notice", "mail_footer"]


class IntegrationSerializer(ModelSerializer):
    """No key is ever shown again."""

    uses = serializers.SerializerMethodField()
    wanted = serializers.SerializerMethodField()
    can_be_checked = serializers.SerializerMethodField()
    changed_at = fields.MomentField(read_only=True, allow_null=True)  # nobody has, where there are no own keys

    class Meta:
        model = Integration
        fields = ["provider", "uses", "wanted", "hint", "can_be_checked", "check_state", "checked_at", "changed_at"]

    def get_uses(self, row: Integration) -> str:
        """`own`, `platform` or `none`: whose keys are used; `unreadable` are own ones that have to be brought again."""
        if row.sealed:
            return "own" if vault.is_readable(row.sealed) else "unreadable"
        return "platform" if integrations.is_platforms(row.provider) else "none"

    def get_wanted(self, row: Integration) -> list[str]:
        """What its keys are called."""
        return list(integrations.SHAPES[row.provider].names)

    def get_can_be_checked(self, row: Integration) -> bool:
        return integrations.can_be_checked(row.provider)


class IntegrationInput(Serializer):
    keys = serializers.DictField(child=fields.TextField(max_length=500), write_only=True)
