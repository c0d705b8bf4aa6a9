from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts.api.views import business, oneself, people, signing_in

router = SimpleRouter()
router.register("memberships", people.MembershipViewSet, basename="membership")
router.register("invitations", people.InvitationViewSet, basename="invitation")
router.register("devices", people.DeviceViewSet, basename="device")

_sessions = oneself.SessionViewSet.as_view

urlpatterns = [
    path("auth/csrf/", signing_in.CsrfView.as_view(), name="csrf"),
    path("auth/register-business/", signing_in.RegisterBusinessView.as_view(), name="register-business"),
    path("auth/login/", signing_in.LoginView.as_view(), name="login"),
    path("auth/logout/", signing_in.LogoutView.as_view(), name="logout"),
    path("auth/token/", signing_in.TokenView.as_view(), name="token"),
    path("auth/token/refresh/", signing_in.TokenRefreshView.as_view(), name="token-refresh"),
    path("auth/token/revoke/", signing_in.TokenRevokeView.as_view(), name="token-revoke"),
    path("auth/verify-email/", signing_in.VerifyEmailView.as_view(), name="verify-email"),
    path("auth/verify-email/again/", signing_in.VerifyEmailAgainView.as_view(), name="verify-email-again"),
    path("auth/password/change/", oneself.PasswordChangeView.as_view(), name="password-change"),
    path("auth/password/reset/", signing_in.PasswordResetView.as_view(), name="password-reset"),
    path("auth/password/reset/confirm/", signing_in.PasswordResetConfirmView.as_view(), name="password-reset-confirm"),
    path("auth/invitations/<str:token>/", signing_in.OfferView.as_view(), name="offer"),
    path("auth/invitations/<str:token>/accept/", signing_in.OfferAcceptView.as_view(), name="offer-accept"),
    path("auth/pin/", signing_in.PinView.as_view(), name="pin"),
    path("auth/pin/change/", oneself.PinChangeView.as_view(), name="pin-change"),
    path("auth/me/", oneself.MeView.as_view(), name="me"),
    path("auth/leave/", oneself.LeaveView.as_view(), name="leave"),
    path("auth/mfa/", oneself.MfaView.as_view(), name="mfa"),
    path("auth/mfa/remove/", oneself.MfaRemoveView.as_view(), name="mfa-remove"),
    path("auth/mfa/confirm/", oneself.MfaConfirmView.as_view(), name="mfa-confirm"),
    path("auth/mfa/recovery-codes/", oneself.MfaRecoveryCodesView.as_view(), name="mfa-recovery-codes"),
    path("auth/sessions/", _sessions({"get": "list", "delete": "end_others"}), name="session-list"),
    path("auth/sessions/<str:pk>/", _sessions({"get": "retrieve", "delete": "destroy"}), name="session"),
    path("roles/", oneself.RolesView.as_view(), name="roles"),
    path(
        "account/",
        business.AccountView.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="account",
    ),
    path("account/take-out/", business.TakeOutView.as_view(), name="take-out"),
    *router.urls,
]
