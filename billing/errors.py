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


class OperationUnknown(DomainError):
    status = 400
    code = "unknown_operation"
    detail = "There is no operation {operation}."


class AmountInvalid(DomainError):
    status = 400
    code = "invalid_amount"
    detail = "Give a whole number of {counts}s, from 1 to {most}."


class InsufficientCreditsError(DomainError):
    status = 402
    code = "insufficient_credits"
    detail = "This takes {required} credits, and {available} are available."


class ReservationOver(DomainError):
    code = "reservation_over"
    detail = "This reservation is over: it is {state}."


class CreditsRefunded(DomainError):
    code = "credits_refunded"
    detail = "These credits were refunded before."


class NotSpent(DomainError):
    code = "not_spent"
    detail = "Only what was spent can be refunded."
