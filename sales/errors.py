from core.errors import DomainError


class RegisterInactive(DomainError):
    code = "register_inactive"
    detail = "This register, or its storefront, is switched off."


class ShiftRequired(DomainError):
    code = "shift_required"
    detail = "Open a shift at this register first."


class ShiftOpen(DomainError):
    code = "shift_open"
    detail = "A shift is open at this register: close it first."


class ShiftClosed(DomainError):
    code = "shift_closed"
    detail = "This shift is closed, or was not open at that time."


class DrawerShort(DomainError):
    code = "drawer_short"
    detail = "The drawer does not hold as much as that."


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


class CouponNotValid(DomainError):
    code = "coupon_not_valid"
    detail = "This coupon does not hold for this sale: {reason}."


class CouponUsedUp(DomainError):
    code = "coupon_used_up"
    detail = "This coupon has been used as often as it may be."


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
    detail = (
        "Money goes back the way it came: {total} in all, what is still owed first, and of each tender at most what is"
        " left of it; but cash may go back, or a wallet keep it, for any."
    )


class SaleVoided(DomainError):
    code = "sale_voided"
    detail = "This sale has been voided."


class VoidTooLate(DomainError):
    code = "void_too_late"
    detail = "A sale is voided by the shift that made it, while that is open, or else on the same day: refund it."


class VoidAfterRefund(DomainError):
    code = "void_after_refund"
    detail = "Some of this sale has come back already: refund the rest."


class VoidOfExchange(DomainError):
    code = "void_of_exchange"
    detail = "This was sold in an exchange: refund it."


class CustomerRequired(DomainError):
    code = "customer_required"
    detail = "Say which customer: whom nobody knows can neither owe nor have anything kept for them."


class CustomerInactive(DomainError):
    code = "customer_inactive"
    detail = "This customer is switched off."


class CustomerBlocked(DomainError):
    code = "customer_blocked"
    detail = "This customer gets nothing on credit any more."


class CreditLimitExceeded(DomainError):
    code = "credit_limit_exceeded"
    detail = "The customer may owe {limit} and owes {debt}: {available} is left."


class CustomerOwes(DomainError):
    code = "customer_owes"
    detail = "The customer owes {debt} still."


class WalletNotEmpty(DomainError):
    code = "wallet_not_empty"
    detail = "The customer's wallet holds {wallet} still."


class GoodsLaidAside(DomainError):
    code = "goods_laid_aside"
    detail = "Goods are laid aside for the customer: hand them over, or give them up, first."


class DebtOverpaid(DomainError):
    code = "debt_overpaid"
    detail = "More would be settled than is owed: {open} is open."


class AllocationTooMuch(DomainError):
    code = "allocation_too_much"
    detail = "More is shared out over debts than the {paid} that is paid."


class GiftCardUnknown(DomainError):
    code = "gift_card_unknown"
    detail = "There is no gift card with this code."


class GiftCardBlocked(DomainError):
    code = "gift_card_blocked"
    detail = "This gift card is blocked."


class GiftCardExpired(DomainError):
    code = "gift_card_expired"
    detail = "This gift card ended on {expires_on}."


class GiftCardShort(DomainError):
    code = "gift_card_short"
    detail = "The gift card holds {balance}."


class RegisterLeased(DomainError):
    code = "register_leased"
    detail = "A device has leased numbers of this register: sell with one of them, or return them first."


class NumberNotLeased(DomainError):
    code = "number_not_leased"
    detail = "This receipt number is in no lease of this register."


class LeaseOver(DomainError):
    code = "lease_over"
    detail = "This lease has been returned already."


class LeaseUsed(DomainError):
    code = "lease_used"
    detail = "A sale has this number, or a later one."


class PaymentPending(DomainError):
    code = "payment_pending"
    detail = "The customer's phone has not answered yet: whether this was paid is still to be seen."


class TransferDecided(DomainError):
    code = "transfer_decided"
    detail = "Somebody has decided about this transfer: it is {state}."


class TransferNotCreditable(DomainError):
    code = "transfer_not_creditable"
    detail = "This is no amount in {currency} that could be put on an account: dismiss it, and say why."


class CartClosed(DomainError):
    code = "cart_closed"
    detail = "This cart is {status}: it was sold, given up, or forgotten."


class CartState(DomainError):
    code = "cart_state"
    detail = "This cannot be done with a cart that is {status}."


class CartFull(DomainError):
    code = "cart_full"
    detail = "A cart takes {most} lines."


class LayawayClosed(DomainError):
    code = "layaway_closed"
    detail = "This layaway is {status} already."


class LayawayUnpaid(DomainError):
    code = "layaway_unpaid"
    detail = "{open} is still to be paid."


class LayawayOverpaid(DomainError):
    code = "layaway_overpaid"
    detail = "Only {open} is left to pay."


class DepositTooSmall(DomainError):
    code = "deposit_too_small"
    detail = "Laying this aside takes a deposit of {least}."


class FeeTooLarge(DomainError):
    code = "fee_too_large"
    detail = "At most {most} of this layaway can be kept."


class ClockWrong(DomainError):
    code = "clock_wrong"
    detail = "The till's clock is wrong: it said {said}, which was corrected by {seconds} seconds."


class PriceChanged(DomainError):
    code = "price_changed"
    detail = "The till sold at other prices than those of the price list."


class Oversold(DomainError):
    code = "oversold"
    detail = "More was sold than the place had: what was lacking has been booked as found."
