"""What bytes are, read from the bytes; what a name or a browser says of them counts for nothing."""

import re
from codecs import BOM_UTF8
from typing import Any

from django.core.files.base import File

from system.errors import FileRefused

CSV, XLSX, PDF = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/pdf"
JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
PICTURES = frozenset({JPEG, PNG, WEBP})
PAPERS = PICTURES | {PDF}
TABLES = frozenset({CSV, XLSX})
LOOK = 4096  # bytes
MOST_OF_NAME, LONGEST_ENDING = 200, 16  # characters

_MAGIC = (
    (re.compile(rb"\xff\xd8\xff", re.DOTALL), JPEG),
    (re.compile(rb"\x89PNG\r\n\x1a\n", re.DOTALL), PNG),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), WEBP),
    (re.compile(rb"%PDF-", re.DOTALL), PDF),
)
_UNWELCOME = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]')


def recognise(content: "File[Any]") -> str:
    """The content type of bytes that may come in: pictures, PDF, XLSX, and CSV, which is text. Raises FileRefused."""
    content.seek(0)
    head = content.read(LOOK)
    content.seek(0)
    for magic, content_type in _MAGIC:
        if magic.match(head):
            return content_type
    if head.startswith(b"PK\x03\x04") and _has_workbook(content):
        return XLSX
    if head and _is_text(head):
        return CSV
    raise FileRefused(wanted="JPEG, PNG, WebP, PDF, CSV, XLSX")


def _has_workbook(content: "File[Any]") -> bool:
    """The names in an archive are not packed. To open it is for whoever reads the table: it may be made to hurt."""
    found = b"xl/workbook.xml" in content.read()
    content.seek(0)
    return found


def _is_text(head: bytes) -> bool:
    """UTF-8 without control characters but for line ends and tabs, or what other spreadsheets write: Windows-1252.

    What begins with a tag is a page, or a picture that can run scripts.
    """
    if any(byte < 32 and byte not in b"\t\r\n" for byte in head):
        return False
    return not head.removeprefix(BOM_UTF8).lstrip().startswith(b"<")


def plain_name(name: str) -> str:
    """The last part of a file's name, fit for a header and for any disk; a long one keeps its ending."""
    stem, dot, ending = _UNWELCOME.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip().rpartition(".")
    if not dot or len(ending) > LONGEST_ENDING:
        return f"{stem}{dot}{ending}"[:MOST_OF_NAME] or "file"
    return f"{stem[: MOST_OF_NAME - len(ending) - 1]}.{ending}"
