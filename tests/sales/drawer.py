"""What a till sends about its drawer."""

from uuid_utils.compat import uuid7

from sales import services
from tests.conftest import Shop

SHIFTS = "/api/v1/sales/shifts/"
LONG_AGO = "2026-01-31T08:00:00Z"


def post(shop: Shop, path: str, body: dict, *, member=None, key=None):
    return shop.client(member).post(f"{SHIFTS}{path}", body, HTTP_IDEMPOTENCY_KEY=key or str(uuid7()))


def ok(response, status: int = 200):
    assert response.status_code == status, response.content
    return response.json()["data"]


def start(shop: Shop, opening_float: str = "50", *, member=None, **extra):
    """A shift that has just been opened at the shop's register."""
    body = {"register": str(shop.register.pk), "opening_float": opening_float, **extra}
    return ok(post(shop, "", body, member=member), 201)


def move(shop: Shop, shift, kind: str, amount: str, *, member=None, key=None, **extra):
    body = {"kind": kind, "amount": amount, "reason": "For the day", **extra}
    return post(shop, f"{shift['id']}/cash-events/", body, member=member, key=key)


def close(shop: Shop, shift, *pieces: tuple[str, int], member=None, key=None, **extra):
    """Close with so many pieces of each value."""
    denominations = [{"value": value, "count": count} for value, count in pieces]
    return post(shop, f"{shift['id']}/close/", {"denominations": denominations, **extra}, member=member, key=key)


def report(shop: Shop, shift, letter: str):
    return ok(shop.client().get(f"{SHIFTS}{shift['id']}/{letter}-report/"))


def row(shop: Shop, shift):
    """The shift as it is in the database."""
    with shop.inside():
        return shop.account.shifts.get(pk=shift["id"])


def add_register(shop: Shop, code: str):
    with shop.inside():
        return services.add_register(by=shop.owner, storefront=shop.storefront, code=code, name="Till")
