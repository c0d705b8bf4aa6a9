"""Reads that span the till's models."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from accounts.models import Account, Membership
from core.amounts import ZERO
from sales.models import Refund, RefundKind, Sale, SaleStatus


def sum_taxes(document: Sale | Refund) -> list[dict[str, str]]:
    """Each levy of a sale, or of a refund, over all its lines."""
    sums: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
    for line in document.lines.all():
        for tax in line.taxes:
            key = tax["code"], tax["name"], tax["rate"]
            base, amount = sums.get(key, (ZERO, ZERO))
            sums[key] = base + Decimal(tax["base"]), amount + Decimal(tax["amount"])
    return [
        {"code": code, "name": name, "rate": rate, "base": f"{base:f}", "amount": f"{amount:f}"}
        for (code, name, rate), (base, amount) in sums.items()
    ]


def summarise_days(by: Membership, *, first: date, last: date) -> list[dict[str, Any]]:
    """What was sold and refunded on each business day of the account's calendar, where the member works; what was
    voided was neither."""
    account = by.account
    sales = account.sales.open_to(by).exclude(status=SaleStatus.VOIDED)
    refunds = account.refunds.open_to(by).exclude(kind=RefundKind.VOID)
    sold = _by_day(account, sales, "sold_at", first, last)
    back = _by_day(account, refunds, "refunded_at", first, last)
    nothing = {"count": 0, "total": ZERO, "tax_total": ZERO}
    return [
        {
            "day": day,
            "sale_count": sold.get(day, nothing)["count"],
            "sale_total": sold.get(day, nothing)["total"],
            "refund_count": back.get(day, nothing)["count"],
            "refund_total": back.get(day, nothing)["total"],
            "tax_total": sold.get(day, nothing)["tax_total"] - back.get(day, nothing)["tax_total"],
        }
        for day in sorted({*sold, *back})
    ]


def _by_day(account: Account, rows: Any, moment: str, first: date, last: date) -> dict[date, dict[str, Any]]:
    start = datetime.combine(first, time.min, account.zone)
    end = datetime.combine(last + timedelta(days=1), time.min, account.zone)
    counted = (
        rows.filter(**{f"{moment}__gte": start, f"{moment}__lt": end})
        .annotate(day=TruncDate(moment, tzinfo=account.zone))
        .order_by()
        .values("day")
        .annotate(count=Count("id"), sum=Sum("total"), tax=Sum("tax_total"))
    )
    return {row["day"]: {"count": row["count"], "total": row["sum"], "tax_total": row["tax"]} for row in counted}
