"""Reports as the API tells them."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.conftest import Shop

REPORTS = "/api/v1/reports/"
NAMES = (
    *("sales-by-day", "sales-by-hour", "sales-by-storefront", "sales-by-cashier", "sales-by-product"),
    *("sales-by-category", "sales-by-tender", "margin", "tax", "stock-value", "stock-movements", "shrinkage"),
    *("fast-stock", "dead-stock", "cash", "receivables", "customers"),
)


def get(shop: Shop, name: str, first_on: Any, last_on: Any, *, member: Any = None, **query: Any) -> Any:
    days = {"first_on": str(first_on), "last_on": str(last_on)}
    return shop.client(member).get(f"{REPORTS}{name}/", {**days, **query})


def ask(shop: Shop, name: str, first_on: date, last_on: date, *, member: Any = None, **query: Any) -> dict[str, Any]:
    """The answer, with its figures as numbers."""
    response = get(shop, name, first_on, last_on, member=member, **{"most": 1000, **query})
    assert response.status_code == 200, response.content
    told = response.json()["data"]
    kinds = {column["name"]: column["kind"] for column in told["columns"]}
    told["rows"] = [{key: _number(kinds[key], value) for key, value in row.items()} for row in told["rows"]]
    told["totals"] = {key: _number(kinds[key], value) for key, value in told["totals"].items()}
    return told


def _number(kind: str, value: Any) -> Any:
    return Decimal(value) if kind in ("count", "quantity", "money", "rate") and value is not None else value
