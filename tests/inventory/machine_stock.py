"""The whole state machine: beside trade, what is gone or found or counted, sent twice, sent wrong, and two at once."""

from copy import deepcopy
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import rule
from uuid_utils.compat import uuid7

from core import errors
from inventory import errors as inventory_errors
from tests.inventory import machine_counts as counts
from tests.inventory import machine_deeds as deeds
from tests.inventory.machine_checks import unexplained
from tests.inventory.machine_trade import Trade
from tests.machines import EVENLY, FEW, RARELY, WHICH, Deed, Refused, foresee
from tests.races import at_once

GONE = ("THEFT", "DAMAGE", "EXPIRED", "SPOILAGE", "LOSS", "SAMPLE", "WRITE_OFF", "CORRECTION")
FOUND = ("FOUND", "CORRECTION")
TRY_AGAIN = errors.TryAgain.code
NONSENSE = ("0", "-1", "0.0001", "1e3", "NaN", "99999999999999", "\u0663", "")


class StockMachine(Trade):
    """All rules, in random order."""

    # --- Gone, or found -----------------------------------------------------------------------------------------------

    @rule(where=WHICH, which=WHICH, few=FEW, kind=st.sampled_from(GONE), is_too_much=RARELY, alone=EVENLY)
    def lose(self, where, which, few, kind, is_too_much, alone):
        place, product = self.place(where), self.product(which)
        there, amount = self.kept.on_hand(place, product), self.amount(product, few)
        quantity = there + amount if is_too_much else min(there, amount)
        if not quantity:
            return self.find(where, which, few, "FOUND", alone)
        by = self.owner if alone else self.business.keeper
        return self.ask("lose", deeds.adjust(self.business, place, kind, product, -quantity, by=by))

    @rule(where=WHICH, which=WHICH, few=FEW, kind=st.sampled_from(FOUND), alone=EVENLY)
    def find(self, where, which, few, kind, alone):
        place, product = self.place(where), self.product(which)
        by = self.owner if alone else self.business.keeper
        self.ask("find", deeds.adjust(self.business, place, kind, product, self.amount(product, few), by=by))

    @rule(which=WHICH, is_approved=EVENLY, any_of=RARELY)
    def decide(self, which, is_approved, any_of):
        """Where nothing waits for a decision, a keeper first misses what they may not decide on alone."""
        if not self.paper(self.kept.adjustments, which, ("PENDING",), any_of=any_of):
            self.lose_all(self.place(which))
        pk = self.paper(self.kept.adjustments, which, ("PENDING",), any_of=any_of)
        if pk:
            self.ask("decide", deeds.decide(self.business, pk, is_approved=is_approved))

    def lose_all(self, place: UUID) -> None:
        product = max(self.products, key=lambda product: self.kept.worth(place, product))
        quantity = self.kept.on_hand(place, product) or Decimal(1)
        self.ask("lose all", deeds.adjust(self.business, place, "THEFT", product, -quantity, by=self.business.keeper))

    @rule(where=WHICH, alone=EVENLY)
    def write_off(self, where, alone):
        """Where nothing has expired, something comes that has."""
        place = self.place(where)
        if not self.kept.expired(place) and where % 8:
            return self.deliver(where, 2, 10, Decimal(7), -1, freight=True)
        by = self.owner if alone else self.business.keeper
        return self.ask("write off", deeds.write_off(self.business, place, by=by))

    # --- Counted ------------------------------------------------------------------------------------------------------

    @rule(where=WHICH)
    def begin_count(self, where):
        self.ask("begin count", counts.begin(self.business, self.place(where)))

    @rule(which=WHICH, what=WHICH, off=st.sampled_from((-3, -1, 0, 0, 1, 4)), any_of=RARELY)
    def scan(self, which, what, off, any_of):
        pk = self.opened(which, any_of=any_of)
        there = self.kept.on_hand(self.kept.counts[pk].place, self.product(what))
        self.ask("scan", counts.scan(self.business, pk, self.product(what), max(there + off, Decimal(0))))

    @rule(which=WHICH, any_of=RARELY)
    def approve_count(self, which, any_of):
        pk = self.opened(which, any_of=any_of)
        if not self.kept.counts[pk].differences:
            return self.scan(which, which // 3, which % 5 - 2, any_of)
        return self.ask("approve count", counts.approve(self.business, pk))

    def opened(self, which: int, *, any_of: bool) -> UUID:
        if not self.paper(self.kept.counts, which, ("OPEN",), any_of=any_of):
            self.begin_count(which)
        return self.paper(self.kept.counts, which, ("OPEN",), any_of=any_of)

    @rule(which=WHICH, any_of=RARELY)
    def reverse_count(self, which, any_of):
        pk = self.paper(self.kept.counts, which, ("APPROVED",), any_of=any_of)
        if pk is None:
            return self.approve_count(which, any_of=False)
        return self.ask("reverse count", counts.reverse(self.business, pk))

    @rule(which=WHICH, any_of=RARELY)
    def cancel_count(self, which, any_of):
        self.ask("cancel count", counts.cancel(self.business, self.opened(which, any_of=any_of)))

    # --- Sent twice, and sent wrong -----------------------------------------------------------------------------------

    @rule(where=WHICH, which=WHICH, few=FEW, what=st.sampled_from(("deliver", "sell", "lose", "dispatch")))
    def retry(self, where, which, few, what):
        """The same write again, with its key: the same answer, and no second effect."""
        pk, place, product = uuid7(), self.storefront(where), self.product(which)
        quantity = self.amount(product, few)
        path, body, deed = getattr(self, f"{what}_twice")(pk, place, product, quantity)
        self.ask(f"retry {what}", deed, lambda: self.send(path, body, str(uuid7())))

    def deliver_twice(self, pk: UUID, place: UUID, product: UUID, quantity: Decimal):
        item = self.item(self.products.index(product), 1, Decimal(7), 30) | {"quantity": quantity}
        shown = {"product": str(product), "quantity": str(quantity), "unit_cost": "7"}
        if item["expires_on"]:
            shown["expiry_date"] = str(item["expires_on"])
        body = {"id": str(pk), "location": str(place), "items": [shown]}
        return "inventory/stock/", body, deeds.deliver(self.business, place, [item], pk=pk)

    def sell_twice(self, pk: UUID, place: UUID, product: UUID, quantity: Decimal):
        body = {
            "id": str(pk),
            "storefront": str(place),
            "register": str(self.business.registers[place].pk),
            "lines": [{"product": str(product), "quantity": str(quantity)}],
            "payments": [{"method": "CASH", "amount": "100000"}],
        }
        return "sales/sales/", body, deeds.sell(self.business, place, [(product, quantity)], pk=pk)

    def lose_twice(self, pk: UUID, place: UUID, product: UUID, quantity: Decimal):
        lines = [{"product": str(product), "quantity": str(quantity)}]
        body = {"id": str(pk), "location": str(place), "kind": "LOSS", "reason": "Gone", "lines": lines}
        deed = deeds.adjust(self.business, place, "LOSS", product, -quantity, by=self.owner, pk=pk)
        return "inventory/adjustments/", body, deed

    def dispatch_twice(self, pk: UUID, place: UUID, product: UUID, quantity: Decimal):
        depot = self.business.places[2].pk
        self.ask("open transfer", deeds.open_transfer(self.business, place, depot, [(product, quantity)], pk=pk))
        return f"inventory/transfers/{pk}/dispatch/", {}, deeds.dispatch(self.business, pk, self.road)

    @rule(which=WHICH, what=st.sampled_from(("deliver", "hold", "transfer", *NONSENSE)), is_sale=EVENLY)
    def ask_for_what_cannot_be(self, which, what, is_sale):
        if what in NONSENSE:
            self.send_nonsense(which, what, is_sale)
        else:
            self.stock_a_service(which, what)

    def send_nonsense(self, which, nonsense, is_sale):
        """A quantity that is none is refused, and nothing happens."""
        make = self.sell_twice if is_sale else self.deliver_twice
        path, body, _ = make(uuid7(), self.storefront(which), self.product(which), Decimal(1))
        body["lines" if is_sale else "items"][0]["quantity"] = nonsense
        self.ask("nonsense", Deed(lambda: None, refuse_input), lambda: self.send(path, body, str(uuid7())))

    def stock_a_service(self, where, what):
        """A service is not kept in stock, whoever asks."""
        business, place, service = self.business, self.place(where), self.business.service.pk
        item = {"product": service, "quantity": Decimal(1), "unit_cost": Decimal(1)}
        deed = {
            "deliver": deeds.deliver(business, place, [item]),
            "hold": deeds.hold(business, place, service, Decimal(1), self.cart(where)),
            "transfer": deeds.open_transfer(business, place, self.place(where + 1), [(service, Decimal(1))]),
        }[what]
        self.ask("service", Deed(deed.call, refuse_service))

    # --- Two at once --------------------------------------------------------------------------------------------------

    @rule(
        where=WHICH,
        which=WHICH,
        few=FEW,
        pair=st.tuples(*[st.sampled_from(("sell", "lose", "hold", "deliver", "send", "step"))] * 2),
    )
    def two_at_once(self, where, which, few, pair):
        """What comes of two deeds at the same instant is what comes of them one after the other, in some order."""
        place, product = self.storefront(where), self.product(which)
        quantity = self.fitting(place, product, few, is_too_much=False) or self.amount(product, few)
        contest = [self.contender(name, place, product, quantity, which) for name in pair]
        outcomes = at_once([lambda deed=deed: self.attempt(deed.call) for deed in contest])
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        self.kept = self.explanation(contest, outcomes)
        for name, outcome in zip(pair, outcomes, strict=True):
            self.note(f"at once: {name}", outcome)

    def contender(self, name: str, place: UUID, product: UUID, quantity: Decimal, which: int) -> Deed:
        business = self.business
        if name == "sell":
            return deeds.sell(business, place, [(product, quantity)])
        if name == "lose":
            return deeds.adjust(business, place, "LOSS", product, -quantity, by=self.owner)
        if name == "hold":
            return deeds.hold(business, place, product, quantity, self.cart(which))
        if name == "deliver":
            return deeds.deliver(business, place, [self.item(self.products.index(product), 5, Decimal(7), 2)])
        if name == "send":
            return self.sent(place, product, quantity)
        return self.common_step(which)

    def sent(self, place: UUID, product: UUID, quantity: Decimal) -> Deed:
        """A transfer that is there already is dispatched."""
        pk, depot = uuid7(), self.business.places[2].pk
        self.ask("open transfer", deeds.open_transfer(self.business, place, depot, [(product, quantity)], pk=pk))
        return deeds.dispatch(self.business, pk, self.road)

    def common_step(self, which: int) -> Deed:
        """A step of a paper, which whoever else draws it takes as well."""
        waiting = self.paper(self.kept.adjustments, which, ("PENDING",), any_of=False)
        if waiting:
            return deeds.decide(self.business, waiting, is_approved=True)
        coming = self.paper(self.kept.transfers, which, deeds.ON_THE_ROAD, any_of=False)
        if coming:
            return self.arrival(coming, 3, which, more=Decimal(0))
        draft = self.paper(self.kept.transfers, which, ("DRAFT",), any_of=False)
        if draft:
            return deeds.dispatch(self.business, draft, self.road)
        sold = [pk for pk, lines in self.kept.sales.items() if len(lines) == 1 and self.left_of(pk, 0)]
        if sold:
            pk = sold[which % len(sold)]
            return deeds.refund(self.business, pk, 0, self.left_of(pk, 0), "SHELF")
        return deeds.release(self.business, self.cart(which))

    def explanation(self, contest: list[Deed], outcomes: list[str]):
        """The books after an order of the two that explains what they were answered, and what is there. Who was told to
        try again has done nothing."""
        wrong = []
        for order in ((0, 1), (1, 0)):
            kept, answers = deepcopy(self.kept), list(outcomes)
            for index in order:
                if outcomes[index] != TRY_AGAIN:
                    answers[index] = foresee(kept, contest[index])
            if answers == outcomes:
                wrong.append(unexplained(self.business, kept, kept.sales.keys() - self.kept.sales.keys()))
                if not wrong[-1]:
                    return kept
        raise AssertionError(f"no order explains {outcomes}: {wrong}")


def refuse_input(kept: object) -> None:
    raise Refused("invalid_input")


def refuse_service(kept: object) -> None:
    raise Refused(inventory_errors.NotStocked.code)
