"""A state machine that does with a business's stock what people do, legal and illegal, and looks after every step."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from accounts.roles import Role
from inventory import services as inventory
from inventory.models import LocationKind, Tracking
from sales import services as sales
from tests.conftest import open_shop
from tests.inventory import machine_deeds as deeds
from tests.inventory.machine_books import Books
from tests.inventory.machine_checks import look
from tests.inventory.machine_deeds import Business
from tests.machines import BookMachine
from tests.places import add_member

COSTS = tuple(map(Decimal, ("0.5", "1.2345", "7", "33.3333")))

COST = st.sampled_from(COSTS)

serial = count(1)  # no two people have the same address


def open_business() -> Business:
    number = next(serial)
    shop = open_shop(f"Shop {number}", prices=("10.00", "3.33", "0.99", "4.00", "1.00"), stock="0")
    keeper = add_member(shop, Role.WAREHOUSE, name=f"Keeper-{number}")
    plain, cartoned, dated, loose, service = shop.products
    with shop.inside():
        by = shop.owner
        branch = inventory.add_location(by=by, kind=LocationKind.STOREFRONT, name="Kumasi")
        depot = inventory.add_location(by=by, kind=LocationKind.WAREHOUSE, name="Depot")
        till = sales.add_register(by=by, storefront=branch, code="KUM", name="Till")
        inventory.change_product(by=by, product=dated, tracking=Tracking.BATCH)
        inventory.change_product(by=by, product=loose, unit="kg")
        inventory.change_product(by=by, product=service, is_stocked=False)
        carton = inventory.add_pack(
            by=by, product=cartoned, factor=deeds.CARTON, name="Carton", retail_price=Decimal(70)
        )
        supplier = inventory.add_supplier(by=by, name="Kofi Wholesale")
    return Business(
        shop=shop,
        keeper=keeper,
        places=[shop.storefront, branch, depot],
        registers={shop.storefront.pk: shop.register, branch.pk: till},
        products=[plain, cartoned, dated, loose],
        service=service,
        carton=carton.pk,
        supplier=supplier.pk,
    )


class Machine(BookMachine):
    """The goods of a business."""

    @initialize()
    def open(self) -> None:
        self.business, self.kept = open_business(), Books()
        self.owner, self.shop = self.business.shop.owner, self.business.shop
        self.hurry()
        with self.shop.inside():
            self.road = self.shop.account.locations.get(kind=LocationKind.TRANSIT).pk
        for place in self.business.places:  # the plain product has never been in the depot
            items = [
                self.item(index, 40, COSTS[index], 30) for index in range(place.pk not in self.business.registers, 4)
            ]
            self.ask("open", deeds.deliver(self.business, place.pk, items))

    @invariant()
    def adds_up(self) -> None:
        look(self.business, self.kept, self.road)
        type(self).looks["steps"] += 1

    # --- What a step is about -----------------------------------------------------------------------------------------

    def place(self, which: int) -> UUID:
        return self.business.places[which % 3].pk

    def storefront(self, which: int) -> UUID:
        return self.business.storefronts[which % 2].pk

    @property
    def products(self) -> list[UUID]:
        return [product.pk for product in self.business.products]

    def product(self, which: int) -> UUID:
        return self.products[which % 4]

    def cart(self, which: int) -> UUID:
        return self.business.carts[which % 3]

    def amount(self, product: UUID, few: int) -> Decimal:
        """So many pieces, or eighths of a kilogram."""
        return Decimal(few) / 8 if product == self.product(3) else Decimal(few)

    def fitting(
        self, place: UUID, product: UUID, few: int, *, is_too_much: bool, cart: UUID | None = None
    ) -> Decimal | None:
        """So much of what can be had there, or more than that; None where there is nothing."""
        available, amount = self.kept.available(place, product, cart), self.amount(product, few)
        return available + amount if is_too_much else min(available, amount) or None

    def item(self, which: int, quantity: int, cost: Decimal, days: int) -> dict[str, Any]:
        product = self.product(which)
        expires_on = timezone.now().date() + timedelta(days=days) if product == self.product(2) else None
        amount = self.amount(product, quantity)
        return {"product": product, "quantity": amount, "unit_cost": cost, "expires_on": expires_on}

    def paper(self, papers: Mapping[UUID, Any], which: int, legal: Collection[str], *, any_of: bool) -> UUID | None:
        """One in a state in which the step may be taken, or any."""
        found = [pk for pk, paper in papers.items() if any_of or paper.status in legal]
        return found[which % len(found)] if found else None
