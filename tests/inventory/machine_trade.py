"""The rules of the state machine by which goods come, are sold, promised, given back, and go to other places."""

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.inventory import machine_deeds as deeds
from tests.inventory.machine import COST, COSTS, Machine
from tests.inventory.machine_deeds import ON_THE_ROAD
from tests.machines import EVENLY, FEW, MANY, RARELY, WHICH, Deed


class Trade(Machine):
    # --- From a supplier, and back ------------------------------------------------------------------------------------

    @rule(where=WHICH, which=WHICH, many=MANY, cost=COST, days=st.sampled_from((-1, 1, 3, 30)), freight=EVENLY)
    def deliver(self, where, which, many, cost, days, freight):
        items = [self.item(which, many, cost, days)]
        extra = Decimal("9.99") if freight else Decimal(0)
        if not freight:
            items.append(self.item(which + 1, many + 1, cost, days))
        self.ask("deliver", deeds.deliver(self.business, self.place(where), items, freight=extra))

    @rule(where=WHICH, few=FEW, cost=COST)
    def deliver_cartons(self, where, few, cost):
        item = {"product": self.product(1), "pack": self.business.carton, "quantity": Decimal(few), "unit_cost": cost}
        self.ask("deliver cartons", deeds.deliver(self.business, self.place(where), [item]))

    @rule(where=WHICH, which=WHICH, many=MANY, cost=COST)
    def order(self, where, which, many, cost):
        lines = [(self.product(which + n), self.amount(self.product(which + n), many)) for n in range(2)]
        self.ask("order", deeds.order(self.business, self.place(where), lines, cost))

    @rule(which=WHICH, many=MANY, cost=COST, any_of=RARELY)
    def receive_order(self, which, many, cost, any_of):
        pk = self.ordered(which, ("ORDERED", "PARTLY_RECEIVED"), any_of=any_of)
        wanted = list(self.kept.orders[pk].wanted)
        items = [self.item(self.products.index(wanted[which % 2]), many, cost, 20)]
        self.ask("receive order", deeds.receive_order(self.business, pk, items))

    @rule(which=WHICH, is_cancelled=EVENLY, any_of=RARELY)
    def end_order(self, which, is_cancelled, any_of):
        pk = self.ordered(which, ("ORDERED", "PARTLY_RECEIVED")[: 2 - is_cancelled], any_of=any_of)
        self.ask("end order", deeds.end_order(self.business, pk, is_cancelled=is_cancelled))

    def ordered(self, which: int, legal: Collection[str], *, any_of: bool) -> UUID:
        if not self.paper(self.kept.orders, which, legal, any_of=any_of):
            self.order(which, which, 20, COSTS[0])
        return self.paper(self.kept.orders, which, legal, any_of=any_of)

    @rule(which=WHICH, few=FEW, is_too_much=RARELY)
    def send_back(self, which, few, is_too_much):
        lots = [(pk, lot) for pk, delivery in self.kept.deliveries.items() for lot in delivery.lots if lot.quantity]
        if not lots:
            return self.deliver(which, which, few, COSTS[0], 3, freight=False)
        pk, lot = lots[which % len(lots)]
        quantity = lot.quantity + few if is_too_much else min(lot.quantity, self.amount(lot.product, few))
        return self.ask("send back", deeds.send_back(self.business, pk, lot.pk, quantity))

    # --- Over the counter ---------------------------------------------------------------------------------------------

    @rule(where=WHICH, which=WHICH, few=FEW, is_too_much=RARELY, is_one=EVENLY)
    def sell(self, where, which, few, is_too_much, is_one):
        place, products = self.storefront(where), [self.product(which), self.product(which + 1)]
        lines = [(each, self.fitting(place, each, few, is_too_much=is_too_much)) for each in products[: 2 - is_one]]
        if any(quantity is None for _, quantity in lines):
            return self.deliver(where, which, 40, COSTS[1], 3, freight=False)
        return self.ask("sell", deeds.sell(self.business, place, lines))

    @rule(where=WHICH, halves=st.integers(1, 4))
    def sell_cartons(self, where, halves):
        lines = [(self.product(1), Decimal(halves) / 2)]
        pack = self.business.carton
        self.ask("sell cartons", deeds.sell(self.business, self.storefront(where), lines, pack=pack))

    @rule(which=WHICH, few=FEW, restock=st.sampled_from(("SHELF", "DAMAGED", "NOT_RETURNED")), is_too_much=RARELY)
    def refund(self, which, few, restock, is_too_much):
        sold = [(pk, line) for pk, lines in self.kept.sales.items() for line in range(len(lines))]
        left = [each for each in sold if self.left_of(*each) or is_too_much]
        if not left:
            return self.sell(which, which // 2, few, is_too_much=False, is_one=True)
        pk, line = left[which % len(left)]
        quantity = self.left_of(pk, line) + few if is_too_much else min(self.left_of(pk, line), Decimal(few))
        return self.ask("refund", deeds.refund(self.business, pk, line, quantity, restock))

    def left_of(self, sale: UUID, line: int) -> Decimal:
        sold = self.kept.sales[sale][line]
        return sold.quantity - sold.refunded

    @rule(where=WHICH, which=WHICH, few=FEW, is_too_much=RARELY)
    def hold(self, where, which, few, is_too_much):
        place, product, cart = self.place(where), self.product(which), self.cart(which // 4)
        quantity = self.fitting(place, product, few, is_too_much=is_too_much, cart=cart)
        if quantity is None:
            return self.deliver(where, which, 40, COSTS[1], 3, freight=False)
        return self.ask("hold", deeds.hold(self.business, place, product, quantity, cart))

    @rule(which=WHICH)
    def sell_held(self, which):
        open_holds = [
            (key, held)
            for key, (held, ends_at) in self.kept.holds.items()
            if ends_at > timezone.now() and key[1] in self.business.registers
        ]
        if not open_holds:
            return self.hold(which % 2, which, 3, is_too_much=False)
        (cart, place, product), quantity = open_holds[which % len(open_holds)]
        return self.ask("sell held", deeds.sell(self.business, place, [(product, quantity)], cart=cart))

    @rule(which=WHICH)
    def release(self, which):
        self.ask("release", deeds.release(self.business, self.cart(which)))

    @rule(span=st.sampled_from((timedelta(minutes=7), timedelta(minutes=20), timedelta(days=1), timedelta(days=3))))
    def wait(self, span):
        """Time passes: promises end, and goods expire."""
        self.pass_time(span)

    # --- To another place ---------------------------------------------------------------------------------------------

    @rule(where=WHICH, which=WHICH, few=FEW, is_request=EVENLY)
    def open_transfer(self, where, which, few, is_request):
        """Of what is there when it is opened; it may have gone until it is dispatched."""
        source, destination = self.place(where), self.place(where + 1 + where // 3 % 2)
        wanted = [(each, self.fitting(source, each, few, is_too_much=False)) for each in self.products]
        there = [(product, quantity) for product, quantity in wanted if quantity]
        lines = [there[(which + n) % len(there)] for n in range(min(1 + few % 2, len(there)))]
        lines = lines or [(self.product(which), Decimal(few))]
        deed = deeds.open_transfer(self.business, source, destination, lines, is_request=is_request)
        self.ask("open transfer", deed)

    @rule(which=WHICH, any_of=RARELY)
    def accept_transfer(self, which, any_of):
        pk = self.paper(self.kept.transfers, which, ("REQUESTED",), any_of=any_of)
        if pk is None:
            return self.open_transfer(which, which // 3, 4, is_request=True)
        return self.ask("accept transfer", deeds.accept(self.business, pk))

    @rule(which=WHICH, any_of=RARELY)
    def dispatch(self, which, any_of):
        if not self.paper(self.kept.transfers, which, ("DRAFT",), any_of=any_of):
            self.open_transfer(which, which // 3, 1 + which % 12, is_request=False)
        pk = self.paper(self.kept.transfers, which, ("DRAFT",), any_of=any_of)
        self.ask("dispatch", deeds.dispatch(self.business, pk, self.road))

    @rule(which=WHICH, thirds=st.integers(1, 3), outcome=WHICH, any_of=RARELY, is_too_much=RARELY)
    def take_in(self, which, thirds, outcome, any_of, is_too_much):
        if not self.paper(self.kept.transfers, which, ON_THE_ROAD, any_of=any_of):
            self.dispatch(which, any_of=False)
        pk = self.paper(self.kept.transfers, which, ON_THE_ROAD, any_of=any_of)
        if pk:
            self.ask("take in", self.arrival(pk, thirds, outcome, more=Decimal(is_too_much)))

    def arrival(self, pk: UUID, thirds: int, outcome: int, *, more: Decimal) -> Deed:
        """A third, two or all of what is on the road: all accepted, or some of it damaged and missing."""
        transfer, found = self.kept.transfers[pk], {}
        for line in range(len(transfer.lines)):
            coming = (transfer.on_the_road(line) * thirds / 3).quantize(Decimal("0.001")) + more
            lost = (coming * (outcome % 4) / 8).quantize(Decimal("0.001"))
            found[line] = {"accepted": coming - 2 * lost, "damaged": lost, "missing": lost}
        legal = {line: parts for line, parts in found.items() if sum(parts.values())}
        return deeds.take_in(self.business, pk, legal or {0: dict.fromkeys(found[0], Decimal(1))})

    @rule(which=WHICH, any_of=RARELY)
    def cancel_transfer(self, which, any_of):
        pk = self.paper(self.kept.transfers, which, ("REQUESTED", "DRAFT", *ON_THE_ROAD), any_of=any_of)
        if pk is None:
            return self.dispatch(which, any_of=False)
        return self.ask("cancel transfer", deeds.cancel_transfer(self.business, pk))
