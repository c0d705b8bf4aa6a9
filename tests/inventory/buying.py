"""Purchase orders as they are sent, and what they leave behind."""

from decimal import Decimal

from uuid_utils.compat import uuid7

from inventory import services
from tests.answers import refused
from tests.conftest import Shop

ORDERS = "/api/v1/inventory/purchase-orders/"
STEPS = ("order", "receive", "close", "cancel")


def supplier(shop: Shop, name: str = "Makola Traders", **facts):
    with shop.inside():
        return shop.account.suppliers.create(name=name, **facts)


def line(product, quantity: str = "10", unit_cost: str = "2.5"):
    return {"product": str(product.pk), "quantity": quantity, "unit_cost": unit_cost}


def draft(shop: Shop, trader, *lines, **facts):
    return {
        "id": str(uuid7()),
        "supplier": str(trader.pk),
        "location": str(shop.storefront.pk),
        "lines": list(lines) or [line(shop.products[0])],
        **facts,
    }


def made(shop: Shop, trader, *lines, **facts):
    response = shop.client().post(ORDERS, draft(shop, trader, *lines, **facts))
    assert response.status_code == 201, response.content
    return response.json()["data"]


def call(shop: Shop, pk: str, step: str, body=None, *, key=None, member=None):
    headers = {"HTTP_IDEMPOTENCY_KEY": key or str(uuid7())}
    return shop.client(member).post(f"{ORDERS}{pk}/{step}/", body or {}, **headers)


def took(shop: Shop, pk: str, step: str, body=None, **how):
    response = call(shop, pk, step, body, **how)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def ordered(shop: Shop, trader, *lines, **facts) -> str:
    pk = made(shop, trader, *lines, **facts)["id"]
    assert took(shop, pk, "order")["status"] == "ORDERED"
    return pk


def goods(product, quantity: str = "1", **facts):
    return {"items": [{"product": str(product.pk), "quantity": quantity, **facts}]}


def shown(shop: Shop, pk: str):
    return shop.client().get(f"{ORDERS}{pk}/").json()["data"]


def progress(order):
    names = ("quantity", "received_quantity", "outstanding_quantity", "excess_quantity")
    return [tuple(str(Decimal(each[name]).normalize()) for name in names) for each in order["lines"]]


def history(shop: Shop, pk: str):
    with shop.inside():
        events = shop.account.audit_events.filter(subject_id=pk).order_by("id")
        return [(event.action, event.by_id) for event in events]


def bring(shop: Shop, trader, status: str) -> str:
    """An order in this state."""
    pk = made(shop, trader)["id"]
    steps = {
        "DRAFT": [],
        "ORDERED": ["order"],
        "PARTLY_RECEIVED": ["order", "receive"],
        "RECEIVED": ["order", "receive"],
        "CLOSED": ["order", "close"],
        "CANCELLED": ["cancel"],
    }
    for step in steps[status]:
        body = goods(shop.products[0], "10" if status == "RECEIVED" else "4") if step == "receive" else None
        took(shop, pk, step, body)
    assert shown(shop, pk)["status"] == status
    return pk


def rows(shop: Shop):
    """All that is known of orders."""
    with shop.inside():
        lines = shop.account.purchase_order_lines.order_by("id").values_list("id", "quantity", "received_quantity")
        orders = shop.account.purchase_orders.order_by("id")
        return list(lines), list(orders.values_list("id", "status", "version", "supplier_id", "location_id", "reason"))


def unchanged(shop: Shop, request, status: int, code: str):
    """The call is refused, and nothing has changed, of the orders either; the body."""
    before = rows(shop)
    body = refused(shop, request, status, code)
    assert rows(shop) == before
    return body


def receive(shop: Shop, pk, quantity: str = "5"):
    """Receive so much of the order, in a transaction of its own; the status after it."""
    with shop.inside():
        order = shop.account.purchase_orders.locked().get(pk=pk)
        items = [{"product": shop.products[0].pk, "quantity": Decimal(quantity)}]
        return services.receive_order(by=shop.owner, order=order, items=items).status
