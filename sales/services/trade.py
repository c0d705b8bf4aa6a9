"""What goods that came back are worth, when others are sold for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import Membership
from sales.models import PaymentMethod, Refund
from sales.services.purse import Purse, Shares


@dataclass(frozen=True)
class Trade:
    """What goods that came back are worth: it pays for others, and what is over goes back by these tenders."""

    by: Membership
    refund: Refund
    purse: Purse
    given_back: Sequence[Mapping[str, Any]] | None

    @property
    def exchange_id(self) -> UUID:
        found: UUID = self.refund.pk
        return found

    def split(self, price: Decimal) -> tuple[Shares, Shares]:
        """What pays for goods of this price, by the tenders by which it came, and what goes back."""
        worth = self.refund.total
        paid = min(worth, price)
        given = self.purse.share_out(self.by, worth - paid, self.given_back)
        return self.purse.carry(paid, given), given

    def pay(self, price: Decimal) -> list[dict[str, Any]]:
        """The same as payments of a sale."""
        carried, _ = self.split(price)
        return [
            {"method": PaymentMethod.EXCHANGE, "came_by": came_by, "amount": amount}
            for came_by, amount in carried.items()
        ]
