"""The rules of the till's state machine at the counter: shifts and their cash, sales, and what comes back."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import rule
from uuid_utils.compat import uuid7

from tests.machines import EVENLY, FEW, RARELY, WHICH
from tests.sales import machine_accounts as accounts
from tests.sales import machine_deeds as deeds
from tests.sales.machine import OFF, WAY, WAYS, WHOSE, Till
from tests.sales.machine_amounts import ZERO, Shares
from tests.sales.machine_books import CASH, WALLET
from tests.sales.machine_deeds import Paper, Return

RESTOCK = st.sampled_from(("SHELF", "SHELF", "DAMAGED", "NOT_RETURNED"))
BACK = st.sampled_from(("as it came", "as it came", "cash", "wallet", "card", "half", "wrong"))
WHEN = st.sampled_from((0, 1, 2, 3))  # at the beginning, in the midst, at the end, and an hour after it


class Counter(Till):
    turns = 0

    # --- Shifts -------------------------------------------------------------------------------------------------------

    def till(self, which: int, *, any_of: bool = False) -> UUID:
        """A register whose shift is open, where there has to be one, or any."""
        register = self.register(which)
        if self.kept.terms.is_shift_required and not self.kept.drawers[register].shift and not any_of:
            self.ask("open shift", deeds.open_shift(self.business, register, self.money(which % 9)))
        return register

    @rule(which=WHICH, few=FEW)
    def open_shift(self, which, few):
        self.ask("open shift", deeds.open_shift(self.business, self.register(which), self.money(few)))

    def shift(self, which: int, *, any_of: bool) -> UUID:
        """One that is open, or any."""
        if not any(shift.closed_at is None for shift in self.kept.shifts.values()):
            self.ask("open shift", deeds.open_shift(self.business, self.register(which), self.money(20)))
        return self.pick([pk for pk, shift in self.kept.shifts.items() if any_of or not shift.closed_at], which)

    @rule(which=WHICH, few=FEW, any_of=RARELY)
    def close_shift(self, which, few, any_of):
        self.ask("close shift", deeds.close_shift(self.business, self.shift(which, any_of=any_of), self.money(few)))

    @rule(which=WHICH, few=FEW, any_of=RARELY)
    def hand_over(self, which, few, any_of):
        self.ask("hand over", deeds.hand_over(self.business, self.shift(which, any_of=any_of), self.money(few)))

    @rule(
        which=WHICH, few=FEW, kind=st.sampled_from(("PAID_IN", "PAID_OUT", "DROP")), is_too_much=RARELY, any_of=RARELY
    )
    def move_cash(self, which, few, kind, is_too_much, any_of):
        pk = self.shift(which, any_of=any_of)
        cash, amount = self.kept.shifts[pk].cash, self.money(few)
        if kind != "PAID_IN":
            amount = max(cash, ZERO) + amount if is_too_much else min(max(cash, self.kept.terms.unit), amount)
        self.ask(kind.lower(), deeds.move_cash(self.business, pk, kind, amount))

    @rule(which=WHICH, few=FEW, kind=st.sampled_from(("PAID_IN", "PAID_OUT")), when=WHEN)
    def move_cash_late(self, which, few, kind, when):
        found = self.closed(which, when)
        if found is None:
            return self.close_shift(which, few, any_of=False)
        pk, at = found
        return self.ask("cash moved late", deeds.move_cash(self.business, pk, kind, self.money(few), at))

    def closed(self, which: int, when: int) -> tuple[UUID, datetime] | None:
        """A closed shift, and a moment in it, or after."""
        pk = self.pick([pk for pk, shift in self.kept.shifts.items() if shift.closed_at], which)
        if pk is None:
            return None
        shift = self.kept.shifts[pk]
        span = (shift.closed_at - shift.opened_at) / 2
        at = shift.opened_at + min(when, 2) * span
        return pk, min(at + timedelta(hours=when == 3), timezone.now())

    @rule(span=st.sampled_from((timedelta(minutes=7), timedelta(minutes=20), timedelta(hours=5), timedelta(days=1))))
    def wait(self, span):
        self.pass_time(span)

    def restock(self, register: UUID, product: UUID, few: int) -> None:
        self.ask("deliver", accounts.deliver(self.business, self.place(register), product, Decimal(few + 8)))

    # --- Sales --------------------------------------------------------------------------------------------------------

    @rule(which=WHICH)
    def buy(self, which):
        """What is done most, and by turns: people buy, and of some of it something comes back."""
        self.turns += 1
        turn, few = which + self.turns, 1 + self.turns % 12
        if turn % 5 == 3:
            self.refund(turn, few, "SHELF", "as it came", None, is_too_much=False, elsewhere=False)
        elif turn % 7 == 6:
            self.exchange(turn, turn % 64, few, 1 + turn % 4, "SHELF", "note", "as it came", None, is_too_much=False)
        else:
            self.sell_so(turn, turn * 5 % 64, few, WAYS[turn % 9], "", turn % 3, any_of=False)

    @rule(which=WHICH, what=WHICH, few=FEW, way=WAY, off=OFF, whose=WHOSE, any_of=RARELY, keeps_change=EVENLY)
    def sell(self, which, what, few, way, off, whose, any_of, keeps_change):
        self.sell_so(which, what, few, way, off, whose, any_of, keeps_change=keeps_change)

    @rule(which=WHICH, what=WHICH, few=FEW, way=WAY, whose=st.integers(0, 2))
    def sell_to_customer(self, which, what, few, way, whose):
        self.sell_so(which, what, few, way, "", whose, any_of=False)

    @rule(which=WHICH, what=WHICH, few=FEW, off=OFF, is_cashiers=RARELY)
    def sell_for_cash(self, which, what, few, off, is_cashiers):
        self.sell_so(which, what, few, "note", off, None, any_of=False, is_cashiers=is_cashiers)

    def sell_so(self, which, what, few, way, off, whose, any_of, **facts):
        customer, asked = self.customer(whose), self.basket(what, few, off)
        card = self.pick(self.kept.cards, which) if "gift" in way else None
        paper = Paper(self.till(which, any_of=any_of), customer=customer, card=card, **facts)
        self.stock_up(paper.register, asked, any_of=which % 8 == 7)
        payments = self.paying(self.due(asked), way, few, customer, card)
        self.ask(f"sell, {way}", deeds.sell(self.business, paper, asked, payments))

    def stock_up(self, register: UUID, asked, *, any_of: bool) -> None:
        """What is wanted and not there comes, unless anything goes."""
        for product, quantity in asked.wanted:
            if quantity > self.kept.available(self.place(register), product) and not any_of:
                self.restock(register, product, 40)

    @rule(which=WHICH, what=WHICH, few=FEW, way=st.sampled_from(("exact", "note", "card", "mixed")), when=WHEN)
    def sell_late(self, which, what, few, way, when):
        """A till that was offline tells of it when its shift is closed."""
        found = self.closed(which, when)
        if found is None:
            return self.close_shift(which, few, any_of=False)
        shift, at = found
        customer, asked = self.customer(what % 3), self.basket(what, few, "")
        paper = Paper(self.kept.shifts[shift].register, customer=customer, shift=shift, at=at)
        payments = self.paying(self.due(asked), way, few, customer, None)
        return self.ask("sell late", deeds.sell_late(self.business, paper, asked, payments))

    @rule(which=WHICH, what=WHICH, few=FEW, way=st.sampled_from(("exact", "card", "short")))
    def retry(self, which, what, few, way):
        """The same sale twice, with its key: the same answer, and no second effect."""
        register, asked, pk = self.till(which), self.basket(what, few, ""), uuid7()
        payments, lines = self.paying(self.due(asked), way, few, None, None), asked.as_sent()
        shown = {"id": pk, "storefront": self.place(register), "register": register}
        body = {name: str(each) for name, each in shown.items()}
        body["lines"] = [{name: str(each) for name, each in line.items()} for line in lines]
        body["payments"] = [{"method": each["method"], "amount": str(each["amount"])} for each in payments]
        deed = deeds.sell(self.business, Paper(register, pk=pk), asked, payments)
        self.ask("retry", deed, lambda: self.send("sales/sales/", body, str(uuid7())))

    # --- What comes back ----------------------------------------------------------------------------------------------

    def returned(self, which: int, few: int, restock: str, *, is_too_much: bool) -> tuple[UUID, deeds.Parts] | None:
        """A sale, and one or two of its lines: some of what is left of them, all of it, or more."""
        whole = {pk: sold for pk, sold in self.kept.sales.items() if sold.status in ("COMPLETED", "PARTLY_REFUNDED")}
        pk = self.pick(self.kept.sales if is_too_much and which % 4 == 0 else whole, which)
        if pk is None:
            return None
        parts = []
        for index, line in enumerate(self.kept.sales[pk].lines):
            if line.left and (few % 3 == 0 or not parts):
                some = min(line.left, Decimal(few) / 4) if few < 8 else line.left
                parts.append((index, line.left + few if is_too_much else some, restock))
        return pk, parts or [(0, Decimal(few), restock)]

    def worth(self, sale: UUID, parts: deeds.Parts) -> Decimal:
        lines = self.kept.sales[sale].lines
        return sum((lines[at].due(self.kept.terms, min(much, lines[at].left))[0] for at, much, _ in parts), ZERO)

    def ways(self, way: str, total: Decimal) -> Shares | None:
        """By which tenders so much is to go back."""
        half = self.kept.terms.down(total / 2)
        found = {
            "as it came": None,
            "cash": {CASH: total},
            "wallet": {WALLET: total},
            "card": {"CARD": total},
            "half": {CASH: half, WALLET: total - half},
            "wrong": {CASH: total + self.kept.terms.unit},
        }[way]
        return None if found is None else {method: amount for method, amount in found.items() if amount}

    @rule(which=WHICH, few=FEW, restock=RESTOCK, way=BACK, whose=WHOSE, is_too_much=RARELY, elsewhere=RARELY)
    def refund(self, which, few, restock, way, whose, is_too_much, elsewhere):
        found = self.returned(which, few, restock, is_too_much=is_too_much)
        if found is None:
            return self.sell_so(which, few, few, "note", "", None, any_of=False)
        sale, parts = found
        sold = self.kept.sales[sale]
        customer = None if sold.customer else self.customer(whose)
        register = self.till(which) if elsewhere else self.till_of(sold.register)
        back = Return(sale, parts, register, self.ways(way, self.worth(sale, parts)), customer)
        return self.ask(f"refund, {way}", deeds.refund(self.business, back))

    def till_of(self, register: UUID) -> UUID:
        return self.till(list(self.business.registers).index(register))

    @rule(which=WHICH, few=FEW, restock=RESTOCK, when=WHEN)
    def refund_late(self, which, few, restock, when):
        found, closed = self.returned(which, few, restock, is_too_much=False), self.closed(which, when)
        if found is None or closed is None:
            return self.close_shift(which, few, any_of=False)
        (sale, parts), (shift, at) = found, closed
        back = Return(sale, parts, self.kept.shifts[shift].register, shift=shift, at=at)
        return self.ask("refund late", deeds.refund(self.business, back))

    @rule(
        which=WHICH,
        what=WHICH,
        few=FEW,
        many=FEW,
        restock=RESTOCK,
        way=st.sampled_from(("exact", "note", "card", "credit", "short")),
        back=BACK,
        whose=WHOSE,
        is_too_much=RARELY,
    )
    def exchange(self, which, what, few, many, restock, way, back, whose, is_too_much):
        """What comes back is worth less than what is taken, or more."""
        found = self.returned(which, few, restock, is_too_much=is_too_much)
        if found is None:
            return self.sell_so(which, few, many, "split", "", 0, any_of=False)
        sale, parts = found
        sold, asked = self.kept.sales[sale], self.basket(what, many, "")
        register = self.till_of(sold.register)
        self.stock_up(register, asked, any_of=which % 8 == 7)
        worth, due = self.worth(sale, parts), self.due(asked)
        customer = sold.customer or self.customer(whose)
        payments = self.paying(due - worth, way, few, customer, None) if due > worth else []
        ways = self.ways(back, max(worth - due, ZERO))
        deed = deeds.exchange(
            self.business, Return(sale, parts, register, ways, None if sold.customer else customer), asked, payments
        )
        direction = "for more" if due > worth else "for less" if due < worth else "for the same"
        return self.ask(f"exchange {direction}", deed)

    @rule(which=WHICH, any_of=RARELY)
    def void(self, which, any_of):
        """The last sales are those that may still be voided."""
        now = [
            pk
            for pk, sold in self.kept.sales.items()
            if sold.status == "COMPLETED" and deeds._is_of_now(self.kept, sold) and not sold.for_exchange
        ]
        sale = self.pick(self.kept.sales if any_of else now, which)
        if sale is None:
            return self.sell_so(which, which, 3, "card", "", None, any_of=False)
        return self.ask("void", deeds.void(self.business, sale))
