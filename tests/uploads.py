"""Files as a till sends them, and as nobody should."""

from typing import Any

from uuid_utils.compat import uuid7

from tests.conftest import Shop

FILES = "/api/v1/system/files/"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8 " + bytes(range(256))
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def part(content: bytes, says: str = 'name="file"; filename="paper.pdf"', *lines: str) -> bytes:
    """One field of a form, with these headers."""
    head = "\r\n".join([f"Content-Disposition: form-data; {says}", *lines])
    return b"--edge\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--edge--\r\n"


def named(name: str) -> str:
    return f'name="file"; filename="{name}"'


def post(
    client: Any, body: bytes, *, key: str = "", kind: str = "multipart/form-data; boundary=edge", **headers
) -> Any:
    """What a form, or what is said to be one, is answered; with a key of its own unless told."""
    return client.generic("POST", FILES, body, content_type=kind, HTTP_IDEMPOTENCY_KEY=key or str(uuid7()), **headers)


def send(shop: Shop, content: bytes = PDF, name: str = "paper.pdf", *, by: Any = None, key: str = "") -> Any:
    return post(shop.client(by), form(part(content, named(name))), key=key)


def kept(shop: Shop, content: bytes = PDF, name: str = "paper.pdf", *, by: Any = None) -> dict[str, Any]:
    response = send(shop, content, name, by=by)
    assert response.status_code == 201, response.content
    return response.json()["data"]
