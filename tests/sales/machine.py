"""A state machine that does at a business's tills what people do, legal and illegal, and looks after every step."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from accounts.models import Account
from inventory import services as inventory
from inventory.models import LocationKind, TaxClass
from sales import services as sales
from tests.conftest import open_shop
from tests.machines import BookMachine
from tests.sales import machine_accounts as accounts
from tests.sales.machine_amounts import ZERO, Asked, Terms, price, total_of
from tests.sales.machine_books import CASH, CREDIT, GIFT, WALLET, Books, Drawer
from tests.sales.machine_books import Account as KeptAccount
from tests.sales.machine_checks import look
from tests.sales.machine_deeds import Business

PRICES = ("10.00", "3.33", "0.99", "4.37")
# In francs there are no hundredths. Where there is no coin of one, cash is rounded.
KINDS: Mapping[str, Mapping[str, Any]] = {
    "inclusive": {"prices_include_tax": True, "is_shift_required": False, "cash_rounding": ZERO},
    "exclusive": {"prices_include_tax": False, "is_shift_required": True, "cash_rounding": Decimal("0.05")},
    "francs": {"prices_include_tax": True, "is_shift_required": True, "cash_rounding": Decimal(5)},
}
CUSTOMERS = {"Efua": ("200", 30), "Kofi": ("20", 7), "Yaa": ("60", 0)}  # how much they may owe, and how long

WAYS = (
    *("exact", "note", "card", "bank", "credit", "wallet", "gift", "split", "mixed"),
    *("short", "excess", "all wallet", "all gift"),
)
WAY = st.sampled_from(WAYS)
OFF = st.sampled_from(("", "", "", "line", "line percent", "all", "all percent", "both", "too much"))
WHOSE = st.sampled_from((0, 1, 2, None))

CLOSELY = 5  # every so many steps

serial = count(1)  # no two people have the same address
T = TypeVar("T")


def open_business(kind: str) -> tuple[Business, Terms]:
    facts, is_francs = KINDS[kind], kind == "francs"
    scale = Decimal(100) if is_francs else Decimal(1)
    prices = tuple(f"{Decimal(each) * scale:f}" for each in PRICES)
    shop = open_shop(f"Tills {next(serial)}", currency="XOF" if is_francs else "GHS", prices=prices, stock="0")
    with shop.inside():
        by = shop.owner
        Account.across_accounts.filter(pk=shop.id).update(**facts)
        for account in {id(each): each for each in (shop.account, by.account, shop.cashier.account)}.values():
            account.refresh_from_db()
        branch = inventory.add_location(by=by, kind=LocationKind.STOREFRONT, name="Kumasi")
        till = sales.add_register(by=by, storefront=branch, code="KUM", name="Till")
        inventory.change_product(by=by, product=shop.products[1], tax_class=TaxClass.EXEMPT)
        customers = [
            sales.add_customer(by=by, name=name, credit_limit=Decimal(limit) * scale, terms_days=days).pk
            for name, (limit, days) in CUSTOMERS.items()
        ]
    products = [product.pk for product in shop.products]
    terms = Terms(
        unit=Decimal(1) if is_francs else Decimal("0.01"),
        coin=facts["cash_rounding"],
        prices={pk: Decimal(each) for pk, each in zip(products, prices, strict=True)},
        exempt=products[1],
        is_inclusive=facts["prices_include_tax"],
        is_shift_required=facts["is_shift_required"],
    )
    registers = {shop.register.pk: shop.register, till.pk: till}
    return Business(shop, registers, products, customers), terms


class Till(BookMachine):
    """A business of one of three kinds, and what a step is about."""

    kept: Books

    @initialize(kind=st.sampled_from(sorted(KINDS)))
    def open(self, kind: str) -> None:
        self.business, terms = open_business(kind)
        self.shop, self.scale = self.business.shop, Decimal(100) if kind == "francs" else Decimal(1)
        drawers = {pk: Drawer(row.storefront_id, row.code) for pk, row in self.business.registers.items()}
        of_customers = zip(self.business.customers, CUSTOMERS.values(), strict=True)
        self.kept = Books(
            terms, drawers, {pk: KeptAccount(Decimal(limit) * self.scale, days) for pk, (limit, days) in of_customers}
        )
        self.hurry()
        for drawer in drawers.values():
            for product in self.business.products:
                self.ask("deliver", accounts.deliver(self.business, drawer.place, product, Decimal(40)))

    @invariant()
    def adds_up(self) -> None:
        looks = type(self).looks
        looks["steps"] += 1
        look(self.business, self.kept, is_close=looks["steps"] % CLOSELY == 0)

    # --- What a step is about -----------------------------------------------------------------------------------------

    @staticmethod
    def pick(found: Iterable[T], which: int) -> T | None:
        there = list(found)
        return there[which % len(there)] if there else None

    def register(self, which: int) -> UUID:
        return list(self.business.registers)[which % 2]

    def place(self, register: UUID) -> UUID:
        return self.kept.drawers[register].place

    def customer(self, whose: int | None) -> UUID | None:
        return None if whose is None else self.business.customers[whose]

    def money(self, few: int) -> Decimal:
        """So many times 1.37, or in francs 137."""
        return few * Decimal("1.37") * self.scale

    def basket(self, which: int, few: int, off: str) -> Asked:
        """One to three products, of the last one in eighths of a kilogram; with what is left off."""
        products = [self.business.products[(which + n) % 4] for n in range(1 + which // 4 % 3)]
        last = self.business.products[3]
        lines = [(each, Decimal(few) / 8 if each == last else Decimal(1 + few % 5)) for each in products]
        little, percent = self.kept.terms.unit * few, Decimal(few) * Decimal("2.5")
        of_line = {
            "line": {"discount": little},
            "both": {"discount": little},
            "line percent": {"discount_percent": percent},
            "too much": {"discount": self.money(1000)},
        }.get(off, {})
        of_all = {
            "all": {"discount": little * 3},
            "both": {"discount": little},
            "all percent": {"discount_percent": percent},
        }.get(off, {})
        return Asked([(*line, of_line if not index else {}) for index, line in enumerate(lines)], of_all)

    def due(self, asked: Asked) -> Decimal:
        """What it will cost; of what cannot be priced, anything."""
        lefts = Asked([(product, quantity, {}) for product, quantity, _ in asked.lines])
        too_much = any(off.get("discount", ZERO) >= self.money(1000) for *_, off in asked.lines)
        return total_of(price(self.kept.terms, lefts if too_much else asked))

    def paying(
        self, due: Decimal, way: str, few: int, customer: UUID | None, card: UUID | None
    ) -> list[dict[str, Any]]:
        """Payments of what is due, in this way."""
        terms, third = self.kept.terms, self.kept.terms.down(due / 3)
        coin = terms.coin or terms.unit
        coins = -(-due // coin) * coin
        wallet = min(self.kept.accounts[customer].wallet, due) if customer else ZERO
        on_card = min(self.kept.cards[card], due) if card else ZERO
        more = self.money(few) // coin * coin
        ways: Mapping[str, Sequence[tuple[str, Decimal]]] = {
            "exact": [(CASH, coins)],
            "note": [(CASH, coins + more)],
            "card": [("CARD", due)],
            "bank": [("BANK", due)],
            "credit": [(CREDIT, due)],
            "wallet": [(WALLET, wallet), (CASH, coins - wallet + more if due > wallet else ZERO)],
            "gift": [(GIFT, on_card), ("CARD", due - on_card)],
            "split": [("CARD", third), (CREDIT, third), (CASH, coins - 2 * third + more)],
            "mixed": [(CASH, third // coin * coin), (CREDIT, due - third // coin * coin)],
            "short": [(CASH, max(due - coin, ZERO))],
            "excess": [("CARD", due + terms.unit)],
            "all wallet": [(WALLET, due)],
            "all gift": [(GIFT if card else "BANK", due)],
        }
        code = {"reference": self.business.codes[card]} if card else {}
        return [
            {"method": method, "amount": amount, **(code if method == GIFT else {})}
            for method, amount in ways[way]
            if amount > 0
        ]
