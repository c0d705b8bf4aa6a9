"""A supplier is forgotten; what was bought there stays."""

from uuid_utils.compat import uuid7

from tests.accounts.test_erasure import tables_that_say
from tests.conftest import open_shop
from tests.inventory.catalogue import post
from tests.inventory.requests import STOCK, SUPPLIERS
from tests.inventory.test_suppliers import TRADER

ORDERS = "/api/v1/inventory/purchase-orders/"


def test_no_table_says_who_a_forgotten_supplier_was(committed):
    shop = open_shop("Ama Provisions")
    client, own = shop.client(), str(uuid7())
    words = [text for text in TRADER.values() if isinstance(text, str)]
    post(shop, SUPPLIERS, {"id": own, **TRADER})
    assert client.patch(f"{SUPPLIERS}{own}/", {"name": "Quartey & Daughters"}).status_code == 200
    goods = {"product": str(shop.products[0].pk), "quantity": "2", "unit_cost": "1"}
    bought = {"supplier": own, "location": str(shop.storefront.pk)}
    order = client.post(ORDERS, {**bought, "id": str(uuid7()), "lines": [goods]})
    came = client.post(STOCK, {**bought, "id": str(uuid7()), "items": [goods]})
    assert (order.status_code, came.status_code) == (201, 201)
    said = [*words, "Quartey & Daughters"]
    assert tables_that_say(*said) == {"suppliers", "idempotency_keys"}
    assert client.post(f"{SUPPLIERS}{own}/erase/").status_code == 200
    assert tables_that_say(*said, "Quartey") == set()
    for url, pk in ((ORDERS, order.json()["data"]["id"]), (STOCK, came.json()["data"]["id"])):
        assert client.get(f"{url}{pk}/").json()["data"]["supplier"] == own
