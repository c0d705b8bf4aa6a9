"""The tax report: what was levied, and given back, from one day to another, summed from the lines themselves."""

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
  WHERE s.account_id = %(account)s AND s.sold_at >= %(start)s AND s.sold_at < %(end)s
    AND (%(places)s::uuid[] IS NULL OR s.storefront_id = ANY(%(places)s::uuid[]))
  UNION ALL
  SELECT false, l.taxes, l.total, l.tax_amount FROM refunds r
  JOIN sales s ON s.account_id = r.account_id AND s.id = r.sale_id
  JOIN refund_lines l ON l.account_id = r.account_id AND l.refund_id = r.id
  WHERE r.account_id = %(account)s AND r.refunded_at >= %(start)s AND r.refunded_at < %(end)s
    AND (%(places)s::uuid[] IS NULL OR s.storefront_id = ANY(%(places)s::uuid[]))
)
"""
_LEVIES = f"""{_LINES}
SELECT levy->>'code', max(levy->>'name'), (levy->>'rate')::numeric AS rate,
       coalesce(sum((levy->>'base')::numeric) FILTER (WHERE is_sold), 0),
       coalesce(sum((levy->>'amount')::numeric) FILTER (WHERE is_sold), 0),
       coalesce(sum((levy->>'base')::numeric) FILTER (WHERE NOT is_sold), 0),
       coalesce(sum((levy->>'amount')::numeric) FILTER (WHERE NOT is_sold), 0)
FROM lines, jsonb_array_elements(taxes) levy GROUP BY 1, rate ORDER BY 1, rate
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
    asked = span.as_params(by)
    with connection.cursor() as cursor:
        cursor.execute(_LEVIES, asked)
        levies = [LevyTotal(code, name, rate, Levied(*sums)) for code, name, rate, *sums in cursor]
        cursor.execute(_TURNOVER, asked)
        turnover = {is_taxed: Levied(*sums) for is_taxed, *sums in cursor}
    return TaxReport(levies, turnover.get(True, Levied()), turnover.get(False, Levied()))
