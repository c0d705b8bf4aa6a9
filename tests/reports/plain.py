"""The reports once more, reckoned row by row in plain Python from what stands in the database."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.amounts import ZERO, round_money
from tests.conftest import Shop

MOVES_NOTHING = {"DEPOSIT", "EXCHANGE"}
GOODS_CAME_AND_WENT = {"RECEIVED", "SENT_BACK", "SOLD", "RETURNED", "DISPATCHED", "ARRIVED"}
Sums = dict[Any, dict[str, Decimal]]
Rows = dict[str, dict[Any, dict[str, Decimal]]]


@dataclass(frozen=True)
class Ask:
    first: date
    last: date
    location: UUID | None = None


def reckon(shop: Shop, asked: Ask) -> Rows:
    """Of each report, its rows by their first columns."""
    with shop.inside():
        return Reckoning(shop, asked).all()


class Reckoning:
    def __init__(self, shop: Shop, asked: Ask) -> None:
        self.account, self.asked = shop.account, asked
        self.products = {each.pk: each for each in self.account.products.all()}
        self.shelves = {each.pk: each.name for each in self.account.categories.all()}
        self.places = {each.pk: each.name for each in self.account.locations.all()}
        self.people = {each.pk: each.name for each in self.account.memberships.all()}
        self.sold_lines = list(self.account.sale_lines.all())
        self.by_pk = {each.pk: each for each in self.account.sales.all()}
        self.moved = list(self.account.stock_movements.all())
        here = [each for each in self.by_pk.values() if self.is_here(each.storefront_id)]
        self.sales = [each for each in here if each.status != "VOIDED"]
        self.refunds = [
            each
            for each in self.account.refunds.all()
            if each.kind != "VOID" and self.is_here(self.by_pk[each.sale_id].storefront_id)
        ]

    def is_here(self, place: UUID) -> bool:
        return self.asked.location in (None, place)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.account.zone)

    def within(self, moment: datetime) -> bool:
        return self.asked.first <= self.local(moment).date() <= self.asked.last

    def rounded(self, rows: Sums) -> Sums:
        return {key: {name: self.round(value) for name, value in row.items()} for key, row in rows.items()}

    def round(self, value: Decimal) -> Decimal:
        return round_money(Decimal(value), self.account.currency_exponent)

    def all(self) -> Rows:
        papers = {
            "sales-by-day": lambda at, _place, _by: str(self.local(at).date()),
            "sales-by-hour": lambda at, _place, _by: Decimal(self.local(at).hour),
            "sales-by-storefront": lambda _at, place, _by: self.places[place],
            "sales-by-cashier": lambda _at, _place, by: self.people[by],
        }
        goods = {
            "sales-by-product": lambda product: product.sku,
            "sales-by-category": lambda product: self.shelves.get(product.category_id, ""),
            "margin": lambda product: product.sku,
        }
        return {
            **{name: self.papers(key) for name, key in papers.items()},
            **{name: self.goods(key) for name, key in goods.items()},
            "sales-by-tender": self.tenders(),
            "tax": self.taxes(),
            "stock-movements": self.movements(),
            "shrinkage": self.shrinkage(),
            "customers": self.customers(),
            "receivables": self.receivables(),
        }

    def papers(self, key: Any) -> Sums:
        found: Sums = defaultdict(lambda: defaultdict(Decimal))
        for sale in self.sales:
            if self.within(sale.sold_at):
                row = found[key(sale.sold_at, sale.storefront_id, sale.sold_by_id)]
                add(row, sale_count=1, sale_total=sale.total, discount_total=sale.discount_total)
                add(row, net_total=sale.total, tax_total=sale.tax_total)
        for refund in self.refunds:
            if self.within(refund.refunded_at):
                place = self.by_pk[refund.sale_id].storefront_id
                row = found[key(refund.refunded_at, place, refund.refunded_by_id)]
                add(row, refund_count=1, refund_total=refund.total, net_total=-refund.total)
                add(row, tax_total=-refund.tax_total)
        return found

    def goods(self, key: Any) -> Sums:
        found: Sums = defaultdict(lambda: defaultdict(Decimal))
        live = {sale.pk: sale for sale in self.sales}
        lines = {line.pk: line for line in self.sold_lines}
        for line in self.sold_lines:
            if line.sale_id in live and self.within(live[line.sale_id].sold_at):
                row = found[key(self.products[line.product_id])]
                add(row, sold=line.quantity * line.factor, sale_total=line.total, discount_total=line.discount)
                add(row, net_total=line.total, revenue=line.total - line.tax_amount, cost=line.cost)
        refunds = {refund.pk: refund for refund in self.refunds if self.within(refund.refunded_at)}
        for back in self.account.refund_lines.filter(refund__in=list(refunds)):
            line = lines[back.line_id]
            row = found[key(self.products[line.product_id])]
            add(row, returned=back.quantity * line.factor, refund_total=back.total, net_total=-back.total)
            add(row, revenue=back.tax_amount - back.total)
        for each in self.moved:
            if each.kind == "RETURNED" and each.source_id in refunds:
                add(found[key(self.products[each.product_id])], cost=-each.value)
        for row in found.values():
            add(row, quantity=row["sold"] - row["returned"], margin=row["revenue"] - row["cost"])
        return found

    def tenders(self) -> Sums:
        found: Sums = defaultdict(lambda: defaultdict(Decimal))
        registers = {each.pk: each.storefront_id for each in self.account.registers.all()}
        for paid in self.account.payments.all():
            if (
                paid.method not in MOVES_NOTHING
                and self.within(paid.paid_at)
                and self.is_here(registers[paid.register_id])
            ):
                row, amount = found[paid.method], paid.amount
                add(row, count=1, received=max(amount, ZERO), returned=-min(amount, ZERO), total=amount)
        return found

    def taxes(self) -> Sums:
        found: Sums = defaultdict(lambda: defaultdict(Decimal))
        live = {sale.pk: sale for sale in self.sales if self.within(sale.sold_at)}
        refunds = [refund.pk for refund in self.refunds if self.within(refund.refunded_at)]
        sold = [line for line in self.sold_lines if line.sale_id in live]
        backs = self.account.refund_lines.filter(refund__in=refunds)
        for kind, sign, rows in (("sale", 1, sold), ("refund", -1, backs)):
            for row in rows:
                for levy in row.taxes:
                    sums, base, tax = found[levy["name"]], Decimal(levy["base"]), Decimal(levy["amount"])
                    add(sums, **{f"{kind}_base": base, f"{kind}_tax": tax, "base": sign * base, "tax": sign * tax})
        return found

    def movements(self) -> Sums:
        found: Sums = defaultdict(lambda: defaultdict(Decimal))
        for each in self.moved:
            if self.within(each.occurred_at) and self.is_here(each.location_id):
                add(found[each.kind], movement_count=1, quantity=each.quantity, value=each.value)
        return found

    def shrinkage(self) -> Sums:
        found: Sums = defaultdict(lambda: defaultdict(Decimal))
        for each in self.moved:
            if (
                each.kind not in GOODS_CAME_AND_WENT
                and self.within(each.occurred_at)
                and self.is_here(each.location_id)
            ):
                row = found[self.products[each.product_id].sku]
                add(row, lost_quantity=-each.quantity, lost_value=-each.value)
        return found

    def customers(self) -> Sums:
        names = {each.pk: each.name for each in self.account.customers.all()}
        found: Sums = defaultdict(lambda: defaultdict(Decimal))
        for sale in self.sales:
            if sale.customer_id and self.local(sale.sold_at).date() <= self.asked.last:
                add(found[names[sale.customer_id]], sale_count=1, lifetime_value=sale.total)
        for refund in self.refunds:
            whose = self.by_pk[refund.sale_id].customer_id
            if whose and self.local(refund.refunded_at).date() <= self.asked.last:
                add(found[names[whose]], lifetime_value=-refund.total)
        return found

    def receivables(self) -> Sums:
        names = {each.pk: each.name for each in self.account.customers.all()}
        found: Sums = defaultdict(lambda: defaultdict(Decimal))
        for entry in self.account.customer_entries.filter(book="DEBT"):
            if self.local(entry.occurred_at).date() <= self.asked.last:
                add(found[names[entry.customer_id]], total=entry.amount)
        return {name: row for name, row in found.items() if row["total"] > 0}


def add(row: dict[str, Decimal], **amounts: Any) -> None:
    for name, amount in amounts.items():
        row[name] += amount


def totals(rows: Iterable[dict[str, Decimal]], column: str) -> Decimal:
    return sum((row[column] for row in rows), ZERO)
