"""What a till that was offline sends when it is back."""

import json
from datetime import timedelta

from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import sums
from sales import sums as sales_sums
from tests.conftest import Shop

SYNC = "/api/v1/sales/sync/"


def sync(shop: Shop, *items, member=None, **extra):
    """The verdicts in the order in which they were given."""
    response = shop.client(member).post(SYNC, {"items": list(items), **extra})
    assert response.status_code == 200, response.content
    body = json.loads(b"".join(response.streaming_content))
    assert body["success"] is True
    return body["data"]


def sale(shop: Shop, quantity: str = "1", **extra):
    basket = shop.basket(quantity, **extra)
    return {"kind": "sale", "id": basket.pop("id"), "content": basket}


def customer(**extra):
    return {"kind": "customer", "id": str(uuid7()), "content": {"name": "Kofi", **extra}}


def refund_of(sold, line: str, quantity: str = "1"):
    content = {"sale": sold["id"], "reason": "broken", "lines": [{"line": line, "quantity": quantity}]}
    return {"kind": "refund", "id": str(uuid7()), "content": content}


def verdicts(results):
    return [(result["kind"], result["verdict"]) for result in results]


def codes(result):
    return [reason["code"] for reason in result["reasons"]]


def fields_of(result):
    return [(error["field"], error["code"]) for reason in result["reasons"] for error in reason["errors"]]


def ago(**span) -> str:
    return (timezone.now() - timedelta(**span)).isoformat()


def on_hand(shop: Shop):
    """Of each product, the shop's only batch."""
    with shop.inside():
        return [shop.account.stock_products.filter(product=product).get().quantity for product in shop.products]


def problems(shop: Shop):
    """Whatever does not add up: in stock, at the till, on customers' accounts."""
    with shop.inside():
        return [*sums.find_disagreements(using="default"), *sales_sums.find_disagreements(using="default")]


def cash_event(shift: str, kind: str = "PAID_OUT", amount: str = "5", **extra):
    content = {"shift": shift, "kind": kind, "amount": amount, "reason": "Ice", **extra}
    return {"kind": "cash_event", "id": str(uuid7()), "content": content}


def shift_open(shop: Shop, opening_float: str = "50", **extra):
    content = {"register": str(shop.register.pk), "opening_float": opening_float, **extra}
    return {"kind": "shift_open", "id": str(uuid7()), "content": content}


def shift_hand_over(shift: str, counted: str, **extra):
    return {"kind": "shift_hand_over", "id": str(uuid7()), "content": {"shift": shift, "counted": counted, **extra}}


def shift_close(shift: str, *pieces: tuple[str, int], **extra):
    """Closed with so many pieces of each value."""
    denominations = [{"value": value, "count": count} for value, count in pieces]
    return {
        "kind": "shift_close",
        "id": str(uuid7()),
        "content": {"shift": shift, "denominations": denominations, **extra},
    }


def customer_payment(shop: Shop, customer: str, amount: str, method: str = "CASH", **extra):
    paid = [{"method": method, "amount": amount}]
    content = {"customer": customer, "register": str(shop.register.pk), "payments": paid, **extra}
    return {"kind": "customer_payment", "id": str(uuid7()), "content": content}
