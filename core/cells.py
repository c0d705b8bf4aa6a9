"""Values written out: exactly, and for a spreadsheet so that no spreadsheet takes a text for a formula."""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

# An apostrophe is among them so that the one put before the others can be told from one that was there.
# Where a semicolon is what parts cells, as in much of Europe and West Africa, another cell begins after it.
# For it our quotation marks do not begin the cell: what is between them ends with the line, and theirs are passed over.
_NOT_AFTER = re.compile(r"""([;\t\r\n]"*)(?=[=+\-@'])""")
_AFTER = re.compile(r"""([;\t\r\n]"*)'(?=[=+\-@'])""")
_NOT_FIRST = tuple("=+-@\t\r\n'")


def plain(value: Any) -> Any:
    """For JSON: decimals and ids as text, moments in UTC; what JSON has itself stays as it is."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def cell(value: Any) -> str:
    """For CSV: a text that a spreadsheet would calculate gets an apostrophe in front; numbers stay numbers."""
    if isinstance(value, str):
        value = _NOT_AFTER.sub(r"\1'", value)
        return f"'{value}" if value.startswith(_NOT_FIRST) else value
    if value is None:
        return ""
    shown = plain(value)
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)


def read_cell(text: str) -> str:
    """What `cell` was given for this text: without the apostrophes that it put there."""
    if text.startswith("'") and text[1:].startswith(_NOT_FIRST):
        text = text[1:]
    return _AFTER.sub(r"\1", text)
