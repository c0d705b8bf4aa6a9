from core.errors import DomainError


class InsufficientStock(DomainError):
    code = "insufficient_stock"
    detail = "There is not enough of this here to sell."


class StillInStock(DomainError):
    code = "still_in_stock"
    detail = "Some of this is still in stock, so the way it is kept cannot change."


class CategoryCircle(DomainError):
    code = "category_circle"
    detail = "A category cannot stand below itself."


class NotStocked(DomainError):
    code = "not_stocked"
    detail = "A service or charge is not kept in stock."


class HeldFirmly(DomainError):
    code = "held_firmly"
    detail = "This is held for a paper: complete or cancel that."


class SerialElsewhere(DomainError):
    code = "serial_elsewhere"
    detail = "A piece with one of these serial numbers is not here."


class ExpiryRequired(DomainError):
    status = 400
    code = "expiry_required"
    detail = "This is tracked by batch: say when it expires."


class SerialsRequired(DomainError):
    status = 400
    code = "serials_required"
    detail = "This is tracked piece by piece: give each piece its serial number, once; of anything else give none."


class CursorUnknown(DomainError):
    status = 400
    code = "cursor_unknown"
    detail = "This cursor is none of ours: leave it out, and take the whole catalogue anew."


class SerialNumberTaken(DomainError):
    code = "serial_number_taken"
    detail = "A piece with this serial number is here already."


class OrderState(DomainError):
    code = "order_state"
    detail = "This cannot be done with an order that is {status}."


class CountState(DomainError):
    code = "count_state"
    detail = "This cannot be done with a count that is {status}."


class TrackedOtherwise(DomainError):
    code = "tracked_otherwise"
    detail = "This is tracked otherwise than when it was counted: count it anew."


class SerialUnknown(DomainError):
    code = "serial_unknown"
    detail = "No piece has one of these serial numbers: book it as delivered, or as found."


class CostRequired(DomainError):
    status = 400
    code = "cost_required"
    detail = "Nothing tells yet what this costs."


class TransferState(DomainError):
    code = "transfer_state"
    detail = "This cannot be done with a transfer that is {status}."


class WorksElsewhere(DomainError):
    status = 403
    code = "works_elsewhere"
    detail = "This step is taken at the other end of the transfer."


class ProductInactive(DomainError):
    code = "product_inactive"
    detail = "This product is switched off."


class ArrivalTooMuch(DomainError):
    code = "arrival_too_much"
    detail = "More would arrive than is on the road."


class AdjustmentDecided(DomainError):
    code = "adjustment_decided"
    detail = "This adjustment is {status} already."


class NothingExpired(DomainError):
    code = "nothing_expired"
    detail = "Nothing at this place has expired."


class TooManyAttachments(DomainError):
    code = "too_many_attachments"
    detail = "A document has at most {limit} attachments."


class AttachmentKept(DomainError):
    code = "attachment_kept"
    detail = "What proves a document stays with it once the document is decided or booked."


class BarcodeUnprintable(DomainError):
    code = "barcode_unprintable"
    detail = "Some of these have no barcode, or one that cannot be printed on this label."


class TableUnreadable(DomainError):
    status = 400
    code = "table_unreadable"
    detail = "The file cannot be read as a table from row {row} on."


class TableTooLarge(DomainError):
    status = 400
    code = "table_too_large"
    detail = "The table is too large: at most {rows} rows of {columns} columns."


class HeadingsUnknown(DomainError):
    status = 400
    code = "headings_unknown"
    detail = "There are no columns of these headings: {headings}."


class HeadingsMissing(DomainError):
    status = 400
    code = "headings_missing"
    detail = "These columns are missing, or have no heading: {headings}."


class HeadingTwice(DomainError):
    status = 400
    code = "heading_twice"
    detail = "There are two columns of {heading}."


class AlreadyImported(DomainError):
    code = "already_imported"
    detail = "This file has been received as stock at this place already."
