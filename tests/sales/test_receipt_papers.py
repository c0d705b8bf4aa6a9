"""What comes out of the printer: the same receipt as a page, as a PDF, and as a thermal printer's bytes."""

import re

import pytest
from reportlab.lib.units import mm

from core import letters
from inventory import services as inventory
from sales import services
from sales.receipts import escpos, pdf
from sales.receipts.content import Row
from tests.answers import refused
from tests.conftest import open_shop
from tests.printer import printed
from tests.sales.requests import REFUNDS, SALES, refund, sell

pytestmark = pytest.mark.django_db

FORMS = ("receipt/", "receipt/html/", "receipt/pdf/", "receipt/escpos/")


def call_it(shop, name: str, product=0) -> None:
    with shop.inside():
        row = shop.account.products.locked().get(pk=shop.products[product].pk)
        inventory.change_product(by=shop.owner, product=row, name=name)


def put_on_paper(shop, **facts) -> None:
    with shop.inside():
        type(shop.account).across_accounts.filter(pk=shop.id).update(**facts)


def get(shop, path: str, **query):
    response = shop.client().get(path, query)
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content) if response.streaming else response.content


def paper_of(shop, sale, collection=SALES, **query):
    return printed(get(shop, f"{collection}{sale['id']}/receipt/escpos/", **query))


def page_of(shop, sale, collection=SALES) -> str:
    page = get(shop, f"{collection}{sale['id']}/receipt/html/").decode()
    return re.sub(r"\s+", " ", re.sub(r"<style.*</style>|<[^>]+>", " ", page, flags=re.S))


# --- What stands on it ------------------------------------------------------------------------------------------------


def test_page_and_printer_say_the_same_in_the_same_order(shop, settings):
    settings.PUBLIC_URL = "https://makola.example"
    put_on_paper(shop, receipt_header="12 High Street\n\n TIN C0001 ", receipt_footer="Come again")
    with shop.inside():
        customer = services.add_customer(by=shop.owner, name="Efua")
    pays = [{"method": "CARD", "amount": "20"}, {"method": "CASH", "amount": "50"}]
    sale = sell(shop, "2.5", customer=str(customer.pk), discount="5.00", payments=pays)
    paper = paper_of(shop, sale)
    words = [
        "Ama Provisions", "12 High Street", "TIN C0001", "Main", "COPY", "R1-000001", "Owner of Ama Provisions · Efua",
        "Thing 0", "2.5 × 10.00", "Thing 1", "2.5 × 3.33", "Thing 2", "Subtotal", "Discount", "of which VAT 15%",
        "of which GETFund levy 2.5%", "Total GHS", sale["total"], "Card", "20.00", "Cash", "50.00", "Change",
        sale["change_due"], "Come again",
    ]  # fmt: skip
    for text in ("\n".join(paper.lines), page_of(shop, sale).partition(" R1-000001 ")[2]):
        at = 0
        for word in words:
            assert word in text[at:], word
            at = text.index(word, at)
    assert paper.is_cut
    assert paper.bold[:2] == ["Ama Provisions", "*** COPY ***"]
    assert paper.bold[2].split() == ["Total", "GHS", sale["total"]]


def test_the_receipt_of_a_refund_says_what_came_back_and_of_which_sale(shop):
    sale = sell(shop, "2")
    given = refund(shop, sale, "0.5", reason="Torn").json()["data"]
    data = shop.client().get(f"{REFUNDS}{given['id']}/receipt/").json()["data"]
    assert data["refund"] == given
    assert (data["receipt_number"], data["marks"], data["print_count"]) == ("R1-000001", ["REFUND"], 0)
    assert {tax["code"]: tax["amount"] for tax in data["taxes"]} == {
        tax["code"]: tax["amount"] for tax in given["lines"][0]["taxes"]
    }
    paper = paper_of(shop, given, REFUNDS)
    assert paper.bold[1:3] == ["*** COPY ***", "*** REFUND ***"]
    assert paper.bold[3].split() == ["Refunded", "GHS", "5.00"]
    assert "  0.5 back" in paper.lines
    text = page_of(shop, given, REFUNDS)
    for word in ("COPY", "REFUND", "R1-000001", "Thing 0", "0.5 back", "Refunded GHS", "5.00", "Cash back"):
        assert word in text
    assert paper_of(shop, sale).bold[1:3] == ["*** COPY ***", "*** PARTLY REFUNDED ***"]


def test_s41_a_receipt_in_francs_has_no_decimals(db):
    """S41."""
    shop = open_shop("Lomé", country="TG", currency="XOF", prices=("1500",))
    sale = sell(shop, "2", payments=[{"method": "CASH", "amount": "5000"}])
    amounts = [line.split()[-1] for line in paper_of(shop, sale).lines if re.search(r" \d+(\.\d+)?$", line)]
    assert amounts == ["3000", "1500", "3000", "3000", "5000", "2000"]  # the line, of which each, and so on
    assert "Total XOF 3000" in page_of(shop, sale)


