from core.errors import DomainError


class NoBusiness(DomainError):
    status = 403
    code = "no_business"
    detail = "You have no active seat in a business. Ask its owner to let you in."


class CapabilityMissing(DomainError):
    status = 403
    code = "capability_missing"
    detail = "Your role does not include the right {capability}."


class ViewNotDeclared(DomainError):
    status = 403
    code = "view_not_declared"
    detail = "This is closed, because nobody has said who may use it."


class WrongCredentials(DomainError):
    status = 401
    code = "wrong_credentials"
    detail = "The e-mail address or the password is wrong."


class CredentialInvalid(DomainError):
    status = 401
    code = "credential_invalid"
    detail = "The session or token is no longer valid. Sign in again."


class CredentialsDisagree(DomainError):
    status = 401
    code = "credentials_disagree"
    detail = "The session and the token belong to different people. Send one of them."


class CsrfFailed(DomainError):
    status = 403
    code = "csrf_failed"
    detail = "The CSRF token is missing or wrong: send the one from auth/csrf/ as X-CSRFToken."


class WeakPassword(DomainError):
    status = 400
    code = "weak_password"
    detail = "The password is too easy to guess."


class SecondFactorRequired(DomainError):
    status = 401
    code = "second_factor_required"
    detail = "Give the code of your authenticator, or a recovery code, too."


class WrongCode(DomainError):
    status = 401
    code = "wrong_code"
    detail = "The code is wrong, too old, or was used already."


class MfaAlreadyOn(DomainError):
    status = 409
    code = "mfa_already_on"
    detail = "The second factor is in force already: remove it first."


class MfaNotBegun(DomainError):
    status = 409
    code = "mfa_not_begun"
    detail = "There is no second factor to confirm or to use: begin with auth/mfa/."


class EmailNotVerified(DomainError):
    status = 403
    code = "email_not_verified"
    detail = "Confirm your e-mail address first: the link is in your mail."


class LinkInvalid(DomainError):
    status = 400
    code = "link_invalid"
    detail = "This link was used, has expired, or is not one of ours. Ask for a new one."


class RefreshReused(DomainError):
    status = 401
    code = "refresh_reused"
    detail = "This refresh token was used before, so the session was ended. Sign in again."


class PinNotEnough(DomainError):
    status = 403
    code = "pin_not_enough"
    detail = "Sign in with your password for this: a PIN is for selling."


class WrongPin(DomainError):
    status = 403
    code = "wrong_pin"
    detail = "The PIN is wrong, or this person has none."


class WeakPin(DomainError):
    status = 400
    code = "weak_pin"
    detail = "Choose four to eight digits that are neither all the same nor a run."


class DeviceUnknown(DomainError):
    status = 401
    code = "device_unknown"
    detail = "This device is not registered, or was switched off."


class ApprovalRequired(DomainError):
    status = 403
    code = "approval_required"
    detail = "This goes beyond what your role may do alone: have somebody approve it by PIN."


class AccountNotNamed(DomainError):
    status = 403
    code = "account_not_named"
    detail = "Name the business that you act for in X-Account-ID."


class StaffOnly(DomainError):
    status = 403
    code = "staff_only"
    detail = "This is for the platform's staff, who sign in with a second factor."


class OwnAffair(DomainError):
    status = 403
    code = "own_affair"
    detail = "This is about yourself, not about a business: leave X-Account-ID out."


class LastOwner(DomainError):
    status = 409
    code = "last_owner"
    detail = "A business needs an owner: make somebody else one first."


class SeatEmpty(DomainError):
    status = 409
    code = "seat_empty"
    detail = "Nobody sits here who could: this person is inactive or has moved on. Invite them again."


class StillSeated(DomainError):
    status = 409
    code = "still_seated"
    detail = "This person still has a seat: deactivate it first, then erase them."


class AlreadyMember(DomainError):
    status = 409
    code = "already_member"
    detail = "This person has a seat in your business already."


class AlreadyInBusiness(DomainError):
    status = 409
    code = "user_already_exists"
    detail = "You already belong to a business. Leave it first, then accept."


class InvitationUnknown(DomainError):
    status = 404
    code = "invitation_unknown"
    detail = "There is no such invitation, or it was used, revoked or has expired. Ask for a new one."


class InvitationClosed(DomainError):
    status = 409
    code = "invitation_closed"
    detail = "This invitation was accepted or revoked already."
