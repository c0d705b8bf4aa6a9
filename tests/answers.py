"""What the API answers a shop."""

from collections.abc import Callable
from typing import Any

from tests.conftest import Shop
from tests.traces import state_of


def refused(shop: Shop, call: Callable[[], Any], status: int, code: str) -> Any:
    """The call is refused with this status and code, and nothing has changed; the body."""
    before = state_of(shop)
    response = call()
    body = response.json()
    assert (response.status_code, body["code"], body["success"]) == (status, code, False), body
    assert response["Content-Type"] == "application/json"
    assert state_of(shop) == before
    return body


def ids(shop: Shop, url: str, **query: Any) -> set[str]:
    """The rows of a list that fits on one page. A list that goes by a cursor does not count its rows."""
    response = shop.client().get(url, query)
    assert response.status_code == 200, response.content
    body = response.json()
    assert body["count"] in (None, len(body["results"]))
    return {row["id"] for row in body["results"]}


def paths_of(body: Any) -> list[tuple[str, str]]:
    """Where a refusal says that something is wrong, and what."""
    return [(error["field"], error["code"]) for error in body["errors"]]


def fields_of(body: Any) -> list[str]:
    return [field for field, _ in paths_of(body)]
