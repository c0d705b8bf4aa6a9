"""The same number is the same in every report, and is what the rows say one by one."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from uuid_utils.compat import uuid7

from core.amounts import ZERO, smallest_unit
from sales.shift_report import find_addenda
from tests.conftest import Shop
from tests.reports import month, plain
from tests.reports.asking import NAMES, ask
from tests.reports.month import Month
from tests.reports.plain import Ask, Rows

pytestmark = pytest.mark.django_db

KEYS = {
    "sales-by-day": ("day",),
    "sales-by-hour": ("hour",),
    "sales-by-storefront": ("storefront",),
    "sales-by-cashier": ("cashier",),
    "sales-by-product": ("sku",),
    "sales-by-category": ("category",),
    "sales-by-tender": ("method",),
    "margin": ("sku",),
    "tax": ("levy",),
    "stock-value": ("location",),
    "stock-movements": ("kind",),
    "shrinkage": ("sku", "kind"),
    "fast-stock": ("sku",),
    "dead-stock": ("sku",),
    "cash": ("register", "opened_at"),
    "customers": ("name",),
    "receivables": ("name",),
}
TENDERS = {*plain.MONEY, "CUSTOMER_CREDIT", "WALLET", "GIFT_CARD"}
PAPERS = ("sales-by-day", "sales-by-hour", "sales-by-storefront", "sales-by-cashier")
SALES = (*PAPERS, "sales-by-product", "sales-by-category")


def told(shop: Shop, asked: Ask) -> dict[str, dict[str, Any]]:
    place = {"location": str(asked.location)} if asked.location else {}
    asking = {name: {} if name == "receivables" else place for name in NAMES}
    return {name: ask(shop, name, asked.first, asked.last, **where) for name, where in asking.items()}


def differences(shop: Shop, answers: dict[str, Any], rows: Rows) -> Iterator[Any]:
    """Where a report says other than its rows reckoned one by one."""
    exponent = shop.account.currency_exponent
    for name, key in KEYS.items():
        shown = {key_of(row, key): row for row in answers[name]["rows"]}
        kinds = {column["name"]: column["kind"] for column in answers[name]["columns"] if column["name"] not in key}
        if set(shown) != set(rows[name]) or len(shown) != answers[name]["row_count"]:
            yield name, set(shown) ^ set(rows[name])
        for which in set(shown) & set(rows[name]):
            for column, kind in kinds.items():
                wanted = plain.wanted(kind, rows[name][which][column], exponent)  # which every column that is shown has
                if shown[which][column] != wanted:
                    yield name, which, column, shown[which][column], wanted
        for column, total in answers[name]["totals"].items():
            exact = sum((row[column] or ZERO for row in rows[name].values()), ZERO)
            if total != plain.wanted(kinds[column], exact, exponent):
                yield name, "total", column, total, exact


def key_of(row: dict[str, Any], key: tuple[str, ...]) -> Any:
    found = tuple(row[name] for name in key)
    return found if len(key) > 1 else found[0]


def disagreements(month: Month, answers: dict[str, Any]) -> Iterator[Any]:
    """Where two reports of the whole month mean the same, and do not say the same."""
    tolerance = 2 * smallest_unit(month.account.currency_exponent)

    def near(shown: Decimal, other: Decimal) -> Decimal:
        """The other, unless it differs by no more than the rounding of what it was added up from."""
        return shown if abs(shown - other) <= tolerance else other

    total = {name: answer["totals"] for name, answer in answers.items()}
    day = total["sales-by-day"]
    moved = {row["kind"]: row["value"] for row in answers["stock-movements"]["rows"]}
    tenders = {row["method"]: row for row in answers["sales-by-tender"]["rows"]}
    cash, margin = total["cash"], total["margin"]
    with month.here.inside():
        account = month.account
        debt = plain.totals(account.customers.values("debt"), "debt")
        lifetime = _net_of_customers(account)
        beside = plain.totals(account.payments.filter(sale=None, refund=None).values("amount"), "amount")
        promised = sum((row["total"] for name, row in tenders.items() if name not in plain.MONEY), ZERO)
        z_cash = sum((_cash_of(shift.z_report) for shift in account.shifts.all()), ZERO)
        addenda = [each for shift in account.shifts.all() for each in find_addenda(shift, exponent=2)]
    in_drawers = cash["cash_in"] - cash["cash_out"] + cash["late"]
    gone = -moved["SOLD"] - moved["RETURNED"]
    same = {
        **{f"net of {name}": (total[name]["net_total"], day["net_total"]) for name in SALES},
        **{f"sales of {name}": (total[name]["sale_total"], day["sale_total"]) for name in SALES},
        **{f"refunds of {name}": (total[name]["refund_total"], day["refund_total"]) for name in SALES},
        **{f"discounts of {name}": (total[name]["discount_total"], day["discount_total"]) for name in SALES},
        **{f"papers of {name}": (total[name]["sale_count"], day["sale_count"]) for name in PAPERS},
        "taxes": (total["tax"]["tax"], day["tax_total"]),
        "revenue": (margin["revenue"], day["net_total"] - day["tax_total"]),
        "cost of goods": (near(margin["cost"], gone), margin["cost"]),
        "margin": (near(margin["margin"], margin["revenue"] - margin["cost"]), margin["margin"]),
        "money": (total["sales-by-tender"]["money"], day["net_total"] + beside - promised),
        "cash in drawers": (in_drawers, tenders["CASH"]["money"]),
        "cash of the Z reports": (z_cash + cash["late"], tenders["CASH"]["money"]),
        "cash of the addenda": (sum(Decimal(each["cash"]) for each in addenda), cash["late"] + cash["late_moved"]),
        "debts": (total["receivables"]["total"], debt),
        "lifetimes": (total["customers"]["lifetime_value"], lifetime),
        "stock": (total["stock-movements"]["value"], total["stock-value"]["value"]),
        "shrinkage": (
            near(
                total["shrinkage"]["lost_value"],
                -sum(v for k, v in moved.items() if k not in plain.GOODS_CAME_AND_WENT),
            ),
            total["shrinkage"]["lost_value"],
        ),
    }
    yield from ((name, *pair) for name, pair in same.items() if pair[0] != pair[1])


def _cash_of(z_report: dict[str, Any]) -> Decimal:
    [cash] = [row for row in z_report["payments"] if row["method"] == "CASH"]
    return Decimal(cash["paid_in"]) - Decimal(cash["paid_out"])


def _net_of_customers(account: Any) -> Decimal:
    sold = account.sales.exclude(customer=None).exclude(status="VOIDED")
    back = account.refunds.exclude(sale__customer=None).exclude(kind="VOID")
    return sum((sale.total for sale in sold), ZERO) - sum((refund.total for refund in back), ZERO)


def whole(lived: Month) -> Ask:
    today = timezone.localdate(timezone=lived.account.zone)
    return Ask(today - timedelta(days=month.DAYS + 2), today)


@pytest.fixture
def accra() -> Month:
    return month.live(time_zone="Asia/Kolkata", currency="GHS", country="GH", deeds=130)


def test_a_month_is_told_alike_by_every_report_and_as_it_is_reckoned_row_by_row(accra):
    """Far from Greenwich, so that a day of the shop is none of UTC's."""
    assert set(accra.done) == set(month.DEEDS)
    asked = whole(accra)
    answers = told(accra.here, asked)
    assert len(answers["sales-by-day"]["rows"]) > 15
    assert {row["method"] for row in answers["sales-by-tender"]["rows"]} == TENDERS
    assert all(answers["cash"]["totals"].values())
    assert list(disagreements(accra, answers)) == []
    middle = asked.first + timedelta(days=12)
    segments, dead = set(), 0
    for part in (
        asked,
        Ask(middle, middle + timedelta(days=6)),
        *(Ask(day, day) for day in midnights(asked)),
        Ask(asked.first, asked.last, accra.there.storefront.pk),
    ):
        answers = told(accra.here, part)
        assert list(differences(accra.here, answers, plain.reckon(accra.here, part))) == []
        segments |= {row["segment"] for row in answers["customers"]["rows"]}
        dead += len(answers["dead-stock"]["rows"])
    assert segments == {"NEW", "RETURNING", "LAPSED"}
    assert dead


