"""POST system/files/: what a member brings along is known by its bytes, lies where nobody looks, and is kept once."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.conf import settings
from uuid_utils.compat import uuid7

from accounts.roles import Role
from core.errors import InvalidInput
from subscriptions.models import Subscription
from system import media
from system import services as system
from tests.accounts.tills import browser
from tests.places import add_member
from tests.uploads import FILES, JPEG, PDF, PNG, WEBP, form, kept, named, part, post, send

pytestmark = pytest.mark.django_db


def workbook(name="xl/workbook.xml"):
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr(name, "<workbook/>" * 99)
    return made.getvalue()


def rows(shop):
    with shop.inside():
        return list(shop.account.private_files.order_by("id").values())


def bytes_in(files_dir):
    return sorted(path.read_bytes() for path in files_dir.rglob("*") if path.is_file())


def told(response):
    return response.status_code, response.json().get("code")


# --- What is kept -----------------------------------------------------------------------------------------------------


def test_a_file_lies_under_its_business_and_its_id_and_nobody_else_on_the_machine_reads_it(shop, files_dir):
    file = kept(shop, JPEG, "broken.jpg")
    assert {name: file[name] for name in ("name", "content_type", "size")} == {
        "name": "broken.jpg",
        "content_type": "image/jpeg",
        "size": len(JPEG),
    }
    path = files_dir / str(shop.id) / file["id"]
    assert path.read_bytes() == JPEG
    assert [each.stat().st_mode & 0o777 for each in (path, path.parent, files_dir)] == [0o600, 0o700, 0o700]


@pytest.mark.parametrize("name", ["a.pdf", "a.html", "a.exe", "a"])
@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (JPEG, media.JPEG),
        (PNG, media.PNG),
        (PNG + b"<html><script>alert(1)</script>", media.PNG),
        (WEBP, media.WEBP),
        (PDF, media.PDF),
        (b"sku,name\nA,Soap\n", media.CSV),
        ("\ufeffsku;name\nA;Süßes\n".encode(), media.CSV),
        ("sku;name\nA;Süßes\n".encode("cp1252"), media.CSV),
        (b"junk\n" + PDF, media.CSV),
        (b"GIF89a=1;alert(1)//", media.CSV),
        (workbook(), media.XLSX),
    ],
    ids=[
        "jpeg",
        "png",
        "png and page",
        "webp",
        "pdf",
        "csv",
        "csv with mark",
        "csv of 1252",
        "pdf after text",
        "gif of text",
        "xlsx",
    ],
)
def test_what_a_file_is_is_read_from_its_bytes_whatever_it_is_called(shop, content, content_type, name):
    said = part(content, named(name), "Content-Type: text/html")
    answer = post(shop.client(), form(said)).json()["data"]
    assert (answer["content_type"], answer["size"]) == (content_type, len(content))


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a\x01\x00\x01\x00\x00\xff\x00,",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\xef\xbb\xbf \r\n<svg/>",
        b"\n\n<!-- a comment --><SVG/>",
        b"<!DOCTYPE html><p>",
        b"<?xml version='1.0'?><svg/>",
        b"<script>alert(1)</script>",
        b"MZ\x90\x00\x03",
        b"\x7fELF\x02\x01\x01",
        b"\x00" + PDF,
        b"\x89PNG\r\n\x1a",
        b"RIFF\x1a\x00\x00\x00WAVEfmt ",
        "sku;name".encode("utf-16"),
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        workbook("xl/other.xml"),
    ],
    ids=range(16),
)
def test_anything_else_is_refused_and_leaves_neither_a_row_nor_bytes(shop, files_dir, content):
    assert told(send(shop, content, "photo.jpg")) == (400, "file_refused")
    assert (rows(shop), bytes_in(files_dir)) == ([], [])


@pytest.mark.parametrize("change", [(6, b"\xff"), (24, b"\xff"), (8, b"\x00\x08")], ids=["version", "size", "flags"])
def test_an_archive_that_is_made_to_hurt_is_not_opened(shop, change):
    place, wrong = change
    start = workbook("xl/workbook.xml").index(b"PK\x01\x02") + place
    hostile = bytearray(workbook("xl/workbook.xml") + workbook("\u00e9"))
    hostile[start : start + len(wrong)] = wrong
    assert send(shop, bytes(hostile), "a.xlsx").status_code == 201


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\\\..\\\\boot.ini", "boot.ini"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\tb\u2028c.pdf", "abc.pdf"),
        ("Beleg für Süßes №5 – 收据 🧾.pdf", "Beleg für Süßes №5 – 收据 🧾.pdf"),
        ("a:b*c?<d>|e.pdf", "a_b_c__d__e.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("é" * 300, "é" * 200),
        (".pdf", ".pdf"),
        ("&#46;&#46;&#47;a.pdf", "a.pdf"),
        ("&#xD800;.pdf", "\ufffd.pdf"),
        (" a .pdf ", "a .pdf"),
    ],
    ids=range(12),
)
def test_a_name_is_plain_and_decides_nothing(shop, files_dir, sent, shown):
    file = kept(shop, name=sent)
    assert file["name"] == shown
    assert [path.name for path in files_dir.rglob("*") if path.is_file()] == [file["id"]]


@pytest.mark.parametrize(
    "name",
    ["\x00", "\r\nSet-Cookie: a=b", "\u202d\u2066\u200f", "C:\\", "/", "", "..", "a." + "b" * 300, "a" * 300 + ".pdf"],
)
def test_a_name_of_which_nothing_is_left_is_called_something(name):
    plain = media.plain_name(name)
    assert 0 < len(plain) <= 200
    assert not {"/", "\\", "\x00", "\r", "\n", "\u202d"} & set(plain)


# --- Forms ------------------------------------------------------------------------------------------------------------

TEXT = 'name="file"'
FORMS = [
    (form(), (400, "invalid_input", ["file", "required"])),
    (b"", (400, "invalid_input", ["file", "required"])),
    (form(part(b"")), (400, "invalid_input", ["file", "empty"])),
    (form(part(PDF, TEXT)), (400, "invalid_input", ["file", "invalid"])),
    (form(part(PDF, 'name="photo"; filename="a.pdf"')), (400, "invalid_input", ["photo", "unknown_field"])),
    (form(part(PDF), part(b"1", 'name="size"')), (400, "invalid_input", ["size", "unknown_field"])),
    (form(part(PDF), part(b"no id", 'name="id"')), (400, "invalid_input", ["id", "invalid"])),
    (form(part(PDF), part(PDF)), (400, "malformed_form", None)),
    (form(part(PDF), part(PDF, TEXT)), (400, "malformed_form", None)),
    (form(part(PDF), part(b"a\x00b", 'name="id"')), (400, "malformed_form", None)),
    (form(part(PDF, named(".."))), (400, "invalid_input", ["file", "required"])),
    (form(part(b"%%%", named("a.pdf"), "Content-Transfer-Encoding: base64")), (400, "malformed_form", None)),
]


@pytest.mark.parametrize(("body", "refusal"), FORMS, ids=range(len(FORMS)))
def test_a_form_that_is_not_right_is_refused_and_nothing_is_kept(shop, files_dir, body, refusal):
    response = post(shop.client(), body)
    status, code, field = refusal
    assert told(response) == (status, code)
    assert [[each["field"], each["code"]] for each in response.json()["errors"]][:1] == ([field] if field else [])
    assert (rows(shop), bytes_in(files_dir)) == ([], [])


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("application/json", (415, "unsupported_media_type")),
        ("multipart/form-data", (400, "malformed_form")),
        ("multipart/form-data; boundary=\xff", (400, "malformed_form")),
        ("multipart/form-data; boundary=other", (400, "invalid_input")),
        ("multipart/form-data; boundary=edge; charset=rot13", (400, "malformed_form")),
        ("multipart/form-data; boundary=edge; charset=utf-16", (400, "invalid_input")),
    ],
)
def test_what_is_no_form_that_we_read_is_refused(shop, files_dir, kind, answer):
    response = post(shop.client(), form(part(PDF), part(b"x", 'name="id"')), kind=kind)
    assert told(response) == answer
    assert (rows(shop), bytes_in(files_dir)) == ([], [])


def test_a_body_of_16_mb_and_one_byte_is_413_and_one_of_16_mb_is_kept(shop, files_dir):
    frame = len(form(part(b"")))
    most = PDF + bytes(settings.MAX_UPLOAD - frame - len(PDF))
    response = post(shop.client(), form(part(most + b"\x00")))
    assert (*told(response), bytes_in(files_dir)) == (413, "body_too_large", [])
    assert post(shop.client(), form(part(most))).json()["data"]["size"] == len(most)


# --- Once -------------------------------------------------------------------------------------------------------------


def test_the_same_key_gets_the_same_answer_and_one_file(shop, files_dir):
    first, again = (send(shop, key="k") for _ in range(2))
    assert again.json()["data"] == first.json()["data"]
    assert again["Idempotency-Replayed"] == "true"
    assert bytes_in(files_dir) == [PDF]
    assert told(send(shop, JPEG, key="k")) == (422, "idempotency_key_reused")
    assert bytes_in(files_dir) == [PDF]


def test_an_id_of_ones_own_is_a_key_too_and_nobody_writes_over_what_lies_there(shop, files_dir):
    own = str(uuid7())

    def with_id(content, key):
        headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
        body = form(part(content), part(own.encode(), 'name="id"'))
        kind = "multipart/form-data; boundary=edge"
        return shop.client().generic("POST", FILES, body, content_type=kind, **headers)

    assert [with_id(PDF, "").json()["data"]["id"] for _ in range(2)] == [own, own]
    assert told(with_id(JPEG, "")) == (422, "idempotency_key_reused")
    assert told(with_id(JPEG, "another")) == (409, "id_taken")
    assert bytes_in(files_dir) == [PDF]


def test_what_an_undone_request_left_is_written_over_by_the_next_try(shop, files_dir):
    own = uuid7()
    left = files_dir / str(shop.id) / str(own)
    left.parent.mkdir(parents=True)
    left.write_bytes(JPEG * 9)
    response = post(shop.client(), form(part(PDF), part(str(own).encode(), 'name="id"')))
    assert response.status_code == 201
    assert bytes_in(files_dir) == [PDF]


# --- Who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.MANAGER, Role.WAREHOUSE, Role.CASHIER, Role.STAFF])
def test_who_keeps_the_stock_may_send_files_and_nobody_else(shop, files_dir, role):
    member = shop.owner if role == Role.OWNER else add_member(shop, role)
    response = send(shop, by=member)
    if role in (Role.CASHIER, Role.STAFF):
        assert told(response) == (403, "capability_missing")
        assert (rows(shop), bytes_in(files_dir)) == ([], [])
    else:
        assert response.status_code == 201
        assert rows(shop)[0]["kept_by_id"] == member.pk


def test_nobody_sends_a_file(nobody, files_dir):
    assert told(post(nobody, form(part(PDF)))) == (401, "not_signed_in")
    assert bytes_in(files_dir) == []


def test_a_page_of_somebody_elses_cannot_make_a_browser_send_one(shop, files_dir):
    page = browser(shop.owner)
    token = page._credentials.pop("HTTP_X_CSRFTOKEN")
    field = part(token.encode(), 'name="csrfmiddlewaretoken"')
    for body in (form(part(PDF)), form(field, part(PDF))):
        assert told(post(page, body)) == (403, "csrf_failed")
    assert bytes_in(files_dir) == []
    assert told(post(page, form(part(PDF), part(PDF)), HTTP_X_CSRFTOKEN=token)) == (400, "malformed_form")
    assert post(page, form(part(PDF)), HTTP_X_CSRFTOKEN=token).status_code == 201


def test_an_expired_business_sends_none(shop, files_dir):
    with shop.inside():
        Subscription.across_accounts.filter(account=shop.account).delete()
    assert told(send(shop)) == (402, "subscription_expired")
    assert bytes_in(files_dir) == []


def test_a_file_is_found_by_who_sent_it_and_by_nobody_else(shop, stranger):
    mine, keeper = kept(shop)["id"], add_member(shop, Role.WAREHOUSE)
    facts = {"field": "file", "content_types": media.PAPERS}
    with shop.inside():
        assert str(system.find_file(by=shop.owner, file_id=mine, **facts).pk) == mine
    for who, pk in ((keeper, mine), (stranger.owner, mine), (keeper, uuid7())):
        with (stranger if who is stranger.owner else shop).inside(), pytest.raises(InvalidInput) as refusal:
            system.find_file(by=who, file_id=pk, **facts)
        assert [error.code for error in refusal.value.errors] == ["does_not_exist"]
