"""JSON as strictly as money deserves: no duplicate keys, no NaN, no floats, no depth without end."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, MultiPartParser

from core import errors

MAX_DEPTH = 32
MAX_NUMBER_LENGTH = 40


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.MAX_BODY
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise errors.BodyTooLarge(limit=limit)
        return loads(body)


class UploadParser(MultiPartParser):
    """A form with a file, as strictly: each field once, and no text that JSON could not have brought."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            form: Any = super().parse(stream, media_type, parser_context)
        except ParseError:
            raise errors.MalformedForm(reason="it cannot be read as multipart/form-data") from None
        pairs = [*form.data.lists(), *form.files.lists()]
        if any(len(values) > 1 for _, values in pairs) or form.data.keys() & form.files.keys():
            raise errors.MalformedForm(reason="a field is there twice")
        sent = {name: values[0] for name, values in pairs}
        for name, value in sent.items():
            if "\x00" in name or (isinstance(value, str) and "\x00" in value):
                raise errors.MalformedForm(reason="a text has a NUL character")
        return sent


def loads(body: bytes) -> Any:
    """The document, its fractions as Decimal. Raises MalformedJSON, saying what is wrong."""
    try:
        document = _decoder.decode(body.decode())
    except UnicodeDecodeError:
        _refuse("it is not UTF-8")
    except json.JSONDecodeError as error:
        _refuse(f"{error.msg} at character {error.pos}")
    except RecursionError:
        _refuse(f"it is nested deeper than {MAX_DEPTH}")
    _check(document, depth=0)
    return document


def _refuse(reason: str) -> NoReturn:
    raise errors.MalformedJSON(reason=reason)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("an object has the same key twice")
    return found


def _constant(name: str) -> NoReturn:
    _refuse(f"{name} is not a number")


def _number(kind: type[int] | type[Decimal]) -> Any:
    def convert(text: str) -> int | Decimal:
        if len(text) > MAX_NUMBER_LENGTH or "e" in text.lower():
            _refuse("a number is too long or has an exponent")
        return kind(text)

    return convert


def _check(value: Any, depth: int) -> None:
    if depth >= MAX_DEPTH and isinstance(value, dict | list):
        _refuse(f"it is nested deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)


def _check_text(text: str) -> None:
    if "\x00" in text:
        _refuse("a text has a NUL character")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        _refuse("a text has half of a surrogate pair")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_constant=_constant,
    parse_float=_number(Decimal),
    parse_int=_number(int),
)