def midnights(asked: Ask) -> list[date]:
    """The days before and after a midnight that the shop was busy at."""
    return [asked.last - timedelta(days=month.DAYS - days) for days in (2, 3)]


def test_without_decimals_a_month_is_told_alike_too():
    lived = month.live(time_zone="Africa/Porto-Novo", currency="XOF", country="BJ", deeds=60, seed=3)
    asked = whole(lived)
    answers = told(lived.here, asked)
    assert list(disagreements(lived, answers)) == []
    assert list(differences(lived.here, answers, plain.reckon(lived.here, asked))) == []
    assert not [
        value
        for answer in answers.values()
        for column in answer["columns"]
        for row in answer["rows"]
        if column["kind"] == "money" and (value := row[column["name"]]) is not None and value != int(value)
    ]


WRONG = {  # what is changed in one row, and what tells of it
    "sale_lines": ({"total": 1}, {"net of sales-by-product", "sales of sales-by-category", "revenue"}),
    "sales": ({"total": 1, "paid": 1}, {"net of sales-by-product", "sales of sales-by-category", "money"}),
    "refunds": ({"total": 1}, {"refunds of sales-by-product", "refunds of sales-by-category", "money"}),
    "refund_lines": ({"tax_amount": 1}, {"revenue"}),
    "payments": ({}, {"money", "cash of the Z reports"}),  # which are never changed: there is one too many
    "customers": ({"debt": 1}, {"debts"}),
    "stock_products": ({"quantity": 1}, {"stock"}),
}


def test_one_row_that_is_wrong_is_noticed():
    """The control of the two above."""
    lived = month.live(time_zone="Asia/Kolkata", currency="GHS", country="GH", deeds=60, seed=5)
    asked = whole(lived)
    account = lived.account
    assert list(disagreements(lived, told(lived.here, asked))) == []
    for name, (changes, telling) in WRONG.items():
        with transaction.atomic():
            with lived.here.inside():
                _falsify(account, name, changes)
            found = {each[0] for each in disagreements(lived, told(lived.here, asked))}
            assert found >= telling, name
            transaction.set_rollback(True)


def _falsify(account: Any, name: str, changes: dict[str, int]) -> None:
    rows = getattr(account, name).order_by("id")
    row = rows.filter(**COUNTS.get(name, {})).first()
    if changes:
        assert rows.filter(pk=row.pk).update(**{column: F(column) + by for column, by in changes.items()}) == 1
    else:
        row.pk = uuid7()
        row.save(force_insert=True)


COUNTS = {  # which rows are in the reports
    "sales": {"status": "COMPLETED"},
    "sale_lines": {"sale__status": "COMPLETED"},
    "refunds": {"kind": "REFUND"},
    "refund_lines": {"refund__kind": "REFUND"},
    "payments": {"method": "CASH"},
}
