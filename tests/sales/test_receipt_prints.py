"""Prints and links: one original, and copies ever after; one receipt, and nothing else, for whoever has its link."""

import base64
import re
from uuid import UUID

import pytest
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.roles import Role
from core import vault
from sales import services
from sales.receipts import links
from tests.answers import refused
from tests.places import add_member, add_place
from tests.printer import printed
from tests.sales.requests import REFUNDS, SALES, refund, sell

pytestmark = pytest.mark.django_db


def print_it(shop, row, form: str = "JSON", *, collection=SALES, member=None, key: str = "", **extra):
    url = f"{collection}{row['id']}/prints/"
    headers = {"HTTP_IDEMPOTENCY_KEY": key or str(uuid7())}
    return shop.client(member).post(url, {"format": form, **extra}, **headers)


def print_of(shop, row, form: str = "JSON", **extra):
    response = print_it(shop, row, form, **extra)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def drawn(answer) -> bytes:
    return base64.b64decode(answer["content"])


# --- Prints -----------------------------------------------------------------------------------------------------------


def test_the_first_print_is_the_original_and_every_later_one_says_copy_in_whatever_form(shop):
    sale = sell(shop)
    first, second, third, fourth = (print_of(shop, sale, form) for form in ("ESCPOS", "ESCPOS", "HTML", "PDF"))
    assert [(each["number"], each["is_copy"]) for each in (first, second, third, fourth)] == [
        (1, False), (2, True), (3, True), (4, True),
    ]  # fmt: skip
    assert "*** COPY ***" not in printed(drawn(first)).bold
    assert "*** COPY ***" in printed(drawn(second)).bold
    assert b"COPY" in drawn(third)
    assert drawn(fourth).startswith(b"%PDF")
    assert (first["receipt"]["marks"], second["receipt"]["marks"]) == ([], ["COPY"])
    with shop.inside():
        rows = list(shop.account.receipt_prints.order_by("number").values_list("number", "format", "printed_by"))
        assert rows == [(n, form, shop.owner.pk) for n, form in enumerate(("ESCPOS", "ESCPOS", "HTML", "PDF"), start=1)]
        assert shop.account.audit_events.filter(action="receipt.printed").count() == 4
    assert shop.client().get(f"{SALES}{sale['id']}/receipt/").json()["data"]["print_count"] == 4


@pytest.mark.parametrize(("form", "content_type"), [("HTML", "text/html; charset=utf-8"), ("PDF", "application/pdf")])
def test_an_original_is_no_copy_in_any_form(shop, form, content_type):
    sale = sell(shop)
    answer = print_of(shop, sale, form)
    assert answer["content_type"] == content_type
    page = drawn(answer)
    assert b"COPY" not in re.sub(rb"<style.*</style>", b"", page, flags=re.S)
    assert page != drawn(print_of(shop, sale, form))


def test_a_print_as_data_has_no_bytes_and_the_whole_receipt(shop):
    sale = sell(shop)
    answer = print_of(shop, sale)
    assert (answer["content"], answer["content_type"], answer["format"]) == ("", "", "JSON")
    assert answer["receipt"]["sale"] == sale


def test_narrow_paper_is_printed_narrow(shop):
    lines = printed(drawn(print_of(shop, sell(shop), "ESCPOS", columns=32))).lines
    assert max(map(len, lines)) == 32


def test_a_retry_of_a_print_is_the_same_print(shop):
    sale, key = sell(shop), str(uuid7())
    first, again = (print_it(shop, sale, "ESCPOS", key=key) for _ in range(2))
    assert (first.json(), again.status_code, again["Idempotency-Replayed"]) == (again.json(), 201, "true")
    assert print_of(shop, sale)["number"] == 2
    refused(
        shop,
        lambda: shop.client().post(f"{SALES}{sale['id']}/prints/", {"format": "JSON"}),
        400,
        "idempotency_key_required",
    )


def test_to_look_is_not_to_print(shop):
    sale = sell(shop)
    for form in ("receipt/", "receipt/html/", "receipt/pdf/", "receipt/escpos/"):
        assert shop.client().get(f"{SALES}{sale['id']}/{form}").status_code == 200
    assert print_of(shop, sale)["is_copy"] is False


def test_the_prints_of_a_refund_are_counted_apart_from_those_of_its_sale(shop):
    sale = sell(shop)
    given = refund(shop, sale).json()["data"]
    assert print_of(shop, sale)["number"] == 1
    first, second = (print_of(shop, given, "ESCPOS", collection=REFUNDS) for _ in range(2))
    assert [(each["number"], each["is_copy"]) for each in (first, second)] == [(1, False), (2, True)]
    assert first["receipt"]["refund"] == given
    assert printed(drawn(first)).bold[1] == "*** REFUND ***"
    assert print_of(shop, sale)["number"] == 2


def test_what_is_refunded_says_so_on_its_next_print(shop):
    sale = sell(shop)
    refund(shop, sale)
    assert print_of(shop, sale)["receipt"]["marks"] == ["PARTLY REFUNDED"]


@pytest.mark.parametrize("body", [{}, {"format": "PNG"}, {"format": "escpos"}, {"format": "PDF", "columns": 48}])
def test_a_form_that_there_is_not_is_refused(shop, body):
    sale = sell(shop)
    url, key = f"{SALES}{sale['id']}/prints/", {"HTTP_IDEMPOTENCY_KEY": "one"}
    refused(shop, lambda: shop.client().post(url, body, **key), 400, "invalid_input")


