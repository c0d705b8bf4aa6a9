"""What was in drawers, who owes, and who buys."""

from typing import Any

from accounts.models import Membership
from accounts.roles import Capability
from reports.report import Column, Kind, Report, counts, money, texts
from sales import receivables, summaries
from sales.summaries import IN_SPAN, Row, Span

_CASH = """
SELECT r.code AS register, h.opened_at, h.closed_at, h.z_number, h.opening_float,
  coalesce(p.cash_in, 0) AS cash_in, coalesce(p.cash_out, 0) AS cash_out,
  coalesce(e.paid_in, 0) AS paid_in, coalesce(e.paid_out, 0) AS paid_out, coalesce(e.dropped, 0) AS dropped,
  h.opening_float + coalesce(p.cash_in, 0) - coalesce(p.cash_out, 0)
    + coalesce(e.paid_in, 0) - coalesce(e.paid_out, 0) - coalesce(e.dropped, 0) AS expected,
  h.counted, coalesce(p.late, 0) AS late
FROM shifts h JOIN registers r ON r.account_id = h.account_id AND r.id = h.register_id
LEFT JOIN LATERAL (
  SELECT sum(amount) FILTER (WHERE amount > 0 AND NOT is_late) AS cash_in,
    -sum(amount) FILTER (WHERE amount < 0 AND NOT is_late) AS cash_out, sum(amount) FILTER (WHERE is_late) AS late
  FROM payments WHERE account_id = h.account_id AND shift_id = h.id AND method = 'CASH'
) p ON true
LEFT JOIN LATERAL (
  SELECT sum(amount) FILTER (WHERE kind = 'PAID_IN') AS paid_in, -sum(amount) FILTER (WHERE kind = 'PAID_OUT')
    AS paid_out, -sum(amount) FILTER (WHERE kind = 'DROP') AS dropped
  FROM cash_events WHERE account_id = h.account_id AND shift_id = h.id AND NOT is_late
) e ON true
WHERE h.account_id = %(account)s AND h.opened_at >= %(start)s AND h.opened_at < %(end)s
  AND (%(places)s::uuid[] IS NULL OR r.storefront_id = ANY(%(places)s::uuid[]))
ORDER BY h.opened_at, h.id
"""
_CUSTOMERS = f"""
WITH bought AS (
  SELECT s.customer_id, count(*) AS sale_count, sum(s.total) AS total, min(s.sold_at) AS first, max(s.sold_at) AS last
  FROM sales s WHERE s.account_id = %(account)s AND s.customer_id IS NOT NULL AND s.status <> 'VOIDED'
    AND s.sold_at < %(end)s AND {IN_SPAN} GROUP BY 1
), back AS (
  SELECT s.customer_id, sum(r.total) AS total
  FROM refunds r JOIN sales s ON s.account_id = r.account_id AND s.id = r.sale_id
  WHERE r.account_id = %(account)s AND s.customer_id IS NOT NULL AND r.kind <> 'VOID'
    AND r.refunded_at < %(end)s AND {IN_SPAN} GROUP BY 1
)
SELECT c.name, CASE WHEN b.first >= %(start)s THEN 'NEW' WHEN b.last >= %(start)s THEN 'RETURNING' ELSE 'LAPSED' END
  AS segment, b.sale_count, b.total - coalesce(k.total, 0) AS lifetime_value,
  (b.total - coalesce(k.total, 0)) / b.sale_count AS average_sale,
  (b.first AT TIME ZONE %(zone)s)::date AS first_on, (b.last AT TIME ZONE %(zone)s)::date AS last_on
FROM bought b JOIN customers c ON c.account_id = %(account)s AND c.id = b.customer_id
LEFT JOIN back k ON k.customer_id = b.customer_id
ORDER BY lifetime_value DESC, c.name, c.id
"""


def _cash(by: Membership, span: Span) -> list[Row]:
    rows = summaries.ask(_CASH, span.as_params(by))
    return [{**row, "difference": _less(row["counted"], row["expected"])} for row in rows]


def _less(counted: Any, expected: Any) -> Any:
    return None if counted is None else counted - expected


def _receivables(by: Membership, span: Span) -> list[Row]:
    return list(receivables.age_debts(by.account, on=span.last))


def _customers(by: Membership, span: Span) -> list[Row]:
    return summaries.ask(_CUSTOMERS, {**span.as_params(by), "zone": by.account.time_zone})


REPORTS = (
    Report(
        "cash",
        "Cash by shift",
        [
            *texts("register"),
            Column("opened_at", Kind.MOMENT),
            Column("closed_at", Kind.MOMENT),
            Column("z_number", Kind.COUNT),
            Column("opening_float", Kind.MONEY),  # may be the same notes, day after day
            *money("cash_in", "cash_out", "paid_in", "paid_out", "dropped"),
            Column("expected", Kind.MONEY),
            Column("counted", Kind.MONEY),
            *money("difference", "late"),
        ],
        _cash,
        right=Capability.SHIFT_REVIEW,
    ),
    Report(
        "receivables",
        "What customers owe at the end of the last day",
        [*texts("name"), *money(*receivables.BUCKETS, "total")],
        _receivables,
        chart=("name", "total"),
        right=Capability.DEBT_READ,
        has_places=False,
    ),
    Report(
        "customers",
        "Customers: who is new, who returned, who stayed away, and what they have brought in so far",
        [
            *texts("name", "segment"),
            *counts("sale_count"),
            *money("lifetime_value"),
            Column("average_sale", Kind.MONEY),
            Column("first_on", Kind.DAY),
            Column("last_on", Kind.DAY),
        ],
        _customers,
        chart=("name", "lifetime_value"),
        right=Capability.CUSTOMER_READ,
    ),
)
