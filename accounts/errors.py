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
