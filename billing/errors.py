from core.errors import DomainError


class GatewayNotConfigured(DomainError):
    code = "gateway_not_configured"
    detail = "Payments by {gateway} are not set up here."


class NoticeInvalid(DomainError):
    status = 400
    code = "notice_invalid"
    detail = "This is no notice, or not from whom it says."


class PaymentOver(DomainError):
    code = "payment_over"
    detail = "This attempt to be paid is over: it is {state}."


class PaymentNotUsable(DomainError):
    code = "payment_not_usable"
    detail = "The money of this attempt has not come, came too late, or has been used."
