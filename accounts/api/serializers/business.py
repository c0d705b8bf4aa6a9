from accounts.api.fields import TimeZoneField
from accounts.models import Account, AuditEvent
from core.amounts import ONE, ZERO
from core.api import fields
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
            "is_shift_required",
            "cash_rounding",
            "is_fiscal",
            "layaway_deposit_rate",
            "receipt_header",
            "receipt_footer",
            "version",
        ]


class AccountInput(ModelSerializer):
    time_zone = TimeZoneField()
    cash_rounding = fields.MoneyField(min_value=ZERO)
    layaway_deposit_rate = fields.RateField(min_value=ZERO, max_value=ONE)

    class Meta:
        model = Account
        fields = [
            "name",
            "time_zone",
            "is_tax_registered",
            "prices_include_tax",
            "is_shift_required",
            "cash_rounding",
            "is_fiscal",
            "layaway_deposit_rate",
            "receipt_header",
            "receipt_footer",
        ]


class AuditEventSerializer(ModelSerializer):
    # Staff of the platform, who stand in no list of the members, are named by it alone.
    by_name = fields.TextField(source="by.name", default=None)

    class Meta:
        model = AuditEvent
        fields = [
            "id",
            "by",
            "by_name",
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
