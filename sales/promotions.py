"""What promotions and a coupon take off a basket: pure arithmetic. The same basket always gets the same."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from core.amounts import ZERO, percent_of, prorate, show_money
from sales.discounts import Reckoning, Source
from sales.errors import CouponNotValid


class Sold(Protocol):
    """What promotions have to know of a line."""

    @property
    def product(self) -> UUID | None: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit_price(self) -> Decimal: ...


@dataclass(frozen=True)
class Deal:
    """A promotion that holds here and today. `buys` and `gets` are those of the basket's products that are meant; None
    are all, and of `gets` those that `buys` means."""

    id: UUID
    name: str
    percent: Decimal
    amount: Decimal = ZERO
    minimum: Decimal = ZERO
    bought: int = 0
    got: int = 0
    buys: frozenset[UUID] | None = None
    gets: frozenset[UUID] | None = None

    def off(self, base: Decimal, exponent: int) -> Decimal:
        """What it takes off this much, and never more than that."""
        return min(percent_of(base, self.percent, exponent) + self.amount, base)


@dataclass(frozen=True)
class Voucher(Deal):
    """A coupon that may be used, or `is_over` and was used offline; `minimum` is what the basket has to cost without
    it."""

    is_over: bool = False


def take_promotions(deals: Sequence[Deal], lines: Sequence[Sold], reckoning: Reckoning) -> None:
    """First what is given to whoever buys so many, then the first threshold that is reached; each in the order given.

    Of the former a line takes part in one only, so that nothing is counted twice; of the latter a sale has one only.
    """
    free = set(range(len(lines)))
    for deal in deals:
        if deal.got:
            free -= _give(deal, lines, free, reckoning)
    for deal in deals:
        meant = [i for i, line in enumerate(lines) if deal.buys is None or line.product in deal.buys]
        if not deal.got and reckoning.total(meant) >= deal.minimum:
            amount = deal.off(reckoning.total(meant), reckoning.exponent)
            reckoning.share(amount, Source.PROMOTION, deal.id, deal.name, among=meant)
            return


def take_coupon(voucher: Voucher, reckoning: Reckoning) -> None:
    """Raises CouponNotValid for a basket that costs too little, after promotions."""
    left = reckoning.total()
    if left < voucher.minimum:
        minimum = show_money(voucher.minimum, reckoning.exponent)
        raise CouponNotValid(reason="basket_too_small", minimum=minimum)
    reckoning.share(voucher.off(left, reckoning.exponent), Source.COUPON, voucher.id, voucher.name)


def _give(deal: Deal, lines: Sequence[Sold], free: Collection[int], reckoning: Reckoning) -> set[int]:
    """Take `percent` off the cheapest pieces that the others earn, and tell which lines took part.

    Whole pieces count, each pack as one; who has bought enough for some of what is given gets as much as there is.
    """
    pieces = {i: int(lines[i].quantity) for i in sorted(free)}
    gets = deal.buys if deal.gets is None else deal.gets
    buys = [i for i in pieces if deal.buys is None or lines[i].product in deal.buys]
    cheapest = sorted(
        (i for i in pieces if gets is None or lines[i].product in gets), key=lambda i: (lines[i].unit_price, i)
    )
    had = sum(pieces[i] for i in buys)

    def is_too_many(count: int) -> bool:
        given = _first(count, cheapest, pieces)
        paid = had - sum(given.get(i, 0) for i in buys)
        return paid < deal.bought * -(-count // deal.got)

    most = sum(pieces[i] for i in cheapest)
    count = bisect_left(range(1, most + 1), True, key=is_too_many)
    given = _first(count, cheapest, pieces)
    off = {
        i: percent_of(
            prorate(reckoning.left[i], Decimal(some), lines[i].quantity, reckoning.exponent),
            deal.percent,
            reckoning.exponent,
        )
        for i, some in given.items()
    }
    reckoning.take(off, Source.PROMOTION, deal.id, deal.name)
    return {*buys, *given} if given else set()


def _first(count: int, lines: Sequence[int], pieces: Mapping[int, int]) -> dict[int, int]:
    """So many pieces, of one line after another."""
    given = {}
    for i in lines:
        some = min(count, pieces[i])
        if some:
            given[i] = some
        count -= some
    return given
