"""What is taken for a table, and how its cells are read."""

import io
import re
import zipfile
from datetime import date, datetime

import pytest

from inventory.importing import tables
from system.errors import FileRefused
from tests.inventory.importing import as_csv, as_xlsx, bring, counts, post, run

HEADINGS = ("sku", "name", "retail_price")
ROW = ("A", "Ananas", "1")


def names(shop):
    with shop.inside():
        return dict(shop.account.products.exclude(sku__startswith="SKU-").values_list("sku", "name"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_is_read_as_spreadsheets_write_it(shop, delimiter, encoding):
    rows = [HEADINGS, ("A", "Crème, brûlée; 5\t€", "1.50"), ("B", 'Two\nlines of "text"', "2"), ("C", "Pêche", "-1")]
    task = run(shop, as_csv(rows, delimiter, encoding))
    assert task["result"] == counts(created=2, errors=1)
    assert task["errors"] == [(4, "retail_price", "min_value")]  # the row, not the line
    assert names(shop) == {"A": "Crème, brûlée; 5\t€", "B": 'Two\nlines of "text"'}


def test_rows_are_numbered_as_the_spreadsheet_does_and_empty_ones_are_passed_over(shop):
    content = b"\r\n,,\r\nSKU ,Product Name,Selling-Price\r\n\r\nA,Ananas,1\r\n  ,\t,\r\nB,Banane,x\r\n"
    task = run(shop, content)
    assert task["errors"] == [(7, "retail_price", "invalid")]
    assert (task["done"], task["total"]) == (2, 2)
    rows = [(None, None, None), HEADINGS, (), ROW, (), (), ("B", "B", "x")]
    assert run(shop, as_xlsx(rows))["errors"] == [(7, "retail_price", "invalid")]


@pytest.mark.parametrize("content", [as_csv([HEADINGS]), as_xlsx([HEADINGS]), as_csv([HEADINGS, ("", " ", "")])])
def test_headings_alone_import_nothing(shop, content):
    task = run(shop, content)
    assert (task["state"], task["done"], task["total"], task["error_count"]) == ("DONE", 0, 0, 0)
    assert task["result"] == counts()
    assert task["message"] == "Created 0, updated 0, left unchanged 0; refused 0 rows."


TOO_WIDE = [("sku", *[""] * 64, "name")]
REFUSED = [
    (as_csv([(*HEADINGS, "colour", "=smell"), (*ROW, "", "")]), "headings_unknown", "colour, =smell"),
    (as_csv([("sku", "SKU", "name")]), "heading_twice", "sku"),
    (as_csv([("ean", "GTIN")]), "heading_twice", "barcode"),
    (as_csv([("name", "retail_price"), ("A", "1")]), "headings_missing", "sku or barcode"),
    (b"\n\n , ,\n", "headings_missing", "sku or barcode"),
    (as_csv(TOO_WIDE), "table_too_large", "64 columns"),
    (as_csv([HEADINGS, (*ROW, *[""] * 16_382)]), "table_too_large", "64 columns"),
    (as_xlsx([("sku", *[""] * 63, "name")]), "table_too_large", "64 columns"),
    (as_csv([HEADINGS, ROW]) + b'B,"never closed,1\nC,C,1\n', "table_unreadable", "row 3"),
    (as_csv([HEADINGS, ROW]) + b'B,"closed"early,1\n', "table_unreadable", "row 3"),
    (as_csv([HEADINGS, ROW, ("B", "b" * 200_000, "1")]), "table_unreadable", "row 3"),
    (as_csv([HEADINGS, ROW, *[("", "", "")] * 5000, ("B", "a\x00b", "1")]), "table_unreadable", "row 5003"),
    (as_csv([HEADINGS, ROW]) + b"B,\x81\x8d,1\n", "table_unreadable", "row"),
    (as_xlsx([HEADINGS, ROW])[:-400], "table_unreadable", "row 1"),
]


@pytest.mark.parametrize(("content", "code", "named"), REFUSED)
def test_what_is_no_table_or_has_unknown_columns_is_refused_before_a_row_is_written(shop, content, code, named):
    task = run(shop, content)
    assert (task["state"], task["result"]) == ("FAILED", {"code": code})
    assert named in task["message"]
    assert names(shop) == {}


def test_what_stands_under_no_heading_or_is_too_long_is_a_mistake_of_its_row(shop):
    rows = [
        (*HEADINGS, ""),
        (*ROW, "a remark"),
        ("B", "B", "1", ""),
        ("C", "C", "1", "", "", "far out"),
        ("D", "d" * 1001),
    ]
    task = run(shop, rows)
    assert task["errors"] == [(2, "", "column_unknown"), (4, "", "column_unknown"), (5, "name", "max_length")]
    assert task["said"][1]["detail"] == "There is something in column 6, which has no heading."
    assert names(shop) == {"B": "B"}


def test_a_workbook_says_numbers_dates_and_truth_as_people_type_them(shop, monkeypatch):
    assert [tables._text(value) for value in (1001, 5.0, 0.1 + 0.2, 6.00123456789e12, 1e-5, True, None, 1e22)] == [
        *("1001", "5", "0.3", "6001234567890", "0.00001", "TRUE", "", "1" + "0" * 22),
    ]
    assert tables._text(datetime(2027, 1, 31)) == tables._text(date(2027, 1, 31)) == "2027-01-31"  # noqa: DTZ001
    rows = [
        (*HEADINGS, "barcode", "is stocked"),
        (1001, "Num", 2.5, 5901234123457, False),
        ("B", 12, 0.1 + 0.2, "", ""),
    ]
    rows += [("C", "=1+1", 1e300, None, None), ("D", "inf", float("inf"), None, None)]
    task = run(shop, as_xlsx(rows))
    assert task["result"] == counts(created=2, errors=2)
    assert [error[:2] for error in task["errors"]] == [(4, "retail_price"), (5, "retail_price")]
    with shop.inside():
        number = shop.account.products.get(sku="1001")
        assert (str(number.retail_price), number.barcode, number.is_stocked) == ("2.50", "5901234123457", False)
        assert str(shop.account.products.get(name="12").retail_price) == "0.30"


def rewritten(content, member, pattern, by):
    """A workbook with something else in one of its files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            text = old.read(info)
            if info.filename == member:
                text, found = re.subn(pattern, lambda _: by, text, count=1)
                assert found
            new.writestr(info.filename, text)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = b'<!DOCTYPE w [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
) + b"]><worksheet"  # fmt: skip
FILE = b'<!DOCTYPE w [<!ENTITY f SYSTEM "file:///etc/passwd">]><worksheet'


@pytest.mark.parametrize(
    ("member", "pattern", "by", "code"),
    [
        (SHEET, b"</sheetData>", b" " * 135_000_000 + b"</sheetData>", "table_too_large"),
        (SHEET, b"<worksheet", LAUGHS, "table_unreadable"),
        (SHEET, b"<worksheet", FILE, "table_unreadable"),
        (SHEET, b"</sheetData>", b"</sheet", "table_unreadable"),
        (SHEET, b"<v>\\d+</v>", b"<v>one</v>", "table_unreadable"),
        (SHEET, b"</sheetData>", b'<row r="99999999999"><c><v>1</v></c></row></sheetData>', "table_too_large"),
        (SHEET, b"</row>", b"<c/>" * 60_000 + b"</row>", "table_too_large"),
        (SHEET, b"</sheetData>", b"<row><c/></row>" * 4_100_000 + b"</sheetData>", "table_too_large"),
        (SHEET, b"</sheetData>", b"</sheetData>" + b"<a/>" * 260_000, "table_too_large"),
        (SHEET, b"<worksheet", b"<worksheet" + b" " * 1_200_000, "table_too_large"),
        ("xl/styles.xml", b"<cellXfs.*</cellXfs>", b"<cellXfs>%b</cellXfs>" % (b"<xf/>" * 260_000), "table_too_large"),
        ("docProps/app.xml", b"(?s).*", b"<sst>%b</sst>" % (b"<si/>" * 500_001), "table_too_large"),
        ("xl/workbook.xml", b"<sheets>.*</sheets>", b"<sheets/>", "table_unreadable"),
    ],
)
def test_s48_a_workbook_that_is_a_trap_is_refused(shop, member, pattern, by, code):
    """S48."""
    task = run(shop, rewritten(as_xlsx([HEADINGS, (7, *ROW[1:])]), member, pattern, by))
    assert (task["state"], task["result"]) == ("FAILED", {"code": code})
    assert names(shop) == {}


def test_a_table_has_so_many_rows_and_takes_so_long_and_no_more(shop, monkeypatch):
    rows = [HEADINGS, *((f"M{number}", "Much", "1") for number in range(4))]
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    assert run(shop, rows)["result"] == {"code": "table_too_large"}
    assert run(shop, as_xlsx(rows))["result"] == {"code": "table_too_large"}
    assert names(shop) == {}
    assert run(shop, [*rows[:4], *[("", "", "")] * 9])["result"] == counts(created=3)
    monkeypatch.setattr(tables, "MOST_SECONDS", 0)
    assert run(shop, rows[:2])["result"] == {"code": "table_too_large"}


@pytest.mark.parametrize("content", [b"", b"\x00\x01", "sku".encode("utf-16")])
def test_what_is_no_table_at_all_is_not_even_kept(shop, content):
    with pytest.raises(FileRefused):
        bring(shop, content)


def test_a_file_of_another_kind_is_not_begun(shop):
    response = post(shop, bring(shop, b"%PDF-1.7\n"))
    assert (response.status_code, response.json()["code"]) == (400, "file_refused")
    with shop.inside():
        assert not shop.account.tasks.exists()
