"""What a shift adds up to: the figures of its X and Z reports, and what came to it when it was closed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Length

from core.amounts import ZERO, show_money
from sales.models import MOVES_NOTHING, EntryKind, PaymentMethod, SaleStatus, Shift

_TAXES = """
SELECT t.code, t.name, t.rate, sum(t.amount) FROM sales s
JOIN sale_lines l ON l.account_id = s.account_id AND l.sale_id = s.id
CROSS JOIN LATERAL jsonb_to_recordset(l.taxes) AS t(code text, name text, rate text, amount numeric)
WHERE s.account_id = %s AND s.shift_id = %s AND NOT s.is_late AND s.status <> 'VOIDED'
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_VOIDED = Q(status=SaleStatus.VOIDED)


def expected_cash(shift: Shift, *, until: datetime | None = None) -> Decimal:
    """What the drawer ought to hold, or to have held then: the float, the cash that was kept of payments, and what was
    moved by hand."""
    payments = shift.payments.filter(is_late=False, method=PaymentMethod.CASH)
    events = shift.cash_events.filter(is_late=False)
    if until:
        payments, events = payments.filter(paid_at__lte=until), events.filter(occurred_at__lte=until)
    taken = payments.aggregate(sum=Sum("amount"))["sum"]
    moved = events.aggregate(sum=Sum("amount"))["sum"]
    expected: Decimal = shift.opening_float + (taken or ZERO) + (moved or ZERO)
    return expected


def draw_up(shift: Shift, *, exponent: int) -> dict[str, Any]:
    """The figures of a shift, but for what was recorded when it was closed; amounts are texts in the currency."""
    figures = {
        "opened_at": shift.opened_at,
        "opened_by": shift.opened_by_id,
        "opening_float": shift.opening_float,
        **_sold(shift),
        "refunds": _refunded(shift),
        "taxes": _taxes(shift),
        "payments": _payments(shift),
        "cash_events": _cash_events(shift),
        "hand_overs": _hand_overs(shift),
        "cashiers": _cashiers(shift),
        "expected": expected_cash(shift),
    }
    shown: dict[str, Any] = as_text(figures, exponent)
    return shown


def as_text(value: Any, exponent: int) -> Any:
    """The same in words that JSON has: amounts with the digits of the currency, moments in UTC."""
    if isinstance(value, Mapping):
        return {name: as_text(each, exponent) for name, each in value.items()}
    if isinstance(value, list):
        return [as_text(each, exponent) for each in value]
    if isinstance(value, Decimal):
        return show_money(value, exponent)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value


def _sold(shift: Shift) -> dict[str, Any]:
    sales = shift.sales.filter(is_late=False)
    sums = sales.aggregate(
        count=Count("id", filter=~_VOIDED),
        voided=Count("id", filter=_VOIDED),
        voided_total=Sum("total", filter=_VOIDED, default=ZERO),
        change_given=Sum("change_due", default=ZERO),
        **{
            name: Sum(name, filter=~_VOIDED, default=ZERO)
            for name in ("subtotal", "discount_total", "tax_total", "total")
        },
    )
    numbers = sales.order_by(Length("receipt_number"), "receipt_number").values_list("receipt_number", flat=True)
    return {
        "sales": {name: sums[name] for name in ("count", "subtotal", "discount_total", "tax_total", "total")},
        "voids": {"count": sums["voided"], "total": sums["voided_total"]},
        "change_given": sums["change_given"],
        "first_receipt_number": numbers.first(),
        "last_receipt_number": numbers.last(),
    }


def _refunded(shift: Shift) -> dict[str, Any]:
    """What came back, but for the sales that were voided."""
    refunds = shift.refunds.filter(is_late=False).exclude(sale__status=SaleStatus.VOIDED)
    sums: dict[str, Any] = refunds.aggregate(
        count=Count("id"), total=Sum("total", default=ZERO), tax_total=Sum("tax_total", default=ZERO)
    )
    return sums


def _taxes(shift: Shift) -> list[dict[str, Any]]:
    """Each levy over the lines of the sales."""
    with connection.cursor() as cursor:
        cursor.execute(_TAXES, [shift.account_id, shift.pk])
        return [dict(zip(("code", "name", "rate", "amount"), row, strict=True)) for row in cursor]


