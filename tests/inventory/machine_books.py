"""The books that the state machine keeps: what should be in stock, worked out in plain Python from the deeds alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from tests.machines import Refused

ZERO = Decimal(0)
MOST_ADJUSTED = Decimal(200)  # what a keeper of a warehouse may decide on alone, in a currency of two digits
OUTCOMES = ("accepted", "damaged", "missing")


@dataclass(eq=False)
class Lot:
    """A batch, which came with a paper. It has a key from when the machine has found it in the database."""

    paper: UUID
    place: UUID
    product: UUID
    cost: Decimal
    expires_on: date | None
    received_at: datetime
    quantity: Decimal = ZERO
    pk: UUID | None = None

    @property
    def last_day(self) -> date:
        return self.expires_on or date.max

    def facts(self) -> tuple[object, ...]:
        return self.paper, self.quantity, self.cost, self.expires_on, self.received_at


@dataclass
class Delivery:
    lots: list[Lot]


@dataclass
class Sold:
    """A line of a sale: in packs of `factor`, and in base units what is still out of which lot."""

    quantity: Decimal
    factor: Decimal
    out: dict[Lot, Decimal]
    refunded: Decimal = ZERO


@dataclass
class Order:
    place: UUID
    wanted: dict[UUID, Decimal]
    status: str = "ORDERED"
    came: dict[UUID, Decimal] = field(default_factory=dict)


@dataclass
class Pick:
    line: int
    left: Lot
    road: Lot
    quantity: Decimal
    arrived: Lot | None = None


@dataclass
class Transfer:
    source: UUID
    destination: UUID
    lines: Sequence[tuple[UUID, Decimal]]
    status: str
    picks: list[Pick] = field(default_factory=list)

    def picks_of(self, line: int) -> list[Pick]:
        return sorted((pick for pick in self.picks if pick.line == line), key=lambda pick: pick.road.last_day)

    def on_the_road(self, line: int) -> Decimal:
        return sum((pick.road.quantity for pick in self.picks if pick.line == line), ZERO)


@dataclass
class Adjustment:
    """Its lines: a product, a signed quantity, and the key of the lot that it is of, if it is of one."""

    pk: UUID
    place: UUID
    lines: Sequence[tuple[UUID, Decimal, UUID | None]]
    occurred_at: datetime
    status: str = "PENDING"


@dataclass
class Count:
    place: UUID
    status: str = "OPEN"
    differences: dict[UUID, Decimal] = field(default_factory=dict)
    posted: list[tuple[Lot, Decimal]] = field(default_factory=list)


Moves = list[tuple[Lot, Decimal]]


@dataclass
class Books:
    """All that is where, in the order in which it came, what is promised to whom, and the papers by their ids."""

    lots: list[Lot] = field(default_factory=list)
    holds: dict[tuple[UUID, UUID, UUID], tuple[Decimal, datetime]] = field(default_factory=dict)
    deliveries: dict[UUID, Delivery] = field(default_factory=dict)
    sales: dict[UUID, list[Sold]] = field(default_factory=dict)
    orders: dict[UUID, Order] = field(default_factory=dict)
    transfers: dict[UUID, Transfer] = field(default_factory=dict)
    adjustments: dict[UUID, Adjustment] = field(default_factory=dict)
    counts: dict[UUID, Count] = field(default_factory=dict)

    # --- What there is ------------------------------------------------------------------------------------------------

    def at(self, place: UUID, product: UUID) -> list[Lot]:
        return [lot for lot in self.lots if (lot.place, lot.product) == (place, product)]

    def on_hand(self, place: UUID, product: UUID) -> Decimal:
        return sum((lot.quantity for lot in self.at(place, product)), ZERO)

    def worth(self, place: UUID, product: UUID) -> Decimal:
        return sum((lot.quantity * lot.cost for lot in self.at(place, product)), ZERO)

    def held(self, place: UUID, product: UUID, cart: UUID | None = None) -> Decimal:
        """What others than this cart have been promised, and may still come for."""
        return sum(
            (
                quantity
                for (holder, at, of), (quantity, ends_at) in self.holds.items()
                if (at, of) == (place, product) and holder != cart and ends_at > timezone.now()
            ),
            ZERO,
        )

    def fresh(self, place: UUID, product: UUID) -> list[Lot]:
        """What has not expired, the first to expire first."""
        today = timezone.now().date()
        return sorted((lot for lot in self.at(place, product) if lot.last_day >= today), key=lambda lot: lot.last_day)

    def available(self, place: UUID, product: UUID, cart: UUID | None = None) -> Decimal:
        fresh = sum((lot.quantity for lot in self.fresh(place, product)), ZERO)
        return max(fresh - self.held(place, product, cart), ZERO)

    def newest(self, place: UUID, product: UUID) -> Lot | None:
        """The lot that came last, to this place or else to any."""
        there = self.at(place, product) or [lot for lot in self.lots if lot.product == product]
        return max(enumerate(there), key=lambda each: (each[1].received_at, each[0]))[1] if there else None

    # --- What happens to it -------------------------------------------------------------------------------------------

    def open_lot(self, paper: UUID, place: UUID, product: UUID, cost: Decimal, expires_on: date | None) -> Lot:
        self.lots.append(Lot(paper, place, product, cost, expires_on, timezone.now()))
        return self.lots[-1]

    def copy_lot(self, paper: UUID, place: UUID, lot: Lot) -> Lot:
        """The same goods at another place."""
        return self.open_lot(paper, place, lot.product, lot.cost, lot.expires_on)

    def named(self, pk: UUID) -> Lot:
        return next(lot for lot in self.lots if lot.pk == pk)

    def take(
        self, place: UUID, wanted: Iterable[tuple[UUID, Decimal]], cart: UUID | None = None
    ) -> list[tuple[int, Lot, Decimal]]:
        """Take of what is available, for each line all or for none anything: line, lot, quantity."""
        wanted = list(wanted)
        if any(quantity > self.available(place, product, cart) for product, quantity in wanted):
            raise Refused("insufficient_stock")
        taken = []
        for line, (product, quantity) in enumerate(wanted):
            for lot, part in spread(quantity, self.fresh(place, product)):
                lot.quantity -= part
                taken.append((line, lot, part))
        return taken

    def lose(self, lots: Iterable[Lot], quantity: Decimal) -> Moves:
        """What would go of these, expired or promised or not, the first to expire first."""
        moves = [(lot, -part) for lot, part in spread(quantity, sorted(lots, key=lambda lot: lot.last_day))]
        if -sum((part for _, part in moves), ZERO) != quantity:
            raise Refused("insufficient_stock")
        return moves

    def target(self, paper: UUID, place: UUID, product: UUID, at: datetime) -> Lot:
        """The lot to which what is found there is added: the newest, or a new one like the newest elsewhere."""
        like = self.newest(place, product)
        if like is None:
            raise Refused("cost_required")
        return like if like.place == place else Lot(paper, place, product, like.cost, like.expires_on, at)

    def move(self, moves: Moves) -> None:
        for lot, quantity in moves:
            if lot not in self.lots:
                self.lots.append(lot)
            lot.quantity += quantity

    def plan(self, paper: Adjustment) -> Moves:
        """What an adjustment would move now."""
        moves: Moves = []
        for product, quantity, pk in paper.lines:
            if quantity > 0:
                moves.append((self.target(paper.pk, paper.place, product, paper.occurred_at), quantity))
            else:
                moves += self.lose([self.named(pk)] if pk else self.at(paper.place, product), -quantity)
        return moves

    def expired(self, place: UUID) -> list[Lot]:
        today = timezone.now().date()
        return [lot for lot in self.lots if lot.place == place and lot.last_day < today and lot.quantity]

    def end_holds(self, cart: UUID) -> None:
        self.holds = {key: held for key, held in self.holds.items() if key[0] != cart}

    def statuses(self) -> set[tuple[UUID, str]]:
        papers = (*self.orders.items(), *self.transfers.items(), *self.adjustments.items(), *self.counts.items())
        return {(pk, paper.status) for pk, paper in papers}


def spread(quantity: Decimal, lots: Iterable[Lot]) -> Iterator[tuple[Lot, Decimal]]:
    for lot in lots:
        part = min(quantity, lot.quantity)
        if part > 0:
            quantity -= part
            yield lot, part