def test_nobody_prints_what_is_a_strangers_or_another_places(shop, stranger):
    sale, theirs = sell(shop), sell(stranger)
    refused(shop, lambda: print_it(shop, theirs), 404, "not_found")
    member = add_member(shop, Role.CASHIER, add_place(shop).storefront)
    refused(shop, lambda: print_it(shop, sale, member=member), 404, "not_found")
    staff = add_member(shop, Role.STAFF, name="Esi")
    refused(shop, lambda: print_it(shop, sale, member=staff), 403, "capability_missing")
    assert print_of(shop, sale, member=shop.cashier)["is_copy"] is False


# --- Links ------------------------------------------------------------------------------------------------------------

BASE = "https://makola.example"


@pytest.fixture(autouse=True)
def _base(settings):
    settings.PUBLIC_URL = BASE


def link_of(shop, row, collection=SALES) -> str:
    return shop.client().get(f"{collection}{row['id']}/receipt/").json()["data"]["link"]


def follow(link: str, method: str = "get", **extra):
    return getattr(APIClient(raise_request_exception=False), method)(link.removeprefix(BASE), **extra)


def test_whoever_has_the_link_sees_a_copy_and_nothing_that_is_not_on_paper(shop):
    with shop.inside():
        customer = services.add_customer(by=shop.owner, name="Efua", phone="+233240000000")
    pays = [{"method": "CARD", "amount": "10", "reference": "4111-SECRET"}, {"method": "CASH", "amount": "10"}]
    sale = sell(shop, customer=str(customer.pk), payments=pays)
    response = follow(link_of(shop, sale))
    page = response.content.decode()
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response["Cache-Control"] == "private, no-store"
    assert (response["Referrer-Policy"], response["X-Robots-Tag"]) == ("no-referrer", "noindex")
    for word in ("COPY", "R1-000001", "Ama Provisions", "Thing 0", "<svg"):
        assert word in page
    hidden = [str(customer.pk), "+233240000000", sale["id"], str(shop.id), shop.owner.user.email, "4111-SECRET"]
    assert [word for word in hidden if word in page] == []


def test_the_code_on_the_paper_is_the_link_and_the_same_on_every_copy(shop):
    sale = sell(shop)
    link = link_of(shop, sale)
    assert re.fullmatch(rf"{BASE}/r/[A-Za-z0-9_-]{{64}}/", link)
    for _ in range(2):
        assert printed(drawn(print_of(shop, sale, "ESCPOS"))).codes == [link]
    given = refund(shop, sale).json()["data"]
    of_refund = link_of(shop, given, REFUNDS)
    assert of_refund != link
    assert "REFUND" in follow(of_refund).content.decode()
    assert "PARTLY REFUNDED" in follow(link).content.decode()


def test_where_our_address_is_not_known_there_is_no_link_and_no_code(shop, settings):
    settings.PUBLIC_URL = ""
    sale = sell(shop)
    assert link_of(shop, sale) == ""
    assert printed(drawn(print_of(shop, sale, "ESCPOS"))).codes == []
    assert b"<svg" not in drawn(print_of(shop, sale, "HTML"))


def test_a_link_that_is_not_ours_leads_nowhere(shop, stranger):
    sale, theirs = sell(shop), sell(stranger)
    token = link_of(shop, sale).split("/")[-2]
    mixed = vault.seal_ids("receipt", shop.id, uuid7())
    foreign = vault.seal_ids("receipt", shop.id, UUID(theirs["id"]))
    elsewhere = vault.seal_ids("another purpose", shop.id, UUID(sale["id"]))
    nobody = vault.seal_ids("receipt", uuid7(), UUID(sale["id"]))
    alone = vault.seal_ids("receipt", shop.id)
    flipped = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in (0, 31, 63)]
    for wrong in (
        *flipped, token[:-1], token[:-4], token + "AAAA", token.upper(), "x", "=", "é", "%00", "A" * 64, "A" * 5000,
        mixed, foreign, elsewhere, nobody, alone, sale["id"],
    ):  # fmt: skip
        response = follow(f"{BASE}/r/{wrong}/")
        assert (response.status_code, response.json()["code"]) == (404, "not_found"), wrong


def test_a_link_is_read_only_and_not_read_too_often(shop, settings):
    link = link_of(shop, sell(shop))
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "receipt": (3, 60)}
    for method in ("post", "put", "patch", "delete"):
        response = follow(link, method)
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert [follow(link).status_code for _ in range(3)] == [200] * 3
    refusal = follow(link)
    assert (refusal.status_code, refusal.json()["code"]) == (429, "too_many_tries")
    assert int(refusal["Retry-After"]) > 0


def test_somebody_who_is_signed_in_elsewhere_may_follow_a_link_too(shop, stranger):
    link = link_of(shop, sell(shop))
    response = stranger.client().get(link.removeprefix(BASE))
    assert response.status_code == 200
    assert stranger.client().get(f"{SALES}").json()["results"] == []


def test_links_outlive_the_key_that_sealed_them_for_as_long_as_it_is_listed(shop, settings):
    link = link_of(shop, sell(shop))
    old = settings.SEALING_KEYS
    settings.SEALING_KEYS = ["another-key", *old]
    assert follow(link).status_code == 200
    settings.SEALING_KEYS = ["another-key"]
    assert follow(link).status_code == 404


def test_a_token_is_of_its_ids_alone(shop):
    sale = sell(shop)
    with shop.inside():
        row = shop.account.sales.get(pk=sale["id"])
    assert links.open_token(links.token_of(row)) == (shop.id, row.pk, None)
