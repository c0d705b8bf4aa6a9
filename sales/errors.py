from core.errors import DomainError


class RegisterInactive(DomainError):
    code = "register_inactive"
    detail = "This register, or its storefront, is switched off."


class ShiftRequired(DomainError):
    code = "shift_required"
    detail = "Open a shift at this register first."


class InsufficientWallet(DomainError):
    code = "insufficient_wallet"
    detail = "The customer's wallet holds {available}."


class PaymentShort(DomainError):
    code = "payment_short"
    detail = "The payments do not reach the total of {total}."


class PaymentTooMuch(DomainError):
    code = "payment_too_much"
    detail = "Change is given on cash only: {excess} more was paid than the total and the cash allow."


class DiscountTooLarge(DomainError):
    code = "discount_too_large"
    detail = "A discount is larger than what it is taken from."


class RefundTooMuch(DomainError):
    code = "refund_too_much"
    detail = "More would come back than was sold and not yet refunded."


class SerialNotSold(DomainError):
    code = "serial_not_sold"
    detail = "A piece with one of these serial numbers was not sold here, or was refunded already."


class SoldWithoutSerials(DomainError):
    code = "sold_without_serials"
    detail = "This was sold before its pieces had numbers: refund it as not returned, and book the pieces as found."


class RefundTenderMismatch(DomainError):
    code = "refund_tender_mismatch"
    detail = "Money goes back the way it came: {total} in all, and of each tender at most what is left of it."


class ClockWrong(DomainError):
    code = "clock_wrong"
    detail = "The till's clock is wrong: it said {said}, which was corrected by {seconds} seconds."


class PriceChanged(DomainError):
    code = "price_changed"
    detail = "The till sold at other prices than those of the price list."


class Oversold(DomainError):
    code = "oversold"
    detail = "More was sold than the place had: what was lacking has been booked as found."
