"""Books the days of a plan, each in a shift of its own: what is paid of debts, what is sold, and what comes back."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from core.amounts import ZERO
from sales.replay.booking import Booking, Business, in_units
from sales.replay.client import Client
from sales.replay.days import Day, Settlement, is_on_account
from sales.replay.plan import Plan, Refund, Sale

MOST_PIECES = 10_000  # of one note, in which the drawer is counted


@dataclass(frozen=True)
class Trading:
    """What is there already is not booked again."""

    booking: Booking
    product_ids: Mapping[str, str]  # by SKU

    def run(self) -> None:
        self._tell_what_is_there()
        for day in self.booking.diary.days:
            self._live(day)

    @property
    def business(self) -> Business:
        return self.booking.business

    @cached_property
    def booked(self) -> Set[str]:
        """The ids of the sales and refunds that are there."""
        papers = self.booking.client, self.business, self.booking.plan
        return {row["id"] for rows in (sales_booked(*papers), refunds_booked(*papers)) for row in rows}

    def _tell_what_is_there(self) -> None:
        plan = self.booking.plan
        for label, ids in (
            ("sales", [self.business.sale_id(sale) for sale in plan.sales]),
            ("refunds", [self.business.refund_id(refund) for refund in plan.refunds]),
        ):
            before = sum(own_id in self.booked for own_id in ids)
            if before:
                self.booking.say(f"{label}: {before} of {len(ids)} were there already")

    def _live(self, day: Day) -> None:
        shift = self._open(day)
        if shift["is_open"]:
            for settlement in day.settlements:
                self._settle(day, settlement)
        for sale in day.sales:
            if self.business.sale_id(sale) not in self.booked:
                self.booking.post("sales/sales/", self._sale(day, sale), f"invoice {sale.reference}")
        for refund in day.refunds:
            if self.business.refund_id(refund) not in self.booked:
                self._take_back(day, refund)
        if shift["is_open"]:
            self._close(day)
            papers = f"{len(day.sales)} sales, {len(day.refunds)} refunds, {len(day.settlements)} debts paid"
            self.booking.say(f"{day.on}: {papers}; the shift is closed.")

    def _open(self, day: Day) -> Any:
        own_id = self.business.shift_id(day.on)
        body = {
            "id": own_id,
            "register": self.business.register,
            "opening_float": self.business.money(day.opening_float),
            "opened_at": self.business.midnight(day.on),
        }
        shift = self.booking.client.find(f"sales/shifts/{own_id}/")
        return shift or self.booking.post("sales/shifts/", body, f"shift of {day.on}")

    def _close(self, day: Day) -> None:
        """Counted is what the export says; the server says by how much that is wrong."""
        body = {
            "denominations": list(_pieces(day.cash, self.business.exponent)),
            "closed_at": self.business.midnight(day.on + timedelta(days=1)),
        }
        own_id = self.business.shift_id(day.on)
        self.booking.post(f"sales/shifts/{own_id}/close/", body, f"close of {day.on}", key=f"replay-close-{own_id}")

    def _settle(self, day: Day, settlement: Settlement) -> None:
        body = {
            "id": self.business.own_id("settlement", f"{day.on} {settlement.customer}"),
            "register": self.business.register,
            "payments": [{"method": "CASH", "amount": self.business.money(settlement.amount)}],
            "paid_at": self.business.midnight(day.on),
        }
        path = f"sales/customers/{self.business.customer_id(settlement.customer)}/payments/"
        self.booking.post(path, body, f"payment of customer {settlement.customer} on {day.on}")

    def _sale(self, day: Day, sale: Sale) -> dict[str, Any]:
        method = "CUSTOMER_CREDIT" if is_on_account(sale.customer) else "CASH"
        return {
            "id": self.business.sale_id(sale),
            "storefront": self.business.storefront,
            "register": self.business.register,
            "shift": self.business.shift_id(day.on),
            "customer": self.business.customer_id(sale.customer) if sale.customer else None,
            "sold_at": self.business.moment(sale.sold_at),
            "lines": [
                {
                    "product": self.product_ids[line.sku],
                    "quantity": in_units(line.quantity),
                    "unit_price": self.business.money(line.unit_price),
                }
                for line in sale.lines
            ],
            "payments": [{"method": method, "amount": self.business.money(sale.total)}],
        }

    def _take_back(self, day: Day, refund: Refund) -> None:
        path = f"sales/sales/{self.business.sale_id(refund.sale)}/"
        line_ids = {line["position"]: line["id"] for line in self.booking.client.get(path)["lines"]}
        body = {
            "id": self.business.refund_id(refund),
            "shift": self.business.shift_id(day.on),
            "reason": f"Cancelled by {refund.reference}",
            "refunded_at": self.business.moment(refund.refunded_at),
            "lines": [
                {"line": line_ids[position], "quantity": in_units(quantity)}
                for position, quantity in refund.taken.items()
            ],
        }
        self.booking.post(f"{path}refunds/", body, f"cancellation {refund.reference}")


def _pieces(amount: Decimal, exponent: int) -> Iterator[dict[str, Any]]:
    """So much in as few kinds of notes and coins as do, each ten times smaller than the one before."""
    value = Decimal(1).scaleb(-exponent)
    while value * MOST_PIECES < amount:
        value *= 10
    while amount > ZERO:
        count = int(amount / value)
        amount -= count * value
        yield {"value": f"{value:f}", "count": count}
        value /= 10


def sales_booked(client: Client, business: Business, plan: Plan) -> Iterable[Any]:
    """All sales of the account on the days of the export, whoever made them."""
    first, end = business.span(plan)
    return client.rows("sales/sales/", sold_from=first, sold_before=end)


def refunds_booked(client: Client, business: Business, plan: Plan) -> Iterable[Any]:
    first, end = business.span(plan)
    return client.rows("sales/refunds/", refunded_from=first, refunded_before=end)
