"""Tables that are brought along and imported, and what became of them."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import openpyxl
from django.core.files.base import ContentFile
from uuid_utils.compat import uuid7

from system import services as system

IMPORTS = "/api/v1/inventory/imports/"
PRODUCTS = ("sku", "name", "retail_price")


def as_csv(rows: Iterable[Sequence[Any]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def as_xlsx(rows: Iterable[Sequence[Any]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(out)
    return out.getvalue()


def bring(shop: Any, content: bytes, *, by: Any = None) -> str:
    """The id of a file with these bytes, uploaded by the member, the owner unless told."""
    with shop.inside():
        return str(system.keep_file(by=by or shop.owner, file=ContentFile(content, name="table")).pk)


def post(shop: Any, file: str, *, by: Any = None, key: str = "", **body: Any) -> Any:
    body = {"file": file, "what": "PRODUCTS", **body}
    return shop.client(by).post(IMPORTS, body, format="json", HTTP_IDEMPOTENCY_KEY=key or str(uuid7()))


def start(shop: Any, content: Any, *, by: Any = None, **body: Any) -> str:
    """The id of a task that is to import these bytes, or these rows."""
    content = content if isinstance(content, bytes) else as_csv(content)
    response = post(shop, bring(shop, content, by=by), by=by, **body)
    assert response.status_code == 202, response.content
    return response.json()["data"]["id"]


def run(shop: Any, content: Any, **body: Any) -> dict[str, Any]:
    """The task that has imported these rows, as the API shows it, with its errors as (row, field, code)."""
    pk = start(shop, content, **body)
    system.run_task(account_id=shop.id, task_id=pk)
    return shown(shop, pk)


def shown(shop: Any, pk: str) -> dict[str, Any]:
    client = shop.client()
    task = client.get(f"/api/v1/system/tasks/{pk}/").json()["data"]
    found, address = [], f"/api/v1/system/tasks/{pk}/errors/?page_size=200"
    while address:
        page = client.get(address).json()
        found += page["results"]
        address = page["next"]
    return {**task, "errors": [(each["row"], each["field"], each["code"]) for each in found], "said": found}


def counts(created: int = 0, updated: int = 0, unchanged: int = 0, errors: int = 0) -> dict[str, int]:
    return {"created": created, "updated": updated, "unchanged": unchanged, "errors": errors}
