"""What was in drawers, shift by shift, and what ought to have been."""

from typing import Any

from accounts.models import Membership
from accounts.roles import Capability
from reports.report import Column, Kind, Report, money, texts
from sales import summaries
from sales.summaries import Row, Span
from system.modules import Module

# What came to a shift when it was closed is told apart, as it is in its Z report: `late` by customers, `late_moved` by
# hand. It is in the drawer of another day, or was in the count already.
_CASH = """
SELECT r.code AS register, h.opened_at, h.closed_at, h.z_number, h.opening_float,
  coalesce(p.cash_in, 0) AS cash_in, coalesce(p.cash_out, 0) AS cash_out,
  coalesce(e.paid_in, 0) AS paid_in, coalesce(e.paid_out, 0) AS paid_out, coalesce(e.dropped, 0) AS dropped,
  h.opening_float + coalesce(p.cash_in, 0) - coalesce(p.cash_out, 0)
    + coalesce(e.paid_in, 0) - coalesce(e.paid_out, 0) - coalesce(e.dropped, 0) AS expected,
  h.counted, coalesce(p.late, 0) AS late, coalesce(e.late, 0) AS late_moved
FROM shifts h JOIN registers r ON r.account_id = h.account_id AND r.id = h.register_id
LEFT JOIN LATERAL (
  SELECT sum(amount) FILTER (WHERE amount > 0 AND NOT is_late) AS cash_in,
    -sum(amount) FILTER (WHERE amount < 0 AND NOT is_late) AS cash_out, sum(amount) FILTER (WHERE is_late) AS late
  FROM payments WHERE account_id = h.account_id AND shift_id = h.id AND method = 'CASH'
) p ON true
LEFT JOIN LATERAL (
  SELECT sum(amount) FILTER (WHERE kind = 'PAID_IN' AND NOT is_late) AS paid_in,
    -sum(amount) FILTER (WHERE kind = 'PAID_OUT' AND NOT is_late) AS paid_out,
    -sum(amount) FILTER (WHERE kind = 'DROP' AND NOT is_late) AS dropped, sum(amount) FILTER (WHERE is_late) AS late
  FROM cash_events WHERE account_id = h.account_id AND shift_id = h.id
) e ON true
WHERE h.account_id = %(account)s AND h.opened_at >= %(start)s AND h.opened_at < %(end)s
  AND (%(places)s::uuid[] IS NULL OR r.storefront_id = ANY(%(places)s::uuid[]))
ORDER BY h.opened_at, h.id
"""


def _cash(by: Membership, span: Span) -> list[Row]:
    rows = summaries.ask(_CASH, span.as_params(by))
    return [{**row, "difference": _less(row["counted"], row["expected"])} for row in rows]


def _less(counted: Any, expected: Any) -> Any:
    return None if counted is None else counted - expected


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
            *money("difference", "late", "late_moved"),
        ],
        _cash,
        Module.SALES,
        chart=("opened_at", "expected"),
        right=Capability.SHIFT_REVIEW,
    ),
)
