"""About oneself: who is asking, one's password, second factor, PIN and sessions."""

from typing import Any

import segno
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.response import Response

from accounts import queries, roles, services
from accounts.api.serializers import people
from accounts.api.serializers import signing_in as serializers
from accounts.api.views.declared import OwnView
from accounts.models import Account, Session
from accounts.permissions import HasTenantAccess
from core.api.envelope import Page
from core.api.requests import AccountRequest
from core.api.serializers import kept
from core.api.views import AccountViewSet


class MeView(OwnView):
    is_personal = False

    @extend_schema(responses=serializers.MeSerializer)
    def get(self, request: AccountRequest) -> Response:
        """Who is asking, for which business, with which rights."""
        asked = request._request
        return Response(kept(serializers.MeSerializer, context={"request": asked}).to_representation(asked))


class RolesView(OwnView):
    is_personal = False

    @extend_schema(responses=people.RoleSerializer(many=True))
    def get(self, request: AccountRequest) -> Response:
        """Every role with its rights and its limits, for a till to show and to hide by."""
        serializer = kept(people.RoleSerializer, context={"request": request})
        rows = [
            serializer.to_representation(
                {
                    "role": role,
                    "capabilities": sorted(roles.CAPABILITIES[role]),
                    "limits": roles.limits_of(role, request.account.approval_limits),
                }
            )
            for role in roles.Role
            if role not in roles.PLATFORM
        ]
        return Response(Page(count=len(rows), next=None, previous=None, results=rows))


class PasswordChangeView(OwnView):
    input_class = serializers.PasswordChangeInput

    @extend_schema(request=input_class, responses={204: None})
    def post(self, request: AccountRequest) -> Response:
        """Change one's password; all other sessions end."""
        services.change_password(by=request.membership, **self.validated(request))
        return Response(status=http.HTTP_204_NO_CONTENT)


class PinChangeView(OwnView):
    input_class = serializers.PinChangeInput

    @extend_schema(request=input_class, responses={204: None})
    def post(self, request: AccountRequest) -> Response:
        """Set one's PIN for shared tills, and to approve what others do."""
        services.change_pin(by=request.membership, **self.validated(request))
        return Response(status=http.HTTP_204_NO_CONTENT)


class LeaveView(OwnView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: AccountRequest) -> Response:
        """Leave the business; another can then let one in."""
        services.leave_business(by=request.membership)
        return Response(status=http.HTTP_204_NO_CONTENT)


class MfaView(OwnView):
    input_class = serializers.PasswordInput

    @extend_schema(responses=serializers.MfaSerializer)
    def get(self, request: AccountRequest) -> Response:
        """Whether a second factor is in force."""
        user: Any = request.user
        return Response({"is_on": user.has_mfa, "recovery_codes_left": len(user.recovery_codes.split())})

    @extend_schema(request=input_class, responses={201: serializers.MfaBegunSerializer})
    def post(self, request: AccountRequest) -> Response:
        """Begin: a secret for the authenticator, in force once `auth/mfa/confirm/` has seen a code of it."""
        address = services.begin_totp(by=request.membership, **self.validated(request))
        begun = {"otpauth_url": address, "qr_code": segno.make(address).svg_data_uri(scale=4)}
        return Response(begun, status=http.HTTP_201_CREATED)


class MfaRemoveView(OwnView):
    input_class = serializers.CodeInput

    @extend_schema(request=input_class, responses={204: None})
    def post(self, request: AccountRequest) -> Response:
        """Do without the second factor."""
        services.remove_mfa(by=request.membership, **self.validated(request))
        return Response(status=http.HTTP_204_NO_CONTENT)


class MfaConfirmView(OwnView):
    input_class = serializers.CodeInput

    @extend_schema(request=input_class, responses=serializers.RecoveryCodesSerializer)
    def post(self, request: AccountRequest) -> Response:
        """Put the second factor in force by a first code. Keep the recovery codes."""
        codes = services.confirm_totp(by=request.membership, **self.validated(request))
        return Response({"recovery_codes": codes})


class MfaRecoveryCodesView(OwnView):
    input_class = serializers.CodeInput

    @extend_schema(request=input_class, responses=serializers.RecoveryCodesSerializer)
    def post(self, request: AccountRequest) -> Response:
        """New recovery codes; the old ones are void."""
        codes = services.change_recovery_codes(by=request.membership, **self.validated(request))
        return Response({"recovery_codes": codes})


class SessionViewSet(AccountViewSet):
    """Where one is signed in."""

    permission_classes = (HasTenantAccess,)
    is_own = True
    is_personal = True
    serializer_class = serializers.SessionSerializer

    def rows(self, account: Account) -> QuerySet[Session]:
        mine = account.sessions.filter(user=self.request.membership.user)
        return mine.filter(queries.standing(now=timezone.now())).order_by("-last_seen_at", "-id")

    def destroy(self, request: AccountRequest, pk: str) -> Response:
        """End one session, with every token that came of it."""
        return self.act(services.end_session, session=self.get_object)

    @extend_schema(operation_id="accounts_auth_sessions_end_others", request=None, responses={204: None})
    def end_others(self, request: AccountRequest) -> Response:
        """Sign out everywhere else."""
        member = request.membership
        services.end_sessions(by=member, user_id=member.user_id, keep=member.session)
        return Response(status=http.HTTP_204_NO_CONTENT)
