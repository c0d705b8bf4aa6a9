"""What was sold, paid and given back in some days of the account's calendar, where the member works: by tender, by
cashier, by product."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from accounts.models import Membership
from core.amounts import ZERO
from sales.models import MONEY, MOVES_NOTHING, RefundKind, SaleStatus

Row = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """The days from the first to the last, both included; at one place, if one is named."""

    first: date
    last: date
    location: UUID | None = None

    def of(self, by: Membership, rows: Any, moment: str) -> QuerySet[Any]:
        """Those of the rows whose moment lies in these days."""
        start, end = self.moments(by)
        within: QuerySet[Any] = rows.open_to(by).filter(**{f"{moment}__gte": start, f"{moment}__lt": end})
        return within.filter(**{rows.model.place: self.location}) if self.location else within

    def moments(self, by: Membership) -> tuple[datetime, datetime]:
        """When the first day begins, and when the last has ended."""
        return by.account.midnight(self.first), by.account.midnight(self.last + timedelta(days=1))

    def as_params(self, by: Membership) -> dict[str, Any]:
        """The same for a statement: `account`, `start`, `end`, and `places`, which is NULL for all of them."""
        start, end = self.moments(by)
        places = set(by.location_ids) if by.is_limited else None
        if self.location:
            places = {self.location} if places is None else places & {self.location}
        listed = None if places is None else list(places)
        return {"account": by.account_id, "start": start, "end": end, "places": listed}


IN_SPAN = "(%(places)s::uuid[] IS NULL OR s.storefront_id = ANY(%(places)s::uuid[]))"
_PAPERS = f"""
WITH papers AS (
  SELECT s.sold_at AS at, s.storefront_id, 1 AS sale_count, s.total AS sale_total, s.discount_total,
    0 AS refund_count, 0 AS refund_total, s.tax_total
  FROM sales s WHERE s.account_id = %(account)s AND s.status <> 'VOIDED'
    AND s.sold_at >= %(start)s AND s.sold_at < %(end)s AND {IN_SPAN}
  UNION ALL
  SELECT r.refunded_at, s.storefront_id, 0, 0, 0, 1, r.total, -r.tax_total
  FROM refunds r JOIN sales s ON s.account_id = r.account_id AND s.id = r.sale_id
  WHERE r.account_id = %(account)s AND r.kind <> 'VOID'
    AND r.refunded_at >= %(start)s AND r.refunded_at < %(end)s AND {IN_SPAN}
), sums AS (
  SELECT {{key}} AS key, sum(sale_count) AS sale_count, sum(sale_total) AS sale_total,
    sum(discount_total) AS discount_total, sum(refund_count) AS refund_count, sum(refund_total) AS refund_total,
    sum(sale_total) - sum(refund_total) AS net_total, sum(tax_total) AS tax_total
  FROM papers GROUP BY 1
)
"""
_DAYS = _PAPERS.format(key="(at AT TIME ZONE %(zone)s)::date") + "SELECT key AS day, sums.* FROM sums ORDER BY 1"
_HOURS = (
    _PAPERS.format(key="extract(hour FROM at AT TIME ZONE %(zone)s)::int")
    + "SELECT key AS hour, sums.* FROM sums ORDER BY 1"
)
_STOREFRONTS = (
    _PAPERS.format(key="storefront_id")
    + "SELECT l.name AS storefront, sums.* FROM sums JOIN locations l ON l.account_id = %(account)s AND l.id = key"
    " ORDER BY l.name, l.id"
)


def summarise_days(by: Membership, span: Span) -> list[Row]:
    """What was sold and refunded on each business day of the account's calendar; what was voided was neither."""
    return ask(_DAYS, {**span.as_params(by), "zone": by.account.time_zone})


def summarise_hours(by: Membership, span: Span) -> list[Row]:
    """The same by the hour of the day, by the account's clocks."""
    return ask(_HOURS, {**span.as_params(by), "zone": by.account.time_zone})


def summarise_storefronts(by: Membership, span: Span) -> list[Row]:
    """The same by the place of the sale."""
    return ask(_STOREFRONTS, span.as_params(by))


