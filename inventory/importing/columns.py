"""What the columns of a table are called, and what a row says in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.errors import FieldError
from inventory.errors import HeadingsMissing, HeadingsUnknown, HeadingTwice, TableTooLarge
from inventory.importing.tables import MOST_COLUMNS, MOST_ROWS

MOST_LETTERS = 1000  # of a cell

# What people call them besides.
SYNONYMS = {
    **dict.fromkeys(("code", "product_code", "article"), "sku"),
    **dict.fromkeys(("product", "product_name", "description"), "name"),
    **dict.fromkeys(("ean", "gtin", "upc"), "barcode"),
    **dict.fromkeys(("price", "selling_price", "sales_price"), "retail_price"),
    **dict.fromkeys(("tax",), "tax_class"),
    **dict.fromkeys(("stocked",), "is_stocked"),
    **dict.fromkeys(("qty", "stock", "on_hand"), "quantity"),
    **dict.fromkeys(("cost", "cost_price", "purchase_cost"), "unit_cost"),
    **dict.fromkeys(("expiry", "expires_on", "best_before"), "expiry_date"),
    **dict.fromkeys(("telephone", "mobile"), "phone"),
    **dict.fromkeys(("mail", "e_mail"), "email"),
    **dict.fromkeys(("lead_time", "lead_time_days"), "lead_days"),
}


@dataclass(frozen=True)
class Columns:
    """The columns that a kind of table may have.

    One of each group in `needed` has to be there; no two rows say the same in all of a group in `unique`.
    """

    names: Sequence[str]
    needed: Sequence[Sequence[str]]
    unique: Sequence[Sequence[str]]


def read_headings(columns: Columns, cells: Sequence[str]) -> list[str]:
    """The column that each heading names, "" for none. Raises HeadingsUnknown, HeadingTwice and HeadingsMissing."""
    if any(cells[MOST_COLUMNS:]):
        raise TableTooLarge(rows=MOST_ROWS, columns=MOST_COLUMNS)
    headings = [_plain(cell) for cell in cells]
    headings = [SYNONYMS.get(heading, heading) for heading in headings]
    known = {*columns.names, ""}
    unknown = [cell for cell, heading in zip(cells, headings, strict=True) if heading not in known]
    if unknown:
        raise HeadingsUnknown(headings=", ".join(unknown)[:300])
    for heading in headings:
        if heading and headings.count(heading) > 1:
            raise HeadingTwice(heading=heading)
    missing = [" or ".join(names) for names in columns.needed if not {*names} & {*headings}]
    if missing:
        raise HeadingsMissing(headings=", ".join(missing))
    return headings


def _plain(heading: str) -> str:
    return "_".join(heading.strip(" *:").lower().replace("-", " ").replace("_", " ").split())


def read_row(headings: Sequence[str], cells: Sequence[str]) -> tuple[dict[str, str], list[FieldError]]:
    """What the filled cells say, by column, and what is wrong with cells whatever they say."""
    said, wrong = {}, []
    for index, cell in enumerate(cells):
        heading = headings[index] if index < len(headings) else ""
        if cell and not heading:
            detail = f"There is something in column {index + 1}, which has no heading."
            wrong.append(FieldError("", "column_unknown", detail))
        elif len(cell) > MOST_LETTERS:
            wrong.append(FieldError(heading, "max_length", f"At most {MOST_LETTERS} characters."))
        elif cell:
            said[heading] = cell
    return said, wrong


class Repeats:
    """What was said in earlier rows, right or wrong, and must not be said again."""

    def __init__(self, columns: Columns) -> None:
        self._unique = columns.unique
        self._seen: dict[tuple[str, ...], int] = {}

    def note(self, number: int, said: Mapping[str, str]) -> Iterator[FieldError]:
        """What this row says again; it is remembered for those that come."""
        for names in self._unique:
            if any(name in said for name in names):
                key = (names[0], *(_sameness(name, said.get(name, "")) for name in names))
                first = self._seen.setdefault(key, number)
                if first != number:
                    yield FieldError(names[0], "row_repeated", f"Row {first} says the same already.")


def _sameness(name: str, text: str) -> str:
    return text.lower() if name == "name" else text
