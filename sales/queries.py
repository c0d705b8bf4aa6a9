"""Reads that span the till's models."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from accounts.models import Account, Membership
from core.amounts import ZERO
from sales.models import Sale


def sum_taxes(sale: Sale) -> list[dict[str, str]]:
    """Each levy of a sale over all its lines."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    for line in sale.lines.all():
        for tax in line.taxes:
            key = tax["code"], tax["name"], tax["rate"]
            sums[key] = sums.get(key, ZERO) + Decimal(tax["amount"])
    return [
        {"code": code, "name": name, "rate": rate, "amount": f"{amount:f}"}
        for (code, name, rate), amount in sums.items()
    ]


def summarise_days(by: Membership, *, first: date, last: date) -> list[dict[str, Any]]:
    """What was sold and refunded on each business day of the account's calendar, where the member works."""
    account = by.account
    sold = _by_day(account, account.sales.open_to(by), "sold_at", first, last)
    back = _by_day(account, account.refunds.open_to(by), "refunded_at", first, last)
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
    start = account.midnight(first)
    end = account.midnight(last + timedelta(days=1))
    counted = (
        rows.filter(**{f"{moment}__gte": start, f"{moment}__lt": end})
        .annotate(day=TruncDate(moment, tzinfo=account.zone))
        .order_by()
        .values("day")
        .annotate(count=Count("id"), sum=Sum("total"), tax=Sum("tax_total"))
    )
    return {row["day"]: {"count": row["count"], "total": row["sum"], "tax_total": row["tax"]} for row in counted}