def summarise_tenders(by: Membership, span: Span) -> list[Row]:
    """What was settled by each tender, what went back, what is left, and what of that is money: not what is owed now,
    which is counted when it is paid, nor what was kept for customers, which was counted when it came. What was paid
    before, with deposits or with goods that came back, is in no row."""
    rows = (
        span.of(by, by.account.payments, "paid_at")
        .exclude(method__in=MOVES_NOTHING)
        .order_by("method")
        .values("method")
        .annotate(
            count=Count("id"),
            received=Sum("amount", filter=Q(amount__gt=0), default=ZERO),
            returned=-Sum("amount", filter=Q(amount__lt=0), default=ZERO),
            total=Sum("amount", default=ZERO),
            money=Sum("amount", filter=Q(method__in=MONEY), default=ZERO),
        )
    )
    return list(rows)


def summarise_cashiers(by: Membership, span: Span) -> list[Row]:
    """What each member sold, gave as discount, and gave back; what was voided was neither."""
    sales = by.account.sales.exclude(status=SaleStatus.VOIDED)
    refunds = by.account.refunds.exclude(kind=RefundKind.VOID)
    sold = span.of(by, sales, "sold_at").values("sold_by_id", "sold_by__name")
    back = span.of(by, refunds, "refunded_at").values("refunded_by_id", "refunded_by__name")
    found: dict[Any, Row] = defaultdict(lambda: dict.fromkeys(_CASHIER, ZERO))
    for row in sold.annotate(sale_count=Count("id"), sale_total=Sum("total"), discount_total=Sum("discount_total")):
        found[row.pop("sold_by_id"), row.pop("sold_by__name")] |= row
    for row in back.annotate(refund_count=Count("id"), refund_total=Sum("total")):
        found[row.pop("refunded_by_id"), row.pop("refunded_by__name")] |= row
    named: Iterable[Row] = ({"member": pk, "name": name, **row} for (pk, name), row in found.items())
    return sorted(named, key=lambda row: (-row["sale_total"], row["name"], row["member"]))


_CASHIER = ("sale_count", "sale_total", "discount_total", "refund_count", "refund_total")

_PRODUCTS = f"""
WITH moved AS (
  SELECT l.product_id, sum(l.quantity * l.factor) AS sold, sum(l.total) AS sale_total, sum(l.discount) AS discount,
    0 AS returned, 0 AS refund_total, sum(l.tax_amount) AS tax, sum(l.cost) AS cost
  FROM sale_lines l JOIN sales s ON s.account_id = l.account_id AND s.id = l.sale_id
  WHERE l.account_id = %(account)s AND s.status <> 'VOIDED' AND s.sold_at >= %(start)s AND s.sold_at < %(end)s
    AND {IN_SPAN}
  GROUP BY 1
  UNION ALL
  SELECT l.product_id, 0, 0, 0, b.quantity * l.factor, b.total, -b.tax_amount,
    -coalesce((SELECT sum(m.value) FROM stock_movements m WHERE m.account_id = b.account_id
               AND m.source_id = b.refund_id AND m.line_id = b.line_id AND m.kind = 'RETURNED'), 0)
  FROM refund_lines b JOIN refunds r ON r.account_id = b.account_id AND r.id = b.refund_id
    JOIN sale_lines l ON l.account_id = b.account_id AND l.id = b.line_id
    JOIN sales s ON s.account_id = r.account_id AND s.id = r.sale_id
  WHERE b.account_id = %(account)s AND r.kind <> 'VOID' AND r.refunded_at >= %(start)s AND r.refunded_at < %(end)s
    AND {IN_SPAN}
)
SELECT p.id AS product, p.name, p.sku, p.category_id AS category, m.* FROM (
  SELECT product_id, sum(sold) AS sold, sum(sale_total) AS sale_total, sum(discount) AS discount_total,
         sum(returned) AS returned, sum(refund_total) AS refund_total, sum(tax) AS tax_total, sum(cost) AS cost
  FROM moved GROUP BY product_id
) m JOIN products p ON p.account_id = %(account)s AND p.id = m.product_id
ORDER BY m.sale_total - m.refund_total DESC, p.id LIMIT %(most)s
"""


def summarise_products(by: Membership, span: Span, *, most: int | None = None) -> list[Row]:
    """Those that brought in most, or all, with what was sold of each, in base units, what came back, the tax in what is
    left, and its cost."""
    return ask(_PRODUCTS, {**span.as_params(by), "most": most})


def ask(statement: str, params: Mapping[str, Any]) -> list[Row]:
    """The rows that a statement finds, by the names of its columns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, dict(params))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
