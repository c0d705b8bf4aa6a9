"""What was sold, paid and given back in some days of the account's calendar, where the member works: by tender, by
cashier, by product."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from accounts.models import Membership
from core.amounts import ZERO
from sales.models import MOVES_NOTHING, RefundKind, SaleStatus

Row = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """The days from the first to the last, both included."""

    first: date
    last: date

    def of(self, by: Membership, rows: Any, moment: str) -> QuerySet[Any]:
        """Those of the rows whose moment lies in these days."""
        start, end = by.account.midnight(self.first), by.account.midnight(self.last + timedelta(days=1))
        within: QuerySet[Any] = rows.open_to(by).filter(**{f"{moment}__gte": start, f"{moment}__lt": end})
        return within


def summarise_tenders(by: Membership, span: Span) -> list[Row]:
    """What came in by each tender, what went back, and what is left. What was paid before, with deposits or with goods
    that came back, moves no money."""
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

_PRODUCTS = """
WITH moved AS (
  SELECT l.product_id, l.quantity * l.factor AS sold, l.total AS sale_total, l.discount,
    0 AS returned, 0 AS refund_total
  FROM sale_lines l JOIN sales s ON s.account_id = l.account_id AND s.id = l.sale_id
  WHERE l.account_id = %(account)s AND s.status <> 'VOIDED' AND s.sold_at >= %(start)s AND s.sold_at < %(end)s
    AND (%(everywhere)s OR s.storefront_id = ANY(%(places)s::uuid[]))
  UNION ALL
  SELECT l.product_id, 0, 0, 0, b.quantity * l.factor, b.total
  FROM refund_lines b JOIN refunds r ON r.account_id = b.account_id AND r.id = b.refund_id
    JOIN sale_lines l ON l.account_id = b.account_id AND l.id = b.line_id
    JOIN sales s ON s.account_id = r.account_id AND s.id = r.sale_id
  WHERE b.account_id = %(account)s AND r.kind <> 'VOID' AND r.refunded_at >= %(start)s AND r.refunded_at < %(end)s
    AND (%(everywhere)s OR s.storefront_id = ANY(%(places)s::uuid[]))
)
SELECT p.id AS product, p.name, p.sku, m.* FROM (
  SELECT product_id, sum(sold) AS sold, sum(sale_total) AS sale_total, sum(discount) AS discount_total,
         sum(returned) AS returned, sum(refund_total) AS refund_total
  FROM moved GROUP BY product_id
) m JOIN products p ON p.account_id = %(account)s AND p.id = m.product_id
ORDER BY m.sale_total - m.refund_total DESC, p.id LIMIT %(most)s
"""


def summarise_products(by: Membership, span: Span, *, most: int) -> list[Row]:
    """Those that brought in most, with what was sold of each, in base units, and what came back."""
    wanted: dict[str, Any] = {
        "account": by.account_id,
        "start": by.account.midnight(span.first),
        "end": by.account.midnight(span.last + timedelta(days=1)),
        "everywhere": not by.is_limited,
        "places": list(by.location_ids),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PRODUCTS, wanted)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
