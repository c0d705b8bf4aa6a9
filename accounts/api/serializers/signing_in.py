from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework import serializers

from accounts.api.fields import CountryField, CurrencyField, EmailField, TimeZoneField
from accounts.api.serializers.business import AccountSerializer
from accounts.api.serializers.people import LimitsSerializer, RoleField
from accounts.models import Account, Membership, Session, User
from accounts.roles import Role
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer

MOST_PASSWORD = 128


class PasswordField(fields.TextField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": MOST_PASSWORD, "trim_whitespace": False, "write_only": True, **kwargs})


class CodeField(fields.TextField):
    """Of the authenticator, six digits, or a recovery code."""

    example = "492039"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 32, **kwargs})


class RegisterBusinessInput(Serializer):
    business_name = fields.TextField(max_length=200)
    name = fields.TextField(max_length=200)
    email = EmailField(max_length=254)
    password = PasswordField()
    country = CountryField()
    currency = CurrencyField(required=False)
    time_zone = TimeZoneField(required=False)


class CredentialsInput(Serializer):
    email = fields.TextField(max_length=254)
    password = PasswordField()
    code = CodeField(required=False)


class RefreshInput(Serializer):
    refresh = fields.TextField(max_length=4096)


class TokensSerializer(Serializer):
    access = fields.TextField()
    refresh = fields.TextField()


class CsrfSerializer(Serializer):
    csrf_token = fields.TextField()


class AddressInput(Serializer):
    email = EmailField(max_length=254)


class VerificationInput(Serializer):
    """The password is the one that was registered with."""

    token = fields.TextField(max_length=4000)
    password = PasswordField()


class NewPasswordInput(Serializer):
    token = fields.TextField(max_length=4000)
    password = PasswordField()


class PasswordChangeInput(Serializer):
    old_password = PasswordField()
    password = PasswordField()


class OfferSerializer(Serializer):
    """What an invitation offers to whoever holds its token."""

    business_name = fields.TextField(source="account.name")
    email = fields.TextField()
    name = fields.TextField()
    role = RoleField()
    expires_at = fields.MomentField()


class AcceptInput(Serializer):
    """A stranger's name and new password, or the password of the login that the person has."""

    name = fields.TextField(max_length=200)
    password = PasswordField()
    code = CodeField(required=False)


class SeatSerializer(Serializer):
    """The seat that was taken: sign in to use it."""

    business_name = fields.TextField(source="account.name")
    email = fields.TextField(source="user.email")
    role = RoleField()


class PinInput(Serializer):
    member = fields.IdField()
    pin = fields.TextField(max_length=8)


class PinChangeInput(Serializer):
    password = PasswordField()
    pin = fields.TextField(max_length=8, trim_whitespace=False)


class PinHolderSerializer(ModelSerializer):
    class Meta:
        model = Membership
        fields = ["id", "name", "role"]


class SessionSerializer(ModelSerializer):
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = Session
        fields = [
            "id",
            "kind",
            "device",
            "is_current",
            "is_verified",
            "address",
            "user_agent",
            "created_at",
            "last_seen_at",
            "expires_at",
        ]

    def get_is_current(self, session: Session) -> bool:
        return bool(session.pk == self.context["request"].membership.session.pk)


class MfaSerializer(Serializer):
    is_on = fields.BooleanField()
    recovery_codes_left = fields.IntegerField()


class MfaBegunSerializer(Serializer):
    """What an authenticator needs: the address, and the same as a QR code (an SVG image as `data:` address)."""

    otpauth_url = fields.TextField()
    qr_code = fields.TextField()


class PasswordInput(Serializer):
    """One's password again."""

    password = PasswordField()


class CodeInput(Serializer):
    code = CodeField()


class RecoveryCodesSerializer(Serializer):
    """Told this once. Each works once, in place of the authenticator."""

    recovery_codes = serializers.ListField(child=fields.TextField())


class UserSerializer(ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "email", "name"]


class SeatOfMineSerializer(ModelSerializer):
    locations = serializers.SerializerMethodField(help_text="The places that a limited member works at.")

    class Meta:
        model = Membership
        fields = ["id", "name", "role", "is_active", "is_limited", "locations"]

    def get_locations(self, member: Membership) -> list[str]:
        return sorted(map(str, member.location_ids))


class SubscriptionStateSerializer(Serializer):
    """What the business holds; without a subscription the state is NONE, as `subscriptions/status/` says too."""

    plan = fields.TextField(source="plan_today.code", allow_null=True)
    state = fields.TextField()
    ends_on = fields.DateField(allow_null=True)

    def to_representation(self, instance: Account) -> Any:
        held = getattr(instance, "subscription", None)
        return super().to_representation(held) if held else {"plan": None, "state": "NONE", "ends_on": None}


class MeSerializer(Serializer):
    """Everything a till needs after signing in, to show and to hide by."""

    user = UserSerializer()
    account = AccountSerializer()
    membership = SeatOfMineSerializer()
    role = serializers.ChoiceField(choices=Role.choices, source="membership.role")
    capabilities = serializers.SerializerMethodField()
    limits = LimitsSerializer(source="membership.limits")
    modules = serializers.SerializerMethodField(help_text="Which are switched on.")
    subscription = SubscriptionStateSerializer(source="account")

    def get_modules(self, identity: Any) -> dict[str, bool]:
        switches: dict[str, bool] = import_string(settings.SWITCHES)(identity.account)
        return switches

    def get_capabilities(self, identity: Any) -> list[str]:
        return sorted(identity.membership.capabilities)


class SignedInSerializer(MeSerializer):
    csrf_token = fields.TextField()


class SignedInByPinSerializer(MeSerializer):
    access = fields.TextField()
    refresh = fields.TextField()
