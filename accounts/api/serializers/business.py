from accounts.api.fields import TimeZoneField
from accounts.models import Account, AuditEvent
from core.api.serializers import ModelSerializer


class AccountSerializer(ModelSerializer):
    class Meta:
        model = Account
        fields = [
            "id",
            "name",
            "country",
            "currency",
            "time_zone",
            "is_tax_registered",
            "prices_include_tax",
            "version",
        ]


class AccountInput(ModelSerializer):
    time_zone = TimeZoneField()

    class Meta:
        model = Account
        fields = ["name", "time_zone", "is_tax_registered", "prices_include_tax"]


class AuditEventSerializer(ModelSerializer):
    class Meta:
        model = AuditEvent
        fields = [
            "id",
            "by",
            "approved_by",
            "device",
            "action",
            "subject",
            "subject_id",
            "before",
            "after",
            "request_id",
            "recorded_at",
        ]
