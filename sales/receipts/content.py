"""What stands on a receipt, of a sale or of a refund, in its order, and with the amounts as they are printed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from accounts.models import Account, Membership
from core.amounts import show_money
from sales import queries
from sales.models import FiscalDocument, FiscalState, Refund, Sale, SaleLine, SaleStatus
from sales.receipts import links

COPY = "COPY"
_FISCAL = {
    FiscalState.PENDING: "Certification pending",
    FiscalState.PROVISIONAL: "Provisional",
    FiscalState.CERTIFIED: "Certified",
    FiscalState.REJECTED: "Not certified",
}


@dataclass(frozen=True)
class Row:
    """Something at the left, an amount at the right, and what is to be said about it below."""

    left: str
    right: str
    notes: tuple[str, ...] = ()
    is_strong: bool = False


@dataclass(frozen=True)
class Code:
    """What a telephone can read, and what it is."""

    caption: str
    text: str


@dataclass(frozen=True)
class Receipt:
    """`marks` are what the paper says of itself in large letters: that it is a copy, that the goods came back."""

    document: Sale | Refund
    business_name: str
    header: tuple[str, ...]
    footer: tuple[str, ...]
    storefront_name: str
    cashier_name: str
    customer_name: str | None
    number: str
    local_time: str
    marks: tuple[str, ...]
    items: tuple[Row, ...]
    sums: tuple[Row, ...]
    payments: tuple[Row, ...]
    taxes: Sequence[dict[str, str]]
    codes: tuple[Code, ...]
    fiscal: FiscalDocument | None
    link: str
    print_count: int

    @property
    def fiscal_line(self) -> str:
        """What the tax authority said; empty where it is not asked."""
        if self.fiscal is None:
            return ""
        return f"{_FISCAL[FiscalState(self.fiscal.state)]} {self.fiscal.number}".strip()

    @property
    def people(self) -> str:
        return " · ".join(filter(None, [self.cashier_name, self.customer_name]))


def write_receipt(account: Account, document: Sale | Refund, *, is_copy: bool) -> Receipt:
    """The receipt of a sale or a refund that was read with `with_receipt()`."""
    sale = document if isinstance(document, Sale) else document.sale
    taxes, link = queries.sum_taxes(document), links.address_of(document)
    fiscal = _own(document.fiscal_documents, document).first()
    told = _of_sale(account, document, taxes) if isinstance(document, Sale) else _of_refund(account, document, taxes)
    return Receipt(
        document=document,
        business_name=account.name,
        header=_lines(account.receipt_header),
        footer=_lines(account.receipt_footer),
        storefront_name=sale.storefront.name,
        cashier_name=told.cashier.name,
        customer_name=sale.customer.name if sale.customer else None,
        number=sale.receipt_number,
        local_time=f"{told.at.astimezone(account.zone):%Y-%m-%d %H:%M}",
        marks=(*([COPY] if is_copy else []), *told.marks),
        items=tuple(told.items),
        sums=tuple(told.sums),
        payments=tuple(told.payments),
        taxes=taxes,
        codes=tuple(_codes(fiscal, link)),
        fiscal=fiscal,
        link=link,
        print_count=count_prints(document),
    )


def count_prints(document: Sale | Refund) -> int:
    """How often its receipt was printed; what was printed of the refunds of a sale is theirs."""
    return int(_own(document.prints, document).count())


def _own(rows: Any, document: Sale | Refund) -> Any:
    """The rows about a document: those about the refunds of a sale name the sale, too."""
    found = rows.filter(account=document.account_id)
    return found.filter(refund=None) if isinstance(document, Sale) else found


def _codes(fiscal: FiscalDocument | None, link: str) -> Iterator[Code]:
    if fiscal and fiscal.code:
        yield Code("Certificate", fiscal.code)
    if link:
        yield Code("This receipt online", link)


class _Told(NamedTuple):
    """What a sale and a refund tell, each in its own way."""

    cashier: Membership
    at: datetime
    marks: Sequence[str]
    items: Iterable[Row]
    sums: Iterable[Row]
    payments: Iterable[Row]


Taxes = Sequence[Mapping[str, str]]


def _of_sale(account: Account, sale: Sale, taxes: Taxes) -> _Told:
    exponent = account.currency_exponent
    return _Told(
        cashier=sale.sold_by,
        at=sale.sold_at,
        marks=[] if sale.status == SaleStatus.COMPLETED else [sale.status.replace("_", " ")],
        items=[_sold(line, exponent) for line in sale.lines.all()],
        sums=_sums(sale, taxes, exponent),
        payments=_paid(sale, exponent),
    )


def _sold(line: SaleLine, exponent: int) -> Row:
    asked = f"{_plain(line.quantity)} × {show_money(line.unit_price, exponent)}"
    off = f" − {show_money(line.discount, exponent)}" if line.discount else ""
    return Row(line.name, show_money(line.total, exponent), _notes(asked + off, line.serials))


def _sums(sale: Sale, taxes: Taxes, exponent: int) -> Iterator[Row]:
    yield Row("Subtotal", show_money(sale.subtotal, exponent))
    if sale.discount_total:
        yield Row("Discount", f"−{show_money(sale.discount_total, exponent)}")
    yield from _levied(sale, taxes)
    yield Row(f"Total {sale.currency}", show_money(sale.total, exponent), is_strong=True)


def _paid(sale: Sale, exponent: int) -> Iterator[Row]:
    yield from _rounded(sale.rounding, exponent)
    for payment in sale.payments.all():
        yield Row(_words(payment.method), show_money(payment.tendered, exponent))
    if sale.change_due:
        yield Row("Change", show_money(sale.change_due, exponent))


def _rounded(rounding: Decimal, exponent: int) -> Iterator[Row]:
    """What is paid in cash more, or with a minus less, because there are no coins for it."""
    if rounding:
        yield Row("Rounding", f"{'−' if rounding < 0 else ''}{show_money(abs(rounding), exponent)}")


def _of_refund(account: Account, refund: Refund, taxes: Taxes) -> _Told:
    exponent, total = account.currency_exponent, show_money(refund.total, account.currency_exponent)
    returned = [(line, show_money(line.total, exponent)) for line in refund.lines.all()]
    return _Told(
        cashier=refund.refunded_by,
        at=refund.refunded_at,
        marks=["REFUND"],
        items=[Row(row.line.name, due, _notes(f"{_plain(row.quantity)} back", row.serials)) for row, due in returned],
        sums=[*_levied(refund.sale, taxes), Row(f"Refunded {refund.sale.currency}", total, is_strong=True)],
        payments=[
            *_rounded(refund.rounding, exponent),
            *(Row(f"{_words(each.method)} back", show_money(-each.amount, exponent)) for each in refund.payments.all()),
        ],
    )


def _levied(sale: Sale, taxes: Taxes) -> Iterator[Row]:
    within = "of which " if sale.prices_include_tax else ""
    for tax in taxes:
        yield Row(f"{within}{tax['name']} {_plain(Decimal(tax['rate']) * 100)}%", tax["amount"])


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _notes(asked: str, serials: Sequence[str]) -> tuple[str, ...]:
    return (asked, ", ".join(serials)) if serials else (asked,)


def _words(method: str) -> str:
    return method.replace("_", " ").capitalize()


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
