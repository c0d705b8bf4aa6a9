from typing import Any

from core.api import fields

MOST_PIECES = 1000


class SerialsField(fields.BoundedList):
    """The serial numbers of pieces."""

    child = fields.TextField(max_length=64)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_PIECES, **kwargs)
