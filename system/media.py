"""What bytes are, read from the bytes; what a name or a browser says of them counts for nothing."""

import re
import zipfile
from typing import Any

from django.core.files.base import File

from system.errors import FileRefused

CSV, XLSX, PDF = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/pdf"
JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
PICTURES = frozenset({JPEG, PNG, WEBP})
PAPERS = PICTURES | {PDF}
TABLES = frozenset({CSV, XLSX})
LOOK = 4096  # bytes

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
    if head.startswith(b"PK\x03\x04"):
        return _of_archive(content)
    if head and _is_text(head):
        return CSV
    raise FileRefused(wanted="JPEG, PNG, WebP, PDF, CSV, XLSX")


def _of_archive(content: "File[Any]") -> str:
    try:
        with zipfile.ZipFile(content) as archive:
            if "xl/workbook.xml" in archive.namelist():
                return XLSX
    except zipfile.BadZipFile:
        pass
    finally:
        content.seek(0)
    raise FileRefused(wanted="JPEG, PNG, WebP, PDF, CSV, XLSX")


def _is_text(head: bytes) -> bool:
    """UTF-8 without control characters but for line ends and tabs, or what other spreadsheets write: Windows-1252."""
    if any(byte < 32 and byte not in b"\t\r\n" for byte in head):
        return False
    return not head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<svg", b"<?xml"))


def plain_name(name: str) -> str:
    """The last part of a file's name, fit for a header and for any disk."""
    return _UNWELCOME.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip()[:200] or "file"
