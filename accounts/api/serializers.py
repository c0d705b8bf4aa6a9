from typing import Any

from babel import Locale
from babel.core import get_global
from rest_framework import serializers

from accounts.models import Account, AuditEvent, Membership, User, canonical_email
from accounts.roles import Role
from core import amounts
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer

_NOT_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
_UNIONS = {"XAF", "XCD", "XCG", "XOF", "XPF"}


class CountryField(fields.TextField):
    """ISO 3166-1 alpha-2, as Unicode CLDR knows it."""

    default_error_messages = {"unknown": "There is no such country."}

    def to_internal_value(self, data: Any) -> str:
        country = super().to_internal_value(data)
        if len(country) != 2 or country not in Locale("en").territories or country in _NOT_COUNTRIES:
            self.fail("unknown")
        return country


class CurrencyField(fields.TextField):
    """ISO 4217. Currencies with three digits after the point are not kept, for money has two."""

    default_error_messages = {"unknown": "There is no such currency here."}

    def to_internal_value(self, data: Any) -> str:
        currency = super().to_internal_value(data)
        is_money = not currency.startswith("X") or currency in _UNIONS  # the others are metals and tests
        if not is_money or currency not in Locale("en").currencies or amounts.currency_exponent(currency) > 2:
            self.fail("unknown")
        return currency


class TimeZoneField(fields.TextField):
    default_error_messages = {"unknown": "There is no such time zone."}

    def to_internal_value(self, data: Any) -> str:
        zone = super().to_internal_value(data)
        if zone not in get_global("zone_territories"):
            self.fail("unknown")
        return zone


class EmailField(serializers.EmailField):
    """An address in its canonical form, which is what is judged."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        email = canonical_email(super().to_internal_value(data))
        if not email.isascii():
            self.fail("invalid")
        return email


class RegisterBusinessInput(Serializer):
    business_name = fields.TextField(max_length=200)
    name = fields.TextField(max_length=200)
    email = EmailField(max_length=254)
    password = fields.TextField(max_length=128, trim_whitespace=False, write_only=True)
    country = CountryField()
    currency = CurrencyField(required=False)
    time_zone = TimeZoneField(required=False)


class CredentialsInput(Serializer):
    email = fields.TextField(max_length=254)
    password = fields.TextField(max_length=128, trim_whitespace=False)


class RefreshInput(Serializer):
    refresh = fields.TextField(max_length=4096)


class TokensSerializer(Serializer):
    access = fields.TextField()
    refresh = fields.TextField()


class CsrfSerializer(Serializer):
    csrf_token = fields.TextField()


class UserSerializer(ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "email", "name"]


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


class MembershipSerializer(ModelSerializer):
    class Meta:
        model = Membership
        fields = ["id", "name", "role", "is_active"]


class SubscriptionStateSerializer(Serializer):
    plan = fields.TextField(source="plan.code")
    state = fields.TextField()
    ends_on = fields.DateField()


class MeSerializer(Serializer):
    """Everything a till needs after signing in, to show and to hide by."""

    user = UserSerializer()
    account = AccountSerializer()
    membership = MembershipSerializer()
    role = serializers.ChoiceField(choices=Role.choices, source="membership.role")
    capabilities = serializers.SerializerMethodField()
    subscription = SubscriptionStateSerializer(source="account.subscription")

    def get_capabilities(self, identity: Any) -> list[str]:
        return sorted(identity.membership.capabilities)


class SignedInSerializer(MeSerializer):
    csrf_token = fields.TextField()


class AuditEventSerializer(ModelSerializer):
    class Meta:
        model = AuditEvent
        fields = [
            "id",
            "by",
            "action",
            "subject",
            "subject_id",
            "before",
            "after",
            "request_id",
            "recorded_at",
        ]
