"""The tax report: what was levied, and given back, from one day to another, summed from the lines themselves; what
was voided is neither."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from accounts.models import Membership
from core.amounts import ZERO
from sales.summaries import Span

_LINES = """
WITH lines AS (
  SELECT true AS is_sold, l.taxes, l.total, l.tax_amount AS tax FROM sales s
  JOIN sale_lines l ON l.account_id = s.account_id AND l.sale_id = s.id
  WHERE s.account_id = %(account)s AND s.status <> 'VOIDED' AND s.sold_at >= %(start)s AND s.sold_at < %(end)s
    AND (%(places)s::uuid[] IS NULL OR s.storefront_id = ANY(%(places)s::uuid[]))
  UNION ALL
  SELECT false, l.taxes, l.total, l.tax_amount FROM refunds r
  JOIN sales s ON s.account_id = r.account_id AND s.id = r.sale_id
  JOIN refund_lines l ON l.account_id = r.account_id AND l.refund_id = r.id
  WHERE r.account_id = %(account)s AND r.kind <> 'VOID' AND r.refunded_at >= %(start)s AND r.refunded_at < %(end)s
    AND (%(places)s::uuid[] IS NULL OR s.storefront_id = ANY(%(places)s::uuid[]))
)
"""
# Lines that bear the same are counted before they are taken apart: a shop sells the same at the same price all day.
_LEVIES = f"""{_LINES}
, alike AS (SELECT is_sold, taxes, count(*) AS times FROM lines GROUP BY 1, 2)
SELECT code, max(name), rate,
       coalesce(sum(base * times) FILTER (WHERE is_sold), 0), coalesce(sum(amount * times) FILTER (WHERE is_sold), 0),
       coalesce(sum(base * times) FILTER (WHERE NOT is_sold), 0),
       coalesce(sum(amount * times) FILTER (WHERE NOT is_sold), 0)
FROM alike, jsonb_to_recordset(taxes) AS levy(code text, name text, rate numeric, base numeric, amount numeric)
GROUP BY code, rate ORDER BY code, rate
"""
_TURNOVER = f"""{_LINES}
SELECT jsonb_array_length(taxes) > 0,
       coalesce(sum(total - tax) FILTER (WHERE is_sold), 0), coalesce(sum(tax) FILTER (WHERE is_sold), 0),
       coalesce(sum(total - tax) FILTER (WHERE NOT is_sold), 0), coalesce(sum(tax) FILTER (WHERE NOT is_sold), 0)
FROM lines GROUP BY 1
"""


@dataclass(frozen=True)
class Levied:
    """Of sales and of refunds, what was taxed, without its tax, and the tax."""

    sale_base: Decimal = ZERO
    sale_tax: Decimal = ZERO
    refund_base: Decimal = ZERO
    refund_tax: Decimal = ZERO

    @property
    def base(self) -> Decimal:
        return self.sale_base - self.refund_base

    @property
    def tax(self) -> Decimal:
        return self.sale_tax - self.refund_tax


@dataclass(frozen=True)
class LevyTotal:
    """One levy at one rate; of a levy that is put on others, the base includes theirs."""

    code: str
    name: str
    rate: Decimal
    sums: Levied


@dataclass(frozen=True)
class TaxReport:
    """`taxable` and `exempt` together are the whole turnover; exempt is what bore no levy."""

    levies: list[LevyTotal]
    taxable: Levied
    exempt: Levied


def report_taxes(by: Membership, span: Span) -> TaxReport:
    """What was levied on these business days of the account's calendar, where the member works."""
    with connection.cursor() as cursor:
        cursor.execute(_TURNOVER, span.as_params(by))
        turnover = {is_taxed: Levied(*sums) for is_taxed, *sums in cursor}
    return TaxReport(sum_levies(by, span), turnover.get(True, Levied()), turnover.get(False, Levied()))


def sum_levies(by: Membership, span: Span) -> list[LevyTotal]:
    """The same by levy and rate alone."""
    with connection.cursor() as cursor:
        cursor.execute(_LEVIES, span.as_params(by))
        return [LevyTotal(code, name, rate, Levied(*sums)) for code, name, rate, *sums in cursor]
