"""For everybody: registering, signing in and out, and the links that come by mail."""

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from django.contrib import auth
from django.middleware.csrf import get_token
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status as http
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import authentication, services, tokens
from accounts.api.serializers import signing_in as serializers
from accounts.api.views.declared import InputView, PublicView, origin_of
from accounts.errors import CredentialInvalid, OwnAffair
from accounts.models import Membership, SessionKind
from core import limits
from core.api.envelope import Page
from core.api.requests import AccountRequest, address_of
from core.api.serializers import kept

DEVICE = OpenApiParameter("X-Device-Token", str, OpenApiParameter.HEADER, required=True)


class CsrfView(PublicView):
    @extend_schema(responses=serializers.CsrfSerializer)
    def get(self, request: AccountRequest) -> Response:
        """The token that a page sends back as `X-CSRFToken` with every write it makes by cookie."""
        return Response({"csrf_token": get_token(request._request)})


class RegisterBusinessView(PublicView):
    input_class = serializers.RegisterBusinessInput

    @extend_schema(
        request=input_class,
        responses={
            201: serializers.MeSerializer,
            202: OpenApiResponse(serializers.AddressInput, "The address has to be verified first: a link was mailed."),
        },
    )
    def post(self, request: AccountRequest) -> Response:
        """A new business on trial, with its owner, a first storefront and a register."""
        wanted = self.validated(request)
        limits.hit("registration", address_of(request))
        owner = services.register_business(request_id=request.request_id, **wanted)
        if owner is None:
            return Response({"email": wanted["email"]}, status=http.HTTP_202_ACCEPTED)
        return Response(shown_to(owner, request), status=http.HTTP_201_CREATED)


class LoginView(PublicView):
    input_class = serializers.CredentialsInput

    @extend_schema(request=input_class, responses=serializers.SignedInSerializer)
    def post(self, request: AccountRequest) -> Response:
        """Sign in by cookie. Send `X-CSRFToken` with every later write."""
        asked: Any = request._request
        member, session = services.sign_in(
            kind=SessionKind.COOKIE,
            replaces=authentication.seat_before(asked),
            **self.validated(request),
            **origin_of(request),
        )
        authentication.remember(asked, session)
        return Response({**shown_to(member, request), "csrf_token": get_token(asked)})


class LogoutView(InputView):
    permission_classes = ()

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except CredentialInvalid:  # it has ended already, but for the cookie
            authentication.enforce_csrf(request._request)

    @extend_schema(request=None, responses={204: None})
    def post(self, request: AccountRequest) -> Response:
        """End the session that the request came by; without a credential, nothing happens."""
        asked: Any = request._request
        member = asked.membership
        if member and member.staff_id:
            raise OwnAffair
        if member and asked.session_row:
            services.end_session(by=member, session=asked.session_row)
        auth.logout(asked)
        return Response(status=http.HTTP_204_NO_CONTENT)


class TokenView(PublicView):
    input_class = serializers.CredentialsInput

    @extend_schema(request=input_class, responses=serializers.TokensSerializer)
    def post(self, request: AccountRequest) -> Response:
        """Sign in by token: an access token for 15 minutes, and a refresh token for the next."""
        _, session = services.sign_in(kind=SessionKind.TOKEN, **self.validated(request), **origin_of(request))
        return Response(tokens.issue(session))


class TokenRefreshView(PublicView):
    input_class = serializers.RefreshInput

    @extend_schema(request=input_class, responses=serializers.TokensSerializer)
    def post(self, request: AccountRequest) -> Response:
        """New tokens for a refresh token. Each is used once: a second use ends the session."""
        limits.hit("refresh", address_of(request))
        credential = tokens.read_refresh(self.validated(request)["refresh"])
        device_token = request.headers.get("X-Device-Token", "")
        session = services.refresh_session(credential=credential, device_token=device_token)
        return Response(tokens.issue(session))


class TokenRevokeView(PublicView):
    input_class = serializers.RefreshInput

    @extend_schema(request=input_class, responses={204: None})
    def post(self, request: AccountRequest) -> Response:
        """End the session of a refresh token. A token that is none is nothing to end."""
        with suppress(CredentialInvalid):
            services.revoke_refresh(credential=tokens.read_refresh(self.validated(request)["refresh"]))
        return Response(status=http.HTTP_204_NO_CONTENT)


