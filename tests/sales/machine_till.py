"""The whole state machine of the till: the counter, what customers owe and keep, carts, and what is laid aside."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.machines import EVENLY, FEW, RARELY, WHICH
from tests.sales import machine_accounts as accounts
from tests.sales import machine_deeds as deeds
from tests.sales.machine_amounts import ZERO, total_of
from tests.sales.machine_books import CASH, CREDIT, WALLET
from tests.sales.machine_counter import Counter
from tests.sales.machine_deeds import Paper

WHO = st.integers(0, 2)
METHOD = st.sampled_from((CASH, "CARD", "BANK"))


class TillMachine(Counter):
    """All rules, in random order."""

    # --- Debts and wallets --------------------------------------------------------------------------------------------

    def debtor(self, which: int, who: int) -> UUID:
        """A customer who owes something, if one does; or else one who buys on credit now."""
        customer = self.pick([pk for pk in self.kept.accounts if self.kept.owed(pk)], who)
        if customer is None:
            self.sell_so(which, which, 4, "credit", "", who, any_of=False)
        return customer or self.business.customers[who]

    @rule(which=WHICH, who=WHO, few=FEW, method=METHOD, is_all=EVENLY, any_of=RARELY)
    def pay(self, which, who, few, method, is_all, any_of):
        """Something, all, or more than all of what is owed."""
        customer = self.debtor(which, who)
        amount = self.money(few) + (self.kept.owed(customer) if is_all and few > 6 else ZERO)
        if is_all and few <= 6:
            amount = self.kept.owed(customer) or amount
        register, payments = self.till(which, any_of=any_of), [{"method": method, "amount": amount}]
        self.ask("pay", accounts.pay(self.business, customer, register, payments, ()))

    @rule(which=WHICH, who=WHO, few=FEW, is_too_much=RARELY, is_short=RARELY)
    def pay_chosen(self, which, who, few, is_too_much, is_short):
        """The debt that was made last, first."""
        customer = self.debtor(which, who)
        debts = self.kept.debts_of(customer)
        if not debts:
            return self.pay(which, who, few, CASH, is_all=True, any_of=False)
        sale, unit = debts[-1 - few % len(debts)], self.kept.terms.unit
        chosen = self.kept.debts[sale].open if few % 2 else min(self.kept.debts[sale].open, self.money(few))
        chosen += unit * is_too_much
        paid = chosen - unit if is_short and chosen > unit else chosen + self.money(few % 3)
        payments = [{"method": CASH, "amount": paid}]
        deed = accounts.pay(self.business, customer, self.till(which), payments, [(sale, chosen)])
        return self.ask("pay chosen", deed)

    @rule(which=WHICH, who=WHO, few=FEW, method=METHOD, any_of=RARELY)
    def top_up(self, which, who, few, method, any_of):
        payments = [{"method": method, "amount": self.money(few)}, {"method": CASH, "amount": self.money(1)}]
        register = self.till(which, any_of=any_of)
        self.ask("top up", accounts.top_up(self.business, self.business.customers[who], register, payments))

    @rule(which=WHICH, who=WHO, few=FEW, method=METHOD, is_too_much=RARELY)
    def pay_out(self, which, who, few, method, is_too_much):
        customer = self.pick([pk for pk, each in self.kept.accounts.items() if each.wallet], who)
        if customer is None and not is_too_much:
            return self.top_up(which, who, few, method, any_of=False)
        customer = customer or self.business.customers[who]
        wallet = self.kept.accounts[customer].wallet
        amount = wallet + self.kept.terms.unit if is_too_much else min(wallet, self.money(few))
        return self.ask("pay out", accounts.pay_out(self.business, customer, self.till(which), amount, method))

    @rule(which=WHICH, few=FEW, is_all=EVENLY, any_of=RARELY)
    def write_off(self, which, few, is_all, any_of):
        sale = self.pick([pk for pk, debt in self.kept.debts.items() if any_of or debt.open], which)
        if sale is None:
            return self.sell_so(which, which, few, "mixed", "", few % 3, any_of=False)
        amount = None if is_all and few % 2 else min(self.kept.debts[sale].open, self.money(few))
        if any_of and amount is not None:
            amount += self.kept.debts[sale].open
        return self.ask("write off", accounts.write_off(self.business, sale, amount))

    @rule(who=WHO, few=FEW, is_blocked=RARELY)
    def change_terms(self, who, few, is_blocked):
        deed = accounts.change_terms(
            self.business, self.business.customers[who], limit=self.money(few * 12), is_blocked=is_blocked
        )
        self.ask("change terms", deed)

    @rule(which=WHICH, few=FEW, off=st.sampled_from((0, 0, 1, -1)), method=METHOD)
    def sell_gift_card(self, which, few, off, method):
        amount = self.money(few)
        payments = [{"method": method, "amount": amount + off * self.kept.terms.unit}]
        self.ask("sell gift card", accounts.sell_card(self.business, self.till(which), amount, payments))

    # --- Carts --------------------------------------------------------------------------------------------------------

    @rule(which=WHICH, what=WHICH, few=FEW)
    def fill_cart(self, which, what, few):
        lines = dict(self.basket(what, few, "").wanted)
        self.ask("fill cart", accounts.fill_cart(self.business, self.register(which), lines))

    def cart(self, which: int, *, any_of: bool) -> UUID:
        going_on = [pk for pk, cart in self.kept.carts.items() if cart.is_going_on]
        if not going_on:
            self.fill_cart(which, which // 2, 1 + which % 12)
        return self.pick([pk for pk, cart in self.kept.carts.items() if any_of or cart.is_going_on], which)

    @rule(which=WHICH, any_of=RARELY)
    def hold_cart(self, which, any_of):
        self.ask("hold cart", accounts.hold_cart(self.business, self.cart(which, any_of=any_of)))

    @rule(which=WHICH, any_of=RARELY)
    def abandon_cart(self, which, any_of):
        self.ask("abandon cart", accounts.abandon_cart(self.business, self.cart(which, any_of=any_of)))

    @rule(which=WHICH, few=FEW, any_of=RARELY)
    def sell_cart(self, which, few, any_of):
        pk = self.cart(which, any_of=any_of)
        cart = self.kept.carts[pk]
        register = next(key for key, drawer in self.kept.drawers.items() if drawer.place == cart.place)
        asked = deeds.Asked([(product, quantity, {}) for product, quantity in cart.lines.items()])
        payments = self.paying(self.due(asked), "note", few, None, None)
        deed = deeds.sell(self.business, Paper(self.till_of(register), cart=pk), asked, payments)
        self.ask("sell cart", deed)

    # --- Laid aside ---------------------------------------------------------------------------------------------------

    @rule(which=WHICH, what=WHICH, few=FEW, who=WHO, method=METHOD, off=st.sampled_from(("", "", "line", "all")))
    def lay_aside(self, which, what, few, who, method, off):
        """A fifth of it, more, or less, which is too little."""
        register, asked = self.till(which), self.basket(what, few, off)
        amount = self.kept.terms.half_up(self.due(asked) * few / 10) if few > 1 else self.money(0)
        payments = self.some(method, amount)
        deed = accounts.lay_aside(self.business, register, self.business.customers[who], asked, payments)
        self.ask("lay aside", deed)

    @staticmethod
    def some(method: str, amount: Decimal) -> list[dict[str, Any]]:
        return [{"method": method, "amount": amount}] if amount > 0 else []

    def layaway(self, which: int, *, any_of: bool, paid: bool = False) -> UUID | None:
        if not self.layaways(any_of=any_of, paid=False):
            self.lay_aside(which, which // 2, 5, which % 3, CASH, "")
        return self.pick(self.layaways(any_of=any_of, paid=paid), which)

    def layaways(self, *, any_of: bool, paid: bool) -> list[UUID]:
        found = [pk for pk, paper in self.kept.layaways.items() if any_of or paper.status == "OPEN"]
        return [pk for pk in found if any_of or not paid or self.open_of(pk) == 0]

    def open_of(self, pk: UUID) -> Decimal:
        return total_of(self.kept.layaways[pk].lines) - self.kept.layaways[pk].paid

    def till_at(self, place: UUID) -> UUID:
        return self.till_of(next(pk for pk, drawer in self.kept.drawers.items() if drawer.place == place))

    @rule(which=WHICH, few=FEW, method=METHOD, is_too_much=RARELY, any_of=RARELY)
    def pay_layaway(self, which, few, method, is_too_much, any_of):
        pk = self.layaway(which, any_of=any_of)
        if pk is None:
            return
        left = self.open_of(pk)
        amount = left + self.kept.terms.unit if is_too_much else left if few % 2 else min(left, self.money(few))
        register, payments = self.till_at(self.kept.layaways[pk].place), self.some(method, amount)
        if payments:
            self.ask("pay layaway", accounts.pay_layaway(self.business, pk, register, payments))

    @rule(which=WHICH, any_of=RARELY)
    def complete_layaway(self, which, any_of):
        """One that is paid; or else it is paid first."""
        pk = self.layaway(which, any_of=any_of, paid=True)
        if pk is None:
            return self.pay_layaway(which, 1, CASH, is_too_much=False, any_of=False)
        register = self.till_at(self.kept.layaways[pk].place)
        return self.ask("complete layaway", accounts.complete_layaway(self.business, pk, register))

    @rule(which=WHICH, few=FEW, way=st.sampled_from(("as it came", "wallet", "wrong")), any_of=RARELY)
    def cancel_layaway(self, which, few, way, any_of):
        pk = self.layaway(which, any_of=any_of)
        if pk is None:
            return
        paper, unit = self.kept.layaways[pk], self.kept.terms.unit
        fee = min(paper.paid, self.kept.terms.down(total_of(paper.lines) * few / 50))
        due = paper.paid - fee
        ways = {"as it came": None, "wallet": {WALLET: due}, "wrong": {CASH: due + unit, CREDIT: unit}}[way]
        if way == "wallet" and not due:
            ways = {}
        deed = accounts.cancel_layaway(self.business, pk, self.till_at(paper.place), fee, ways)
        self.ask("cancel layaway", deed)
