"""Goods that are gone, whatever the books say: sold by a till that was offline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import models

from accounts.models import Membership
from core import errors
from core.amounts import ZERO
from inventory import ledger, queries
from inventory.ledger import Entry
from inventory.models import MovementKind, StockProduct, Tracking
from inventory.pieces import Pieces, find_pieces
from inventory.queries import Batch, Sellable
from inventory.services.issuing import ATTEMPTS, Issue, Shelf, pick


@dataclass(frozen=True)
class Gone:
    """What a sale took that had happened: the cost of goods per line, how much of which product the books did not have,
    and the lines whose pieces are not here by the books, of which nothing was taken."""

    costs: Mapping[UUID, Decimal]
    lacking: Mapping[UUID, Decimal]
    unknown: Sequence[Issue]


def issue_gone(
    *,
    by: Membership,
    source: models.Model,
    shelf: Shelf,
    issues: Sequence[Issue],
    sellables: Mapping[UUID, Sellable],
    occurred_at: datetime,
) -> Gone:
    """Take stock for a sale that has happened, also what other carts hold. What the place lacks is found there first,
    so that nothing falls below zero. Raises TryAgain where others keep being quicker."""
    for _ in range(ATTEMPTS):
        known = find_pieces(by, {(issue.product_id, number) for issue in issues for number in issue.serials})
        taken, unknown = _sort_out(issues, sellables, known)
        lacking = _lacking(taken, sellables)
        opened, batches = _targets(by, shelf, lacking, sellables, occurred_at)
        found = [Entry(batches[product].id, MovementKind.FOUND, lacking[product]) for product in lacking]
        picks = pick(taken, _with_found(sellables, lacking, batches), known)
        sold = [
            Entry(batch.id, MovementKind.SOLD, -quantity, issue.line_id, piece)
            for issue, batch, quantity, piece in picks
        ]
        if ledger.post([*found, *sold], by=by, source=source, occurred_at=occurred_at, opened=opened):
            costs = {issue.line_id: ZERO for issue in issues}
            for issue, batch, quantity, _ in picks:
                costs[issue.line_id] += quantity * batch.unit_cost
            return Gone(costs, lacking, unknown)
        sellables = shelf.look(by, {issue.product_id for issue in issues})
    raise errors.TryAgain


def _sort_out(
    issues: Sequence[Issue], sellables: Mapping[UUID, Sellable], known: Pieces
) -> tuple[list[Issue], list[Issue]]:
    """The lines that can be taken, and those of tracked pieces that are not all named and here, each once. Numbers of
    what is not tracked so say nothing."""
    taken: list[Issue] = []
    unknown, gone = [], set[UUID]()
    for issue in issues:
        sellable = sellables[issue.product_id]
        if sellable.tracking != Tracking.SERIAL:
            taken.append(replace(issue, serials=()))
            continue
        batches = {batch.id for batch in sellable.batches}
        found = [known.get((issue.product_id, number)) for number in issue.serials]
        here = {piece.pk for piece in found if piece and piece.stock_product_id in batches} - gone
        if len(here) == len(found) == issue.quantity:
            taken.append(issue)
            gone |= here
        else:
            unknown.append(issue)
    return taken, unknown


def _lacking(issues: Sequence[Issue], sellables: Mapping[UUID, Sellable]) -> dict[UUID, Decimal]:
    """How much more of each product is gone than the place has, whoever was promised it."""
    missing: dict[UUID, Decimal] = {}
    for issue in issues:
        missing[issue.product_id] = missing.get(issue.product_id, ZERO) + issue.quantity
    for product_id in missing:
        missing[product_id] -= sum((batch.quantity for batch in sellables[product_id].batches), ZERO)
    return {product_id: quantity for product_id, quantity in missing.items() if quantity > 0}


def _targets(
    by: Membership,
    shelf: Shelf,
    lacking: Mapping[UUID, Decimal],
    sellables: Mapping[UUID, Sellable],
    received_at: datetime,
) -> tuple[list[StockProduct], dict[UUID, Batch]]:
    """Where what is lacking is found: in the youngest batch here, or else in a new one like the newest anywhere."""
    batches = {
        product: max(sellables[product].batches, key=lambda batch: batch.id)
        for product in lacking
        if sellables[product].batches
    }
    opened = []
    likely = queries.find_newest_batches(by.account, lacking.keys() - batches.keys())
    for product in lacking.keys() - batches.keys():
        like = likely.get(product)
        cost = like.unit_cost if like else ZERO
        batch = StockProduct(
            account_id=by.account_id,
            product_id=product,
            location_id=shelf.location_id,
            purchase_cost=cost,
            unit_cost=cost,
            expires_on=like.expires_on if like and like.expires_on and like.expires_on >= shelf.on else None,
            received_at=received_at,
        )
        opened.append(batch)
        batches[product] = Batch(batch.pk, ZERO, cost, expires_on=batch.expires_on)
    return opened, batches


def _with_found(
    sellables: Mapping[UUID, Sellable], lacking: Mapping[UUID, Decimal], batches: Mapping[UUID, Batch]
) -> dict[UUID, Sellable]:
    """What is on the shelf with what was found, and held for nobody."""
    whole = {}
    for product_id, sellable in sellables.items():
        there = list(sellable.batches)
        if product_id in lacking:
            target = batches[product_id]
            there = [batch for batch in there if batch.id != target.id]
            there.append(replace(target, quantity=target.quantity + lacking[product_id]))
        whole[product_id] = replace(sellable, held=ZERO, batches=there)
    return whole