class VerifyEmailView(PublicView):
    input_class = serializers.VerificationInput

    @extend_schema(request=input_class, responses={204: None})
    def post(self, request: AccountRequest) -> Response:
        """Confirm an address by the token of the mailed link; a business that was waiting for it is opened."""
        services.verify_email(request_id=request.request_id, **self.validated(request))
        return Response(status=http.HTTP_204_NO_CONTENT)


class VerifyEmailAgainView(PublicView):
    input_class = serializers.AddressInput

    @extend_schema(request=input_class, responses={202: serializers.AddressInput})
    def post(self, request: AccountRequest) -> Response:
        """Mail the link again. The answer is the same whether there is such an address or not."""
        wanted = self.validated(request)
        services.request_verification(address=address_of(request), **wanted)
        return Response(wanted, status=http.HTTP_202_ACCEPTED)


class PasswordResetView(PublicView):
    input_class = serializers.AddressInput

    @extend_schema(request=input_class, responses={202: serializers.AddressInput})
    def post(self, request: AccountRequest) -> Response:
        """Mail a link to a new password. The answer is the same whether there is such an address or not."""
        wanted = self.validated(request)
        services.request_reset(address=address_of(request), **wanted)
        return Response(wanted, status=http.HTTP_202_ACCEPTED)


class PasswordResetConfirmView(PublicView):
    input_class = serializers.NewPasswordInput

    @extend_schema(request=input_class, responses={204: None})
    def post(self, request: AccountRequest) -> Response:
        """Set a new password by the token of the mailed link; all sessions end."""
        services.confirm_reset(address=address_of(request), **self.validated(request))
        return Response(status=http.HTTP_204_NO_CONTENT)


class OfferView(PublicView):
    @extend_schema(responses=serializers.OfferSerializer)
    def get(self, request: AccountRequest, token: str) -> Response:
        """What an invitation offers."""
        with services.find_invitation(token=token) as invitation:
            shown = kept(serializers.OfferSerializer, context={"request": request}).to_representation(invitation)
        return Response(shown)


class OfferAcceptView(PublicView):
    input_class = serializers.AcceptInput

    @extend_schema(request=input_class, responses={201: serializers.SeatSerializer})
    def post(self, request: AccountRequest, token: str) -> Response:
        """Take the seat, with a new password, or with the one of the login that the person has; then sign in."""
        member = services.accept_invitation(token=token, address=address_of(request), **self.validated(request))
        shown = kept(serializers.SeatSerializer, context={"request": request}).to_representation(member)
        return Response(shown, status=http.HTTP_201_CREATED)


class PinView(PublicView):
    input_class = serializers.PinInput

    @extend_schema(parameters=[DEVICE], responses=serializers.PinHolderSerializer(many=True))
    def get(self, request: AccountRequest) -> Response:
        """Who may sign in by PIN on this till."""
        with services.find_device(token=request.headers.get("X-Device-Token", "")) as device:
            seats = device.account.memberships.filter(is_active=True, user__is_active=True)
            holders = seats.exclude(pin="").order_by("name", "id")
            serializer = kept(serializers.PinHolderSerializer, context={"request": request})
            rows = [serializer.to_representation(member) for member in holders]
        return Response(Page(count=len(rows), next=None, previous=None, results=rows))

    @extend_schema(parameters=[DEVICE], request=input_class, responses=serializers.SignedInByPinSerializer)
    def post(self, request: AccountRequest) -> Response:
        """Change to another member on this till. The tokens work with its `X-Device-Token` only."""
        device_token = request.headers.get("X-Device-Token", "")
        member, session = services.sign_in_by_pin(
            device_token=device_token, **self.validated(request), **origin_of(request)
        )
        return Response({**shown_to(member, request), **tokens.issue(session)})


def shown_to(member: Membership, request: AccountRequest) -> dict[str, Any]:
    """`me` of somebody who is just signing in."""
    request._request.account = member.account  # type: ignore[attr-defined]
    me = {"user": member.user, "account": member.account, "membership": member}
    return dict(kept(serializers.MeSerializer, context={"request": request}).to_representation(SimpleNamespace(**me)))