def _payments(shift: Shift) -> list[dict[str, Any]]:
    """What came in and went out by each tender."""
    coming, going = Q(amount__gt=0), Q(amount__lt=0)
    sums = (
        shift.payments.filter(is_late=False)
        .exclude(method__in=MOVES_NOTHING)
        .values("method")
        .annotate(
            paid_in=Sum("amount", filter=coming, default=ZERO),
            paid_out=-Sum("amount", filter=going, default=ZERO),
            total=Sum("amount"),
        )
    )
    return list(sums.order_by("method"))


def _cash_events(shift: Shift) -> list[dict[str, Any]]:
    sums = shift.cash_events.filter(is_late=False).values("kind").annotate(count=Count("id"), amount=Sum("amount"))
    return [{**row, "amount": abs(row["amount"])} for row in sums.order_by("kind")]


def _hand_overs(shift: Shift) -> list[dict[str, Any]]:
    rows = shift.hand_overs.order_by("occurred_at", "id").annotate(difference=F("counted") - F("expected"))
    return list(rows.values("given_by", "taken_by", "occurred_at", "counted", "expected", "difference"))


def _cashiers(shift: Shift) -> list[UUID]:
    """Everybody who sold, took back, moved cash or took the drawer over; not by name, for people are forgotten."""
    sold = _people(shift.sales.filter(is_late=False), "sold_by")
    others = (
        _people(shift.refunds.filter(is_late=False), "refunded_by"),
        _people(shift.cash_events.filter(is_late=False), "by"),
        _people(shift.hand_overs.all(), "taken_by"),
    )
    return sorted({shift.opened_by_id, *sold.union(*others)})


def _people(rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    return rows.order_by().values_list(column, flat=True)


def find_addenda(shift: Shift, *, exponent: int) -> list[dict[str, Any]]:
    """What was recorded for a shift when it was closed, with the cash that it moved, in the order in which it came."""
    late = Q(is_late=True)
    names = ("id", "recorded_at", "total", "tax_total")
    sales = shift.sales.filter(late).values(*names, "receipt_number", by=F("sold_by"), occurred_at=F("sold_at"))
    refunds = shift.refunds.filter(late).values(
        *names, receipt_number=F("sale__receipt_number"), by=F("refunded_by"), occurred_at=F("refunded_at")
    )
    moved = shift.cash_events.filter(late).values("id", "recorded_at", "by", "occurred_at", cash=F("amount"))
    cash, nothing = _late_cash(shift), {"receipt_number": None, "total": None, "tax_total": None}
    found: list[dict[str, Any]] = [
        *({"kind": "SALE", **row, "cash": cash.get(row["id"], ZERO)} for row in sales),
        *({"kind": "REFUND", **row, "cash": cash.get(row["id"], ZERO)} for row in refunds),
        *({"kind": "CASH_EVENT", **nothing, **row} for row in moved),
        *({"kind": "CUSTOMER_PAYMENT", **nothing, **row} for row in _late_bookings(shift)),
    ]
    return [as_text(row, exponent) for row in sorted(found, key=lambda row: (row["recorded_at"], row["id"]))]


def _late_bookings(shift: Shift) -> list[dict[str, Any]]:
    """What customers paid on their accounts: one payment each, which the lines of their ledger name as their source."""
    paid = shift.payments.filter(is_late=True, sale__isnull=True)
    cash = dict(paid.filter(method=PaymentMethod.CASH).values_list("pk", "amount"))
    entries = shift.account.customer_entries.filter(source="payment", source_id__in=paid.values("pk"))
    rows = entries.order_by("source_id", "sequence").distinct("source_id")
    return [
        {"id": payment_id, "recorded_at": recorded_at, "by": by, "occurred_at": at, "cash": cash.get(payment_id, ZERO)}
        for payment_id, recorded_at, by, at in rows.values_list("source_id", "recorded_at", "by", "occurred_at")
    ]


def _late_cash(shift: Shift) -> dict[UUID, Decimal]:
    """The cash of each late sale, with the change that was kept of it, and of each late refund."""
    late = shift.payments.filter(is_late=True, method=PaymentMethod.CASH, sale__isnull=False)
    sums = late.values("sale", "refund").annotate(sum=Sum("amount")).order_by()
    cash = {row["refund"] or row["sale"]: row["sum"] for row in sums}
    sales = shift.sales.filter(is_late=True).values("pk")
    kept = shift.account.customer_entries.filter(kind=EntryKind.CHANGE_KEPT, source_id__in=sales)
    for sale_id, amount in kept.values_list("source_id", "amount"):
        cash[sale_id] = cash.get(sale_id, ZERO) + amount
    return cash
