"""Who owes, and who buys."""

from accounts.models import Membership
from accounts.roles import Capability
from reports.report import Column, Kind, Report, counts, money, texts
from sales import receivables, summaries
from sales.summaries import IN_SPAN, Row, Span
from system.modules import Module

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


def _receivables(by: Membership, span: Span) -> list[Row]:
    return list(receivables.age_debts(by.account, on=span.last))


def _customers(by: Membership, span: Span) -> list[Row]:
    return summaries.ask(_CUSTOMERS, {**span.as_params(by), "zone": by.account.time_zone})


REPORTS = (
    Report(
        "receivables",
        "What customers owe at the end of the last day",
        [*texts("name"), *money(*receivables.BUCKETS, "total")],
        _receivables,
        Module.CUSTOMERS,
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
        Module.CUSTOMERS,
        chart=("name", "lifetime_value"),
        right=Capability.CUSTOMER_READ,
    ),
)
