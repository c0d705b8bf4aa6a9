"""What the background makes: asked for through the API, made without a worker, fetched and read back."""

import csv
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from system import services as system
from system.models import PrivateFile
from tests.conftest import Shop

EXPORTS = "/api/v1/inventory/exports/"
LABELS = "/api/v1/inventory/labels/"
TASKS = "/api/v1/system/tasks/"


def keep_files_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the files of businesses lie there, to the end of the test."""
    monkeypatch.setattr(PrivateFile._meta.get_field("content").storage, "location", str(folder))


def ask(shop: Shop, address: str, body: dict[str, Any], *, by: Any = None) -> str:
    """Ask for something to be made; the id of the task."""
    response = shop.client(by).post(address, body)
    assert response.status_code == 202, response.content
    return response.json()["data"]["id"]


def run(shop: Shop, task_id: str, *, by: Any = None) -> dict[str, Any]:
    """Make it; the task as the API shows it afterwards."""
    system.run_task(account_id=shop.id, task_id=UUID(task_id))
    return shop.client(by).get(f"{TASKS}{task_id}/").json()["data"]


def make(shop: Shop, address: str, body: dict[str, Any], *, by: Any = None) -> tuple[dict[str, Any], bytes]:
    """The task, done, and what it made."""
    task = run(shop, ask(shop, address, body, by=by), by=by)
    assert (task["state"], task["has_file"]) == ("DONE", True), task
    return task, fetch(shop, task["id"], by=by)


def fetch(shop: Shop, task_id: str, *, by: Any = None) -> bytes:
    response = shop.client(by).get(f"{TASKS}{task_id}/file/")
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def export(shop: Shop, what: str, format: str = "CSV", *, by: Any = None, **asked: Any) -> list[list[Any]]:
    """The rows of an export, the headings first."""
    _, content = make(shop, EXPORTS, {"what": what, "format": format, **asked}, by=by)
    return read(content, format)


def read(content: bytes, format: str) -> list[list[Any]]:
    """The rows as whoever opens the file has them: texts of a CSV, the values of a workbook."""
    if format == "CSV":
        return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))
    book = openpyxl.load_workbook(BytesIO(content), read_only=True)
    rows = [[unescape(cell) if isinstance(cell, str) else cell for cell in row] for row in book.active.values]
    book.close()
    return rows


def table(rows: list[list[Any]]) -> list[dict[str, Any]]:
    """The rows by their headings."""
    headings, *others = rows
    return [dict(zip(headings, row, strict=True)) for row in others]
