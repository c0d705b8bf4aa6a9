"""What a business holds: compare it to prove that nothing was changed."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from core import tenancy
from tests.conftest import Shop

MOVING = {"sessions", "users"}  # which every request may touch
_ROWS = "SELECT '{table}', coalesce(array_agg(t::text ORDER BY t::text), '{{}}') FROM {table} t WHERE {which}"


@cache
def _question() -> str:
    """Every row of every table of an account. Who calls may have to sign in first."""
    owned = {model._meta.db_table for model in apps.get_models() if issubclass(model, tenancy.AccountOwned)}
    which = dict.fromkeys(sorted(owned - MOVING), "account_id = %(account)s")
    which["audit_events"] += " AND action <> 'session.opened'"
    return " UNION ALL ".join(_ROWS.format(table=table, which=where) for table, where in which.items())


def state_of(shop: Shop) -> dict[str, list[str]]:
    """The rows of each table."""
    with shop.inside(), connection.cursor() as cursor:
        cursor.execute(_question(), {"account": shop.id})
        return dict(cursor.fetchall())


def refused_with(shop: Shop, error: type[Exception], call: Callable[[], Any]) -> Any:
    """The call is refused with this error, and nothing has changed; the error."""
    before = state_of(shop)
    with pytest.raises(error) as caught:
        call()
    assert state_of(shop) == before
    return caught.value
