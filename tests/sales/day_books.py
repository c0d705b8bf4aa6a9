"""What the tills of a day were told, and the day's figures, reckoned from nothing else."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

ZERO = Decimal(0)
Figures = dict[tuple[str, ...], Any]
Told = dict[str, Any]


class Paid(NamedTuple):
    """Money that came in or, with a minus, went out."""

    shift: str
    method: str
    amount: Decimal
    is_late: bool = False


@dataclass
class Books:
    """By kind what was told, each thing once. What a till knows beside an answer is noted with it: what it had sent,
    and at which register."""

    told: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))

    def note(self, kind: str, answer: Told, **known: Any) -> None:
        self.told[kind].append({**answer, "_": known})

    def changed(self, kind: str, rows: list[Told]) -> "Books":
        """Other books, in which one kind is this."""
        return Books(defaultdict(list, {**self.told, kind: rows}))

    # --- What follows from several kinds together ---

    @property
    def voided(self) -> set[str]:
        return {refund["sale"] for refund in self.told["refund"] if refund["kind"] == "VOID"}

    def sold(self) -> list[Told]:
        """The sales that were not voided."""
        return [sale for sale in self.told["sale"] if sale["id"] not in self.voided]

    def returned(self) -> list[Told]:
        return [refund for refund in self.told["refund"] if refund["kind"] != "VOID"]

    def lines(self) -> dict[str, Told]:
        return {line["id"]: line for sale in self.told["sale"] for line in sale["lines"]}

    def money(self) -> Iterator[Paid]:
        for paper in (*self.told["sale"], *self.told["refund"]):
            for payment in paper["payments"]:
                yield Paid(paper["shift"], payment["method"], Decimal(payment["amount"]), is_late(paper))
        for sale in self.told["sale"]:
            if kept(sale):
                yield Paid(sale["shift"], "CASH", kept(sale), is_late(sale))
        for booking in self.told["booking"]:
            for payment in booking["payments"]:
                yield Paid(booking["_"]["shift"], payment["method"], Decimal(payment["amount"]))
        for transfer in self.told["transfer"]:
            yield Paid(transfer["_"]["shift"], "MOBILE_MONEY", Decimal(transfer["amount"]))

    def cash_expected(self, shift: Told) -> Decimal:
        cash = [p.amount for p in self.money() if p.shift == shift["id"] and p.method == "CASH" and not p.is_late]
        moved = [signed(move) for move in self.told["move"] if of_shift(move, shift)]
        return Decimal(shift["opening_float"]) + sum(cash, ZERO) + sum(moved, ZERO)

    # --- The figures ---

    def figures(self) -> Figures:
        found: Figures = {}
        for shift in self.told["shift"]:
            found |= self._z_report(shift) | self._addenda(shift)
        for each in (self._papers, self._summaries, self._tenders, self._cashiers, self._products, self._taxes):
            found |= each()
        return found | self._customers() | self._stock() | self._numbers() | self._phones()

    def _z_report(self, shift: Told) -> Figures:
        name = "Z", shift["_"]["code"]
        sales = [sale for sale in self.told["sale"] if of_shift(sale, shift)]
        sold = [sale for sale in sales if sale["id"] not in self.voided]
        void = [sale for sale in sales if sale["id"] in self.voided]
        back = [row for row in self.told["refund"] if of_shift(row, shift) and row["sale"] not in self.voided]
        numbers = sorted(sale["receipt_number"] for sale in sales)
        found: Figures = {(*name, "sales", "count"): len(sold), (*name, "voids", "count"): len(void)}
        for column in ("subtotal", "discount_total", "tax_total", "total"):
            found[*name, "sales", column] = total(sold, column)
        found[*name, "voids", "total"] = total(void, "total")
        found[*name, "change given"] = total(sales, "change_due")
        found[*name, "first number"], found[*name, "last number"] = numbers[0], numbers[-1]
        found[*name, "refunds", "count"] = len(back)
        found[*name, "refunds", "total"] = total(back, "total")
        found[*name, "refunds", "tax_total"] = total(back, "tax_total")
        for tax in taxes_of(sold):
            add(found, (*name, "levy", tax["code"]), Decimal(tax["amount"]))
        for paid in self.money():
            if paid.shift == shift["id"] and not paid.is_late:
                add(found, (*name, paid.method, "in"), max(paid.amount, ZERO))
                add(found, (*name, paid.method, "out"), max(-paid.amount, ZERO))
        for move in self.told["move"]:
            if of_shift(move, shift):
                add(found, (*name, move["kind"], "count"), 1)
                add(found, (*name, move["kind"], "amount"), Decimal(move["amount"]))
        expected = self.cash_expected(shift)
        return {
            **found,
            (*name, "expected"): expected,
            (*name, "counted"): shift["_"]["counted"],
            (*name, "difference"): shift["_"]["counted"] - expected,
        }

    def _addenda(self, shift: Told) -> Figures:
        """What came to a shift that was closed: its total, and the cash that it moved."""
        found: Figures = {}
        for kind in ("sale", "refund"):
            for paper in self.told[kind]:
                if paper["shift"] == shift["id"] and is_late(paper):
                    cash = (Decimal(each["amount"]) for each in paper["payments"] if each["method"] == "CASH")
                    found["addendum", paper["id"]] = (Decimal(paper["total"]), sum(cash, kept(paper)))
        for move in self.told["move"]:
            if move["shift"] == shift["id"] and is_late(move):
                found["addendum", move["id"]] = (None, signed(move))
        return found

    def _papers(self) -> Figures:
        """Each by itself, so that one that nobody was told of is named."""
        papers = {
            (kind, paper["id"]): (paper["register"], Decimal(paper["total"]))
            for kind in ("sale", "refund")
            for paper in self.told[kind]
        }
        return {
            **papers,
            ("sales", "papers"): len(self.told["sale"]),
            ("refunds", "papers"): len(self.told["refund"]),
        }

    def _summaries(self) -> Figures:
        sold, back = self.sold(), self.returned()
        return {
            ("summary", "sale_count"): len(sold),
            ("summary", "sale_total"): total(sold, "total"),
            ("summary", "refund_count"): len(back),
            ("summary", "refund_total"): total(back, "total"),
            ("summary", "tax_total"): total(sold, "tax_total") - total(back, "tax_total"),
        }

    def _tenders(self) -> Figures:
        found: Figures = {}
        for paid in self.money():
            add(found, ("tender", paid.method, "count"), 1)
            add(found, ("tender", paid.method, "received"), max(paid.amount, ZERO))
            add(found, ("tender", paid.method, "returned"), max(-paid.amount, ZERO))
            add(found, ("tender", paid.method, "total"), paid.amount)
        return found

    def _cashiers(self) -> Figures:
        found: Figures = {}
        for sale in self.sold():
            name = "cashier", sale["sold_by"]
            add(found, (*name, "sale_count"), 1)
            add(found, (*name, "sale_total"), Decimal(sale["total"]))
            add(found, (*name, "discount_total"), Decimal(sale["discount_total"]))
        for refund in self.returned():
            name = "cashier", refund["refunded_by"]
            add(found, (*name, "refund_count"), 1)
            add(found, (*name, "refund_total"), Decimal(refund["total"]))
        return found

    def _products(self) -> Figures:
        found, lines = {}, self.lines()
        for line in (line for sale in self.sold() for line in sale["lines"]):
            name = "product", line["product"]
            add(found, (*name, "sold"), base_units(line))
            add(found, (*name, "sale_total"), Decimal(line["total"]))
            add(found, (*name, "discount_total"), Decimal(line["discount"]))
        for back in (back for refund in self.returned() for back in refund["lines"]):
            name = "product", lines.get(back["line"], {}).get("product", "unknown")
            add(found, (*name, "returned"), base_units(back, lines.get(back["line"])))
            add(found, (*name, "refund_total"), Decimal(back["total"]))
        return found

    def _taxes(self) -> Figures:
        found: Figures = {}
        for side, papers in (("sale", self.sold()), ("refund", self.returned())):
            for tax in taxes_of(papers):
                add(found, ("levy", tax["code"], f"{side}_base"), Decimal(tax["base"]))
                add(found, ("levy", tax["code"], f"{side}_tax"), Decimal(tax["amount"]))
            for line in (line for paper in papers for line in paper["lines"]):
                kind = "taxable" if line["taxes"] else "exempt"
                add(found, ("turnover", kind, f"{side}_base"), Decimal(line["total"]) - Decimal(line["tax_amount"]))
                add(found, ("turnover", kind, f"{side}_tax"), Decimal(line["tax_amount"]))
        return found

    def _customers(self) -> Figures:
        """What each owes less what is kept for them; and each by itself where that follows from the answers: where no
        debt was collected whose goods came back."""
        net: dict[str, Decimal] = {customer["id"]: ZERO for customer in self.told["customer"]}
        wallet = dict(net)
        for who, in_debt, in_wallet in self._postings():
            net[who] = net.get(who, ZERO) + in_debt - in_wallet
            wallet[who] = wallet.get(who, ZERO) + in_wallet
        found: Figures = {("customer", who, "debt less wallet"): amount for who, amount in net.items()}
        for customer in self.told["customer"]:
            if customer["_"]["is_plain"]:
                found["customer", customer["id"], "wallet"] = wallet[customer["id"]]
        return found

    def _postings(self) -> Iterator[tuple[str, Decimal, Decimal]]:
        """Who, and by how much their debt and their wallet rose."""
        for paper in (*self.told["sale"], *self.told["refund"]):
            for payment in paper["payments"]:
                amount = Decimal(payment["amount"])
                if payment["method"] == "CUSTOMER_CREDIT":
                    yield paper["customer"], amount, ZERO
                if payment["method"] == "WALLET":
                    yield paper["customer"], ZERO, -amount
        for sale in self.told["sale"]:
            if kept(sale):
                yield sale["customer"], ZERO, kept(sale)
        for booking in self.told["booking"]:
            for entry in booking["entries"]:
                amount = Decimal(entry["amount"])
                yield booking["customer"]["id"], *((amount, ZERO) if entry["book"] == "DEBT" else (ZERO, amount))
        for transfer in self.told["transfer"]:
            yield transfer["_"]["customer"], ZERO, Decimal(transfer["amount"])

    def _stock(self) -> Figures:
        found, lines = {}, self.lines()
        for delivery in self.told["delivery"]:
            for item in delivery["_"]["items"]:
                add(found, ("on hand", item["product"]), Decimal(item["quantity"]))
        for sale in self.told["sale"]:
            for line in sale["lines"]:
                add(found, ("on hand", line["product"]), -base_units(line))
        for refund in self.told["refund"]:
            for back in refund["lines"]:
                line = lines.get(back["line"])
                if back["restock"] == "SHELF" and line:
                    add(found, ("on hand", line["product"]), base_units(back, line))
        return found

    def _numbers(self) -> Figures:
        """The last number of each register, if none is missing and none was given twice."""
        given: dict[str, Counter[int]] = defaultdict(Counter)
        for sale in self.told["sale"]:
            given[sale["register"]][int(sale["receipt_number"].rpartition("-")[2])] += 1
        return {("last number", register): last_of(numbers) for register, numbers in given.items()}

    def _phones(self) -> Figures:
        """How each request to a phone ended, and whether a sale used its money; and what became of the other money."""
        ends = {("phone", payment["id"]): payment["_"]["end"] for payment in self.told["phone"]}
        inbox = {"MATCHED": len(self.told["transfer"]), "DISMISSED": len(self.told["dismissed"])}
        return {**ends, **{("inbox", state): count for state, count in inbox.items()}}


def is_late(paper: Told) -> bool:
    """Whether the till sent it when its shift was closed."""
    return paper["_"].get("is_late", False)


def of_shift(paper: Told, shift: Told) -> bool:
    return paper["shift"] == shift["id"] and not is_late(paper)


def kept(paper: Told) -> Decimal:
    """Of a sale, the change that the customer left in the wallet: what the till had sent, less what it paid."""
    sent = paper["_"].get("sent")
    return sent - Decimal(paper["paid"]) if sent is not None else ZERO


def signed(move: Told) -> Decimal:
    amount = Decimal(move["amount"])
    return amount if move["kind"] == "PAID_IN" else -amount


def base_units(line: Told, sold: Told | None = None) -> Decimal:
    return Decimal(line["quantity"]) * Decimal((sold or line).get("factor", 1))


def taxes_of(papers: Iterable[Told]) -> Iterator[Told]:
    return (tax for paper in papers for line in paper["lines"] for tax in line["taxes"])


def total(rows: Iterable[Told], column: str) -> Decimal:
    return sum((Decimal(row[column]) for row in rows), ZERO)


def add(figures: Figures, name: tuple[str, ...], amount: Any) -> None:
    figures[name] = figures.get(name, 0) + amount


def last_of(numbers: Counter[int]) -> Any:
    whole = sorted(numbers.elements()) == list(range(1, max(numbers) + 1))
    return max(numbers) if whole else sorted(numbers.elements())


def differing(told: Figures, reported: Figures) -> list[tuple[str, ...]]:
    """The names of the figures that are not the same on both sides; one that is missing is nothing."""
    return sorted(name for name in {*told, *reported} if (told.get(name) or 0) != (reported.get(name) or 0))


def differences(told: Figures, reported: Figures) -> list[str]:
    """The same as sentences."""
    return [
        f"{' '.join(name)}: {reported.get(name)} is reported, {told.get(name)} was told"
        for name in differing(told, reported)
    ]