# --- Paper and letters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [42, 32])
def test_no_line_is_wider_than_the_paper_and_amounts_stand_at_its_edge(shop, columns):
    call_it(shop, "Gari " * 30, 0)
    call_it(shop, "W" * 200, 1)
    sale = sell(shop, "3", payments=[{"method": "CASH", "amount": "999999999999"}])
    lines = paper_of(shop, sale, columns=str(columns)).lines
    assert max(map(len, lines)) == columns
    edges = [
        line for line in lines if re.search(r" −?-?[\d.]+$", line) and not line.startswith("  ") and "·" not in line
    ]
    assert len(edges) >= 7
    assert {len(line) for line in edges} == {columns}


def test_paper_of_another_width_is_refused(shop):
    sale = sell(shop)
    url = f"{SALES}{sale['id']}/receipt/escpos/"
    for columns in ("0", "48", "-1", "42.0", "x"):
        refused(shop, lambda columns=columns: shop.client().get(url, {"columns": columns}), 400, "invalid_input")


def test_letters_that_no_printer_has_are_replaced_by_those_alike(shop):
    call_it(shop, "Ɛdwinase Ɔdɔ ŋkɔ ₵5 Crème œuf ẽ ɛ̃ 🥭 Ω")
    lines = paper_of(shop, sell(shop)).lines
    assert "Edwinase Odo nko C5 Crème œuf e e ?" in "\n".join(lines)
    assert "?" in lines  # which comes alone on a second line


def test_the_name_of_a_product_commands_no_printer(one):
    """The decoder stops at a command that it does not know, and at whatever comes after the cut."""
    row = Row("Soap\x1b@\x1dVB\x03\x10\x14\x01\x00\x1bp\x00\x9b\x85 more", "1.00", ("\x1d(k\x03\x001Q0",))
    line = escpos._row(row, 42)
    assert all(byte >= 0x20 or byte == 0x0A for byte in line)
    assert line.startswith(b"Soap?@ VB")


def test_an_accent_that_stands_alone_is_left_out_and_the_rest_is_told():
    assert letters.printable("ɛ̃a", str.isascii) == ("ea", {"ɛ", "̃"})


def boxes(content: bytes) -> list[tuple[float, float]]:
    found = re.findall(rb"/MediaBox \[ ?([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) ?\]", content)
    return [(float(width), float(height)) for _, _, width, height in found]


def test_the_pdf_is_80_mm_wide_and_as_long_as_it_has_to_be(shop):
    short, long = sell(shop), sell(shop, lines=[{"product": str(shop.products[0].pk), "quantity": "0.1"}] * 40)
    sizes = [boxes(get(shop, f"{SALES}{sale['id']}/receipt/pdf/")) for sale in (short, long)]
    assert [len(pages) for pages in sizes] == [1, 1]
    assert all(abs(width - 80 * mm) < 0.01 for ((width, _),) in sizes)
    row = (pdf.PLAIN + pdf.SMALL) * pdf.LEADING
    assert sizes[1][0][1] - sizes[0][0][1] == pytest.approx(37 * row, abs=0.01)


def test_a_pdf_that_is_longer_than_readers_take_goes_on_on_another_page():
    strip = pdf.Strip()
    strip.table(Row(f"Thing {i} " * 12, "1.00", ("SN-1, " * 40,)) for i in range(500))
    pages = boxes(strip.content())
    assert len(pages) >= 2
    assert all(height <= 14_400 for _, height in pages)


def test_a_copy_is_the_same_file_each_time(shop):
    sale = sell(shop)
    for form in FORMS:
        first, second = (get(shop, f"{SALES}{sale['id']}/{form}") for _ in range(2))
        strip = rb'"request_id":"[^"]*"|nonce="[^"]*"'
        assert re.sub(strip, b"", first) == re.sub(strip, b"", second), form


def test_files_are_named_and_are_no_pages_of_ours(shop):
    sale = sell(shop)
    for form, content_type, name in (
        ("receipt/pdf/", "application/pdf", "R1-000001.pdf"),
        ("receipt/escpos/", "application/octet-stream", "R1-000001.bin"),
    ):
        response = shop.client().get(f"{SALES}{sale['id']}/{form}")
        assert response["Content-Type"] == content_type
        assert response["Content-Disposition"] == f'inline; filename="{name}"'
        assert response["X-Content-Type-Options"] == "nosniff"


def test_receipts_of_strangers_and_of_nothing_are_404(shop, stranger):
    sale = sell(stranger)
    given = refund(stranger, sale).json()["data"]
    for collection, row in ((SALES, sale), (REFUNDS, given)):
        for form in FORMS:
            refused(shop, lambda url=f"{collection}{row['id']}/{form}": shop.client().get(url), 404, "not_found")


@pytest.mark.parametrize("count", [3, 30])
def test_a_receipt_costs_the_same_however_long_it_is(shop, count, django_assert_max_num_queries):
    sale = sell(shop, lines=[{"product": str(shop.products[0].pk), "quantity": "0.1"}] * count)
    given = refund(shop, sale, "0.1").json()["data"]
    client = shop.client()
    for url in (f"{SALES}{sale['id']}/receipt/html/", f"{REFUNDS}{given['id']}/receipt/html/"):
        client.get(url)
        with django_assert_max_num_queries(9):
            client.get(url)
