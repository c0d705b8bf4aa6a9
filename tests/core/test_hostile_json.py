"""S49: a body that is too large, too deep, no strict JSON or not called JSON is refused, and why is said."""

import json

import pytest
from django.conf import settings

from tests.hostile import CUSTOMERS, LOGIN, PRODUCTS, SALES, STOCK, TOKEN, each, refused, send

pytestmark = pytest.mark.django_db


@each("path", [CUSTOMERS, LOGIN, SALES])
def test_s49_a_body_of_three_megabytes_is_413_in_the_envelope(till, path):
    """S49."""
    body = json.dumps({"name": "a" * 3_000_000})
    refusal = refused(send(till, body, path, HTTP_IDEMPOTENCY_KEY="k-1"), 413, "body_too_large")
    assert refusal["meta"] == {"limit": 2 * 1024 * 1024}


def test_s49_a_body_at_the_limit_is_read_and_one_byte_more_is_not(till):
    """S49."""
    limit = settings.MAX_BODY
    body = json.dumps({"name": "Esi"})
    assert send(till, body + " " * (limit - len(body))).status_code == 201
    refused(send(till, body + " " * (limit - len(body) + 1)), 413, "body_too_large")


def nested(depth, open_="[", close="]"):
    return open_ * depth + close * depth


@each(
    "body",
    [
        nested(33),
        nested(1_000),
        nested(100_000),
        '{"a":' * 33 + "1" + "}" * 33,
        '{"a":' * 1_000 + "1" + "}" * 1_000,
        "[" * 100_000,
        '{"name": ' + nested(1_000) + "}",
    ],
)
def test_s49_json_deeper_than_32_is_400(till, body):
    """S49."""
    refused(send(till, body), 400, "malformed_json")


def test_s49_json_32_deep_is_read_and_refused_for_what_it_says(till):
    """S49."""
    refused(send(till, '{"name": "Esi", "x": ' + nested(31) + "}"), 400, "invalid_input", {"x": "unknown_field"})


@each(
    "body",
    [
        '{"name": "Esi", "name": "Esi"}',
        '{"name": "Esi", "n\\u0061me": "Ama"}',
        '{"name": "Esi", "x": [{"a": 1, "a": 2}]}',
        '{"name": "E\\u0000si"}',
        '{"na\\u0000me": "Esi"}',
        b'{"name": "E\x00si"}',
        '{"name": "E\\ud800si"}',
        '{"name": "E\\udc00\\ud800si"}',
        '{"\\udfff": "Esi"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "\xff"}',
        b'{"name": "\xc3"}',
        b"\xef\xbb\xbf{}",
        '{"name": "Esi"}'.encode("utf-16"),
        '{"name": NaN}',
        '{"name": Infinity}',
        '{"name": -Infinity}',
        '{"name": 1e999}',
        '{"name": 1E5}',
        '{"name": 1_000}',
        '{"name": 0x10}',
        '{"name": 01}',
        '{"name": .5}',
        '{"name": 5.}',
        '{"name": +1}',
        '{"name": ١}',
        '{"name": ' + "9" * 41 + "}",
        '{"name": ' + "9" * 5_000 + "}",
        '{"name": 0.' + "1" * 5_000 + "}",
        "{'name': 'Esi'}",
        '{"name": "Esi",}',
        '{"name": "Esi"} {}',
        '{"name": "Esi"',
        '{"name": "a\nb"}',
        "// nothing\n{}",
        "name=Esi",
        " ",
        "\x00",
    ],
)
def test_s49_what_is_not_strict_json_is_400_with_the_reason(till, body):
    """S49."""
    refusal = refused(send(till, body), 400, "malformed_json", {})
    assert refusal["meta"]["reason"]


@each("body", ["[]", '["name"]', '[{"name": "Esi"}]', '"name"', "null", "1", "1.5", "true"])
@each("path", [CUSTOMERS, LOGIN, TOKEN, PRODUCTS, STOCK, SALES])
def test_a_body_that_is_no_object_is_400(till, path, body):
    refused(send(till, body, path, HTTP_IDEMPOTENCY_KEY="k-1"), 400, "invalid_input")


def test_an_empty_body_misses_what_is_required(till):
    refused(send(till, b""), 400, "invalid_input", {"name": "required"})
    refused(send(till, "{}", LOGIN), 400, "invalid_input", {"email": "required", "password": "required"})


@each(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "text/plain",
        "text/html",
        "application/xml",
        "application/octet-stream",
        "application/merge-patch+json",
        "nonsense",
        ";",
        "é",
    ],
)
@each("path", [CUSTOMERS, LOGIN])
def test_a_body_that_is_not_called_json_is_415(till, path, content_type):
    refused(send(till, '{"name": "Esi"}', path, content_type=content_type), 415, "unsupported_media_type")
