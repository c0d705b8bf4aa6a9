"""What is sent to the adjustments, and what is left to look at afterwards."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services as inventory
from tests.answers import refused
from tests.conftest import Shop

ADJUSTMENTS = "/api/v1/inventory/adjustments/"
EXPIRED = "write-off-expired/"


def line(product, quantity="1", **facts):
    return {"product": str(product.pk), "quantity": quantity, **facts}


def post(shop: Shop, path="", body=None, *, member=None, key=None, **headers):
    key = key or str(uuid7())
    return shop.client(member).post(f"{ADJUSTMENTS}{path}", body or {}, HTTP_IDEMPOTENCY_KEY=key, **headers)


def ask(shop: Shop, kind: str, *lines, member=None, place=None, facts=None, **headers):
    """The answer to an adjustment of these lines; a quantity stands for a line of the first product."""
    items = [line(shop.products[0], each) if isinstance(each, str) else each for each in lines]
    body = {"location": str((place or shop.storefront).pk), "kind": kind, "reason": "Seen", "lines": items}
    return post(shop, body={**body, **(facts or {})}, member=member, **headers)


def adjusted(shop: Shop, kind: str, *lines, **facts):
    response = ask(shop, kind, *lines, **facts)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def step(shop: Shop, adjustment, name: str, **facts):
    return post(shop, f"{adjustment['id']}/{name}/", **facts)


def stepped(shop: Shop, adjustment, name: str, **facts):
    response = step(shop, adjustment, name, **facts)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def write_off(shop: Shop, **facts):
    return post(shop, EXPIRED, {"location": str(shop.storefront.pk)}, **facts)


def booked(shop: Shop, adjustment):
    """The ledger's lines of an adjustment: kind, quantity, value."""
    with shop.inside():
        lines = shop.account.stock_movements.filter(source="adjustment", source_id=adjustment["id"])
        return list(lines.order_by("id").values_list("kind", "quantity", "value"))


def stock(shop: Shop, quantity: str, *, product=None, days=None, cost="1", serials=()):
    """A delivery of one batch that expires in so many days; the batch."""
    today = timezone.localdate(timezone=shop.account.zone)
    item = {
        "product": (product or shop.products[0]).pk,
        "quantity": Decimal(quantity),
        "unit_cost": Decimal(cost),
        "expires_on": None if days is None else today + timedelta(days=days),
        "serials": list(serials),
    }
    with shop.inside():
        delivery = inventory.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[item])
        return shop.account.stock_products.get(stock=delivery)


def left(shop: Shop, *batches):
    with shop.inside():
        found = shop.account.stock_products.in_bulk([batch.pk for batch in batches])
        return [found[batch.pk].quantity for batch in batches]


def add_product(shop: Shop, sku: str, **facts):
    with shop.inside():
        return inventory.add_product(by=shop.owner, sku=sku, name=sku, retail_price=Decimal(9), **facts)


def papers(shop: Shop):
    """What a refusal has to leave alone, beside the stock."""
    with shop.inside():
        account = shop.account
        return (
            list(account.adjustments.order_by("id").values()),
            list(account.adjustment_lines.order_by("id").values()),
            list(account.document_counters.order_by("code").values_list("code", "last_number")),
            list(account.serial_numbers.order_by("id").values_list("id", "stock_product_id")),
        )


def unchanged(shop, call, status, code):
    before = papers(shop)
    body = refused(shop, call, status, code)
    assert papers(shop) == before
    return body


def dear(shop, value="200.01"):
    """A batch of one piece that is worth so much."""
    return stock(shop, "1", cost=value)


def waiting(shop, keeper, value="200.01", **facts):
    batch = dear(shop, value)
    found = adjusted(shop, "DAMAGE", line(shop.products[0], stock_product=str(batch.pk)), member=keeper, **facts)
    assert found["status"] == "PENDING"
    return found, batch
