"""Labels: sheets of them that a member asked for, drawn in the background."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any
from uuid import UUID

from django.core.files.base import File

from accounts.models import Membership
from core import errors, paper
from core.amounts import round_money
from inventory import labels, queries
from inventory.errors import BarcodeUnprintable
from inventory.labels import Label
from inventory.models import Product, ProductPack
from system import media
from system import services as system
from system.models import Task

KIND = "inventory.labels"
MOST_LABELS = 1_000

Line = Mapping[str, Any]


def start_labels(*, by: Membership, lines: Sequence[Line], layout: str, with_price: bool = True) -> Task:
    """Leave labels, so many copies of each line's product or pack, to the background.

    Raises InvalidInput for a product or a pack that is none, and for more than 1,000 labels; BarcodeUnprintable, naming
    the products, for what has no barcode, or one that is not to be printed this small.
    """
    if sum(line["copies"] for line in lines) > MOST_LABELS:
        raise errors.InvalidInput(errors=[errors.FieldError("lines", "too_many_labels", "At most 1000 labels.")])
    _refuse_unprintable(_labels(by, lines, with_price=with_price), layout)
    asked = [
        {"product": str(line["product"]), "pack": _text(line.get("pack")), "copies": line["copies"]} for line in lines
    ]
    return system.start_task(by=by, kind=KIND, params={"lines": asked, "layout": layout, "with_price": with_price})


def _text(pk: UUID | None) -> str | None:
    return str(pk) if pk else None


def make_labels(*, by: Membership, task: Task) -> Iterator[None]:
    """The steps of drawing labels, a page each, at the prices of now; begun anew after a worker was killed."""
    asked = task.params
    lines = [
        {**line, "product": UUID(line["product"]), "pack": UUID(line["pack"]) if line["pack"] else None}
        for line in asked["lines"]
    ]
    found = _labels(by, lines, with_price=asked["with_price"])
    _refuse_unprintable(found, asked["layout"])
    sheets = labels.Sheets(asked["layout"])
    task.total = task.done + sum(label.copies for label in found)
    for count in sheets.add(found):
        task.done += count
        yield
    replaced = sorted(set().union(*(paper.printable(label.name)[1] for label in found)))
    task.result = {"labels": sum(label.copies for label in found), "replaced": replaced}
    if replaced:
        task.message = f"Letters that the font lacks were replaced: {' '.join(replaced)}"[:500]
    name = f"labels {by.account.today}.pdf"
    task.file = system.keep_file(by=by, file=File(BytesIO(sheets.content())), name=name, content_type=media.PDF)


def _labels(by: Membership, lines: Sequence[Line], *, with_price: bool) -> list[Label]:
    """What is to be on the labels. Raises InvalidInput for a product or a pack that is none."""
    products = by.account.products.in_bulk({line["product"] for line in lines})
    packs = queries.find_packs(by.account, {line["pack"] for line in lines if line.get("pack")})
    unknown = list(_unknown_products(lines, products)) or list(_unknown_packs(lines, packs))
    if unknown:
        raise errors.InvalidInput(errors=unknown)
    pairs = [(line, products[line["product"]], packs.get(line.get("pack"))) for line in lines]
    return [_label(by, product, pack, line["copies"], with_price=with_price) for line, product, pack in pairs]


def _unknown_products(lines: Sequence[Line], products: Mapping[UUID, Product]) -> Iterator[errors.FieldError]:
    for index, line in enumerate(lines):
        if line["product"] not in products:
            yield errors.unknown_reference(f"lines.{index}.product")


def _unknown_packs(lines: Sequence[Line], packs: Mapping[UUID | None, ProductPack]) -> Iterator[errors.FieldError]:
    for index, line in enumerate(lines):
        pack = packs.get(line.get("pack"))
        if line.get("pack") and (pack is None or pack.product_id != line["product"]):
            yield errors.unknown_reference(f"lines.{index}.pack")


def _label(by: Membership, product: Product, pack: ProductPack | None, copies: int, *, with_price: bool) -> Label:
    sold, account = pack or product, by.account
    price = f"{account.currency} {round_money(sold.retail_price, account.currency_exponent):f}" if with_price else ""
    name = f"{product.name}, {pack.name}" if pack else product.name
    return Label(name, price, sold.barcode, copies)


def _refuse_unprintable(found: Sequence[Label], layout: str) -> None:
    refused = [_refusal(f"lines.{index}.product", label, layout) for index, label in enumerate(found)]
    if any(refused):
        raise BarcodeUnprintable(errors=[refusal for refusal in refused if refusal])


def _refusal(field: str, label: Label, layout: str) -> errors.FieldError | None:
    if not label.barcode:
        return errors.FieldError(field, "barcode_missing", f"{label.name} has no barcode.")
    if not labels.is_encodable(label.barcode):
        return errors.FieldError(field, "barcode_not_ascii", f"There are no bars for the barcode of {label.name}.")
    if not labels.fits(label.barcode, layout):
        return errors.FieldError(field, "barcode_too_long", f"The barcode of {label.name} is too long for this label.")
    return None
