"""The reports once more, reckoned row by row in plain Python from what stands in the database."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any
from uuid import UUID

from core.amounts import ZERO, round_money
from tests.conftest import Shop

MOVES_NOTHING = {"DEPOSIT", "EXCHANGE"}
MONEY = {"CASH", "CARD", "MOBILE_MONEY", "BANK"}
GOODS_CAME_AND_WENT = {"RECEIVED", "SENT_BACK", "SOLD", "RETURNED", "DISPATCHED", "ARRIVED"}
# To so many days after it was due.
BUCKETS = {"not_due": 0, "days_1_to_30": 30, "days_31_to_60": 60, "days_61_to_90": 90}
PAPERS = ("sale_count", "sale_total", "discount_total", "refund_count", "refund_total", "net_total", "tax_total")
GOODS = ("sold", "returned", "sale_total", "discount_total", "refund_total", "net_total", "revenue", "cost")
Sums = dict[Any, dict[str, Any]]
Rows = dict[str, Sums]


def blank(*columns: str) -> Sums:
    """Rows that are nothing in each of these columns, and have no others, until something is added."""
    return defaultdict(lambda: dict.fromkeys(columns, ZERO))


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

    def is_past(self, moment: datetime) -> bool:
        """Whether it was before the last day was over."""
        return self.local(moment).date() <= self.asked.last

    def shown(self, moment: datetime | None) -> str | None:
        return self.local(moment).replace(microsecond=0).isoformat() if moment else None

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
            "stock-value": self.value(),
            "stock-movements": self.movements(),
            "shrinkage": self.shrinkage(),
            "fast-stock": self.fast(),
            "dead-stock": self.dead(),
            "cash": self.cash(),
            "customers": self.customers(),
            "receivables": self.receivables(),
        }

    def papers(self, key: Any) -> Sums:
        found = blank(*PAPERS)
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
        found = blank(*GOODS)
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
        names = {product.sku: product.name for product in self.products.values()}
        for sku, row in found.items():
            row |= {"quantity": row["sold"] - row["returned"], "margin": row["revenue"] - row["cost"]}
            row |= {"margin_rate": row["margin"] / row["revenue"] if row["revenue"] else None, "name": names.get(sku)}
        return found

    def tenders(self) -> Sums:
        found = blank("count", "received", "returned", "total", "money")
        registers = {each.pk: each.storefront_id for each in self.account.registers.all()}
        for paid in self.account.payments.all():
            if (
                paid.method not in MOVES_NOTHING
                and self.within(paid.paid_at)
                and self.is_here(registers[paid.register_id])
            ):
                row, amount = found[paid.method], paid.amount
                add(row, count=1, received=max(amount, ZERO), returned=-min(amount, ZERO), total=amount)
                add(row, money=amount if paid.method in MONEY else ZERO)
        return found

    def taxes(self) -> Sums:
        found = blank("sale_base", "sale_tax", "refund_base", "refund_tax", "base", "tax")
        live = {sale.pk: sale for sale in self.sales if self.within(sale.sold_at)}
        refunds = [refund.pk for refund in self.refunds if self.within(refund.refunded_at)]
        sold = [line for line in self.sold_lines if line.sale_id in live]
        backs = self.account.refund_lines.filter(refund__in=refunds)
        for kind, sign, rows in (("sale", 1, sold), ("refund", -1, backs)):
            for row in rows:
                for levy in row.taxes:
                    sums, base, tax = found[levy["name"]], Decimal(levy["base"]), Decimal(levy["amount"])
                    add(sums, **{f"{kind}_base": base, f"{kind}_tax": tax, "base": sign * base, "tax": sign * tax})
                    sums["rate"] = Decimal(levy["rate"])
        return found

    # --- Stock

    def value(self) -> Sums:
        found: Sums = {
            place.name: {"kind": place.kind, "value": ZERO}
            for place in self.account.locations.all()
            if self.is_here(place.pk)
        }
        for each in self.moved:
            if self.is_past(each.occurred_at) and self.is_here(each.location_id):
                add(found[self.places[each.location_id]], value=each.value)
        return found

    def movements(self) -> Sums:
        found = blank("movement_count", "quantity", "value")
        for each in self.moved:
            if self.within(each.occurred_at) and self.is_here(each.location_id):
                add(found[each.kind], movement_count=1, quantity=each.quantity, value=each.value)
        return found

    def shrinkage(self) -> Sums:
        found = blank("lost_quantity", "lost_value")
        for each in self.moved:
            if (
                each.kind not in GOODS_CAME_AND_WENT
                and self.within(each.occurred_at)
                and self.is_here(each.location_id)
            ):
                product = self.products[each.product_id]
                row = found[product.sku, each.kind]
                add(row, lost_quantity=-each.quantity, lost_value=-each.value)
                row["name"] = product.name
        return found

    def on_shelves(self) -> Sums:
        """Of each product, what was sold in these days, and what is there now."""
        found: Sums = {
            each.sku: {"name": each.name, "sold": ZERO, "on_hand": ZERO, "value": ZERO, "received_on": None}
            for each in self.products.values()
        }
        for each in self.moved:
            if each.kind in ("SOLD", "RETURNED") and self.within(each.occurred_at) and self.is_here(each.location_id):
                add(found[self.products[each.product_id].sku], sold=-each.quantity)
        for batch in self.account.stock_products.filter(quantity__gt=0):
            if self.is_here(batch.location_id):
                row = found[self.products[batch.product_id].sku]
                add(row, on_hand=batch.quantity, value=batch.quantity * batch.unit_cost)
                row["received_on"] = max(row["received_on"] or "", str(self.local(batch.received_at).date()))
        return found

    def fast(self) -> Sums:
        found = {sku: row for sku, row in self.on_shelves().items() if row["sold"] > 0}
        for row in found.values():
            row["sold_per_day"] = row["sold"] / self.days
            row["days_left"] = (row["on_hand"] * self.days / row["sold"]).to_integral_value(ROUND_FLOOR)
        return found

    @property
    def days(self) -> int:
        return self.asked.last.toordinal() - self.asked.first.toordinal() + 1

    def dead(self) -> Sums:
        return {sku: row for sku, row in self.on_shelves().items() if row["sold"] <= 0 < row["on_hand"]}

    # --- Drawers

    def cash(self) -> Sums:
        registers = {each.pk: each for each in self.account.registers.all()}
        shifts = [
            each
            for each in self.account.shifts.all()
            if self.within(each.opened_at) and self.is_here(registers[each.register_id].storefront_id)
        ]
        return {(registers[each.register_id].code, self.shown(each.opened_at)): self.drawer(each) for each in shifts}

    def drawer(self, shift: Any) -> dict[str, Any]:
        row: dict[str, Any] = dict.fromkeys(
            ("cash_in", "cash_out", "paid_in", "paid_out", "dropped", "late", "late_moved"), ZERO
        )
        for paid in self.account.payments.filter(shift=shift, method="CASH"):
            name = "late" if paid.is_late else "cash_in" if paid.amount > 0 else "cash_out"
            add(row, **{name: paid.amount if paid.is_late else abs(paid.amount)})
        for moved in self.account.cash_events.filter(shift=shift):
            name = {"PAID_IN": "paid_in", "PAID_OUT": "paid_out", "DROP": "dropped"}[moved.kind]
            add(row, **({"late_moved": moved.amount} if moved.is_late else {name: abs(moved.amount)}))
        taken = row["cash_in"] - row["cash_out"] + row["paid_in"] - row["paid_out"] - row["dropped"]
        expected = shift.opening_float + taken
        return {
            **row,
            "closed_at": self.shown(shift.closed_at),
            "z_number": shift.z_number,
            "opening_float": shift.opening_float,
            "expected": expected,
            "counted": shift.counted,
            "difference": None if shift.counted is None else shift.counted - expected,
        }

    # --- Customers

    def customers(self) -> Sums:
        names = {each.pk: each.name for each in self.account.customers.all()}
        found = blank("sale_count", "lifetime_value")
        days = defaultdict(list)
        for sale in self.sales:
            if sale.customer_id and self.is_past(sale.sold_at):
                add(found[names[sale.customer_id]], sale_count=1, lifetime_value=sale.total)
                days[names[sale.customer_id]].append(self.local(sale.sold_at).date())
        for refund in self.refunds:
            whose = self.by_pk[refund.sale_id].customer_id
            if whose and self.is_past(refund.refunded_at):
                add(found[names[whose]], lifetime_value=-refund.total)
        for name, row in found.items():
            row["average_sale"] = row["lifetime_value"] / row["sale_count"]
            row["segment"] = self.segment(min(days[name]), max(days[name]))
            row |= {"first_on": str(min(days[name])), "last_on": str(max(days[name]))}
        return found

    def segment(self, first: date, last: date) -> str:
        if first >= self.asked.first:
            return "NEW"
        return "RETURNING" if last >= self.asked.first else "LAPSED"

    def receivables(self) -> Sums:
        names = {each.pk: each.name for each in self.account.customers.all()}
        found = blank(*BUCKETS, "over_90_days", "total")
        for entry in self.account.customer_entries.filter(book="DEBT").select_related("debt"):
            if self.is_past(entry.occurred_at):
                late = (self.asked.last - entry.debt.due_on).days
                bucket = next((name for name, most in BUCKETS.items() if late <= most), "over_90_days")
                add(found[names[entry.customer_id]], **{bucket: entry.amount, "total": entry.amount})
        return {name: row for name, row in found.items() if row["total"] > 0}


def wanted(kind: str, exact: Any, exponent: int) -> Any:
    """The figure as it is to be shown."""
    if exact is None or kind not in ("money", "quantity", "rate"):
        return exact
    return round_money(exact, exponent) if kind == "money" else round(exact, 3 if kind == "quantity" else 4)


def add(row: dict[str, Any], **amounts: Any) -> None:
    for name, amount in amounts.items():
        row[name] += amount


def totals(rows: Iterable[dict[str, Any]], column: str) -> Decimal:
    return sum((row[column] for row in rows), ZERO)
