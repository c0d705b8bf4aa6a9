"""What was sold and what came back. A sale counts on the day of the shop's clock on which it was sold, a refund on the
day on which it was given; what was voided is neither. An exchange is both."""

from collections import defaultdict
from typing import Any

from accounts.models import Membership
from core.amounts import ZERO
from reports.report import Column, Kind, Report, counts, money, quantities, texts
from sales import summaries, taxes
from sales.summaries import Row, Span
from system.modules import Module

PAPERS = [
    *counts("sale_count"),
    *money("sale_total", "discount_total"),
    *counts("refund_count"),
    *money("refund_total", "net_total"),
]
GOODS = [*quantities("sold", "returned"), *money("sale_total", "discount_total", "refund_total", "net_total")]


def _by_cashier(by: Membership, span: Span) -> list[Row]:
    rows = summaries.summarise_cashiers(by, span)
    return [{**row, "cashier": row["name"], "net_total": row["sale_total"] - row["refund_total"]} for row in rows]


def _by_product(by: Membership, span: Span) -> list[Row]:
    rows = summaries.summarise_products(by, span)
    return [{**row, "net_total": row["sale_total"] - row["refund_total"]} for row in rows]


def _by_category(by: Membership, span: Span) -> list[Row]:
    names = dict(by.account.categories.values_list("id", "name"))
    found: dict[Any, Row] = defaultdict(lambda: dict.fromkeys((column.name for column in GOODS), ZERO))
    for row in _by_product(by, span):
        sums = found[row["category"]]
        for column in GOODS:
            sums[column.name] += row[column.name]
    rows = [{"category": names.get(pk, ""), **sums} for pk, sums in found.items()]
    return sorted(rows, key=lambda row: (-row["net_total"], row["category"]))


def _margin(by: Membership, span: Span) -> list[Row]:
    rows = []
    for row in _by_product(by, span):
        revenue = row["net_total"] - row["tax_total"]
        margin = revenue - row["cost"]
        rate = margin / revenue if revenue else None
        quantity = row["sold"] - row["returned"]
        rows.append({**row, "quantity": quantity, "revenue": revenue, "margin": margin, "margin_rate": rate})
    return sorted(rows, key=lambda row: (-row["margin"], row["sku"]))


def _taxes(by: Membership, span: Span) -> list[Row]:
    return [
        {
            "levy": levy.name,
            "rate": levy.rate,
            "sale_base": levy.sums.sale_base,
            "sale_tax": levy.sums.sale_tax,
            "refund_base": levy.sums.refund_base,
            "refund_tax": levy.sums.refund_tax,
            "base": levy.sums.base,
            "tax": levy.sums.tax,
        }
        for levy in taxes.sum_levies(by, span)
    ]


_TAXED: tuple[Column, ...] = (
    *texts("levy"),
    Column("rate", Kind.RATE),
    *(Column(name, Kind.MONEY) for name in ("sale_base", "refund_base", "base")),  # a base may bear several levies
    *money("sale_tax", "refund_tax", "tax"),
)
# Without a sum: what is sold on credit would stand in it again when it is paid, and so would what a wallet has.
_TENDERED = [Column(name, Kind.MONEY) for name in ("received", "returned", "total")]
REPORTS = (
    Report(
        "sales-by-day",
        "Sales by day",
        [Column("day", Kind.DAY), *PAPERS, *money("tax_total")],
        summaries.summarise_days,
        Module.SALES,
        chart=("day", "net_total"),
    ),
    Report(
        "sales-by-hour",
        "Sales by hour of the day",
        [Column("hour", Kind.COUNT), *PAPERS, *money("tax_total")],
        summaries.summarise_hours,
        Module.SALES,
        chart=("hour", "net_total"),
    ),
    Report(
        "sales-by-storefront",
        "Sales by storefront",
        [*texts("storefront"), *PAPERS, *money("tax_total")],
        summaries.summarise_storefronts,
        Module.SALES,
        chart=("storefront", "net_total"),
    ),
    Report(
        "sales-by-cashier",
        "Sales by cashier",
        [*texts("cashier"), *PAPERS],
        _by_cashier,
        Module.SALES,
        chart=("cashier", "net_total"),
    ),
    Report(
        "sales-by-product",
        "Sales by product",
        [*texts("sku", "name"), *GOODS],
        _by_product,
        Module.SALES,
        chart=("name", "net_total"),
    ),
    Report(
        "sales-by-category",
        "Sales by category",
        [*texts("category"), *GOODS],
        _by_category,
        Module.SALES,
        chart=("category", "net_total"),
    ),
    Report(
        "sales-by-tender",
        "Money by tender",
        [*texts("method"), *counts("count"), *_TENDERED, *money("money")],
        summaries.summarise_tenders,
        Module.SALES,
        chart=("method", "money"),
    ),
    Report(
        "margin",
        "Margin by product",
        [
            *texts("sku", "name"),
            *quantities("quantity"),
            *money("revenue", "cost", "margin"),
            Column("margin_rate", Kind.RATE),
        ],
        _margin,
        Module.SALES,
        chart=("name", "margin"),
    ),
    Report("tax", "Taxes by levy", _TAXED, _taxes, Module.SALES, chart=("levy", "tax")),
)
