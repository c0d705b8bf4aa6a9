from core.errors import DomainError


class InsufficientStock(DomainError):
    code = "insufficient_stock"
    detail = "There is not enough of this here to sell."


class StillInStock(DomainError):
    code = "still_in_stock"
    detail = "Some of this is still in stock, so it cannot become a service."


class NotStocked(DomainError):
    code = "not_stocked"
    detail = "A service or charge is not kept in stock."
