"""Documents of every kind that can have attachments, and what is sent to them."""

from decimal import Decimal
from typing import Any

from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from tests.conftest import Shop, receive
from tests.inventory.adjusting import adjusted
from tests.places import add_member
from tests.uploads import kept

API = "/api/v1/inventory/"
KINDS = ("adjustments", "stock", "transfers", "supplier-returns")


def pending(shop: Shop) -> str:
    """The address of an adjustment on which nobody has decided."""
    with shop.inside():
        there = shop.account.memberships.filter(name="Keeper").first()
    keeper = there or add_member(shop, Role.WAREHOUSE, name="Keeper")
    found = {"product": str(shop.products[0].pk), "quantity": "1", "unit_cost": "1000"}
    made = adjusted(shop, "FOUND", found, member=keeper)
    assert made["status"] == "PENDING"
    return f"{API}adjustments/{made['id']}/"


def opened(shop: Shop, kind: str) -> str:
    """The address of a document of the kind; of a transfer or an adjustment, one that is not booked."""
    if kind == "adjustments":
        return pending(shop)
    with shop.inside():
        if kind == "transfers":
            there = inventory.add_location(by=shop.owner, kind="WAREHOUSE", name=f"Depot {uuid7()}")
            wanted = [{"product": shop.products[0].pk, "quantity": Decimal(1)}]
            document: Any = inventory.open_transfer(
                by=shop.owner, source=shop.storefront.pk, destination=there.pk, lines=wanted
            )
        else:
            document = receive(shop, "5")
        if kind == "supplier-returns":
            batch = shop.account.stock_products.filter(stock=document).first()
            items = [{"batch": batch.pk, "quantity": Decimal(1)}]
            document = inventory.send_back_stock(by=shop.owner, stock=document, items=items)
    return f"{API}{kind}/{document.pk}/"


def attach(shop: Shop, document: str, file: Any = None, *, by: Any = None, key: str = "", **headers: Any) -> Any:
    """The answer; without a file, to one that the member has just sent."""
    file = file or kept(shop, by=by)["id"]
    client = shop.client(by)
    return client.post(f"{document}attachments/", {"file": file}, HTTP_IDEMPOTENCY_KEY=key or str(uuid7()), **headers)


def attached(shop: Shop, document: str, file: Any = None, **facts: Any) -> dict[str, Any]:
    response = attach(shop, document, file, **facts)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def listed(shop: Shop, document: str) -> list[dict[str, Any]]:
    """What is attached, which the document says as well."""
    found = shop.client().get(f"{document}attachments/").json()["data"]
    assert shop.client().get(document).json()["data"]["attachments"] == found
    return found


def take_off(shop: Shop, document: str, attachment: Any, *, by: Any = None) -> Any:
    return shop.client(by).delete(f"{document}attachments/{attachment}/")
