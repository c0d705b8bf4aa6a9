"""Counts as a till sends them, and what they leave behind."""

from uuid_utils.compat import uuid7

COUNTS = "/api/v1/inventory/stock-counts/"


def call(client, path, body=None, *, status=200, key=None, **headers):
    """What a step answers; its data, or its refusal."""
    key = key or str(uuid7())
    response = client.post(f"{COUNTS}{path}", body or {}, HTTP_IDEMPOTENCY_KEY=key, **headers)
    assert response.status_code == status, response.content
    answer = response.json()
    return answer["data"] if status < 400 else answer


def begin(shop, client=None, **extra):
    return call(client or shop.client(), "", {"location": str(shop.storefront.pk), **extra}, status=201)


def scan(shop, count, *counted, client=None, status=200, **headers):
    """Scan (product, counted) or, where there is one product, what was counted of it."""
    pairs = [each if isinstance(each, tuple) else (shop.products[0], each) for each in counted]
    items = [{"product": str(getattr(product, "pk", product)), "counted": number} for product, number in pairs]
    return call(client or shop.client(), f"{count['id']}/scan/", {"items": items}, status=status, **headers)


def step(shop, count, name, *, client=None, status=200, **headers):
    return call(client or shop.client(), f"{count['id']}/{name}/", status=status, **headers)


def sell(shop, quantity="1"):
    answer = shop.client().post("/api/v1/sales/sales/", shop.basket(quantity))
    assert answer.status_code == 201, answer.content


def on_hand(shop, product=None, place=None):
    product, place = product or shop.products[0], place or shop.storefront
    with shop.inside():
        held = shop.account.stock_products.filter(product=product, location=place)
        return sum(held.values_list("quantity", flat=True))


def counted_lines(shop):
    with shop.inside():
        posted = shop.account.stock_movements.filter(kind="COUNTED").order_by("id")
        return list(posted.values_list("quantity", flat=True))


def facts(shop):
    """All that a refusal has to leave alone."""
    with shop.inside():
        tables = ("stock_products", "stock_movements", "stock_counts", "stock_count_lines", "audit_events")
        return {name: sorted(map(str, getattr(shop.account, name).values())) for name in tables}
