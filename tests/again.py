"""What was written once is written again, as it was: quicker than to ask the services for the same anew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg import ClientCursor

NO_WRITES = ("SELECT", "SAVEPOINT", "RELEASE", "SET LOCAL")


@contextmanager
def noting_writes() -> Iterator[list[str]]:
    """The statements that change something, as they are executed meanwhile."""
    writes: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        assert not many
        if not sql.lstrip().startswith(NO_WRITES):
            writes.append(ClientCursor(connection.connection).mogrify(sql, params) if params else sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield writes


def write_again(writes: list[str]) -> None:
    """All in one go, in a transaction that is there already."""
    connection.connection.execute(";".join(writes).encode(), prepare=False)
