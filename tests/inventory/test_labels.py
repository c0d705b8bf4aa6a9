"""Labels on sheets of A4: what is on them, and that their bars are those of the barcode, by the book and not by who
drew them."""

import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import connection
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import labels
from inventory import services as inventory
from inventory.barcodes import check_digit
from tests.access import put_in_state
from tests.conftest import open_shop
from tests.inventory.made import LABELS, TASKS, ask, fetch, keep_files_in, make, run
from tests.inventory.pdf import bars, drawings, pages, read_ean, sizes, texts
from tests.places import add_member
from tests.test_query_counts import statements

EAN = "5901234123457"


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch) -> Path:
    keep_files_in(tmp_path, monkeypatch)
    return tmp_path


def code(shop, barcode, *, product=0, **facts):
    with shop.inside():
        shop.account.products.filter(pk=shop.products[product].pk).update(barcode=barcode, **facts)


def body(shop, *copies, layout="A4_65", **extra):
    """So many copies of each product in turn."""
    lines = [{"product": str(shop.products[index].pk), "copies": count} for index, count in enumerate(copies)]
    return {"lines": lines, "layout": layout, **extra}


def refused(shop, sent, *, status=400, code="invalid_input", by=None):
    """The errors of a request that starts nothing."""
    response = shop.client(by).post(LABELS, sent)
    assert (response.status_code, response.json()["code"]) == (status, code), response.content
    with shop.inside():
        assert not shop.account.tasks.exists()
    return [(error["field"], error["code"], error["detail"]) for error in response.json()["errors"]]


# --- Bars -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["A4_65", "A4_40", "A4_24", "A4_21"])
@pytest.mark.parametrize("barcode", [
    EAN, "0000000000000", "9999999999994", "4006381333931", "2012345012344", "036000291452", "96385074", "00000000",
])  # fmt: skip
def test_the_bars_are_those_that_gs1_gives_the_digits(shop, barcode, layout):
    digits = barcode[:-1] + check_digit(barcode[:-1])
    code(shop, digits)
    _, pdf = make(shop, LABELS, body(shop, 1, layout=layout))
    (drawing,) = drawings(pdf)
    assert read_ean(bars(drawing)) == digits.zfill(13 if len(digits) > 8 else 8)


def test_every_digit_at_every_place_can_be_read_back(shop):
    codes = []
    with shop.inside():
        for first in range(10):
            digits = "".join(str((first + place * 7) % 10) for place in range(12))
            codes.append(digits + check_digit(digits))
            facts = {"name": "Soap", "retail_price": Decimal(1), "barcode": codes[-1]}
            shop.products.append(inventory.add_product(by=shop.owner, sku=f"E{first}", **facts))
    shop.products = shop.products[3:]
    _, pdf = make(shop, LABELS, body(shop, *[1] * 10))
    assert sorted(read_ean(bars(drawing)) for drawing in drawings(pdf)) == sorted(codes)


def test_what_is_no_code_of_gs1_is_drawn_in_code_128(shop):
    """Start B, A, the sum that checks them, stop; by ISO/IEC 15417."""
    code(shop, "A")
    _, pdf = make(shop, LABELS, body(shop, 1))
    start, letter, stop = "11010010000", "10100011000", "1100011101011"
    check = "10001011000"  # 34: 104 + 1 × 33, modulo 103
    assert bars(drawings(pdf)[0]) == start + letter + check + stop


def test_a_bar_is_never_thinner_than_a_scanner_needs(shop):
    for layout, longest in (("A4_65", 11), ("A4_24", 24)):
        code(shop, "X" * longest)
        _, pdf = make(shop, LABELS, body(shop, 1, layout=layout))
        widths = re.findall(r"[\d.]+ [-\d.]+ ([\d.]+) [\d.]+ re f", drawings(pdf)[0])
        assert min(map(float, widths)) >= 0.19 * 72 / 25.4
        code(shop, "X" * (longest + 1))
        response = shop.client().post(LABELS, body(shop, 1, layout=layout))
        assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "barcode_too_long")


# --- Sheets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layout", "copies", "expected"),
    [
        ("A4_65", [1], [1]),
        ("A4_65", [65], [65]),
        ("A4_65", [40, 26], [65, 1]),
        ("A4_40", [79, 1], [40, 40]),
        ("A4_24", [25], [24, 1]),
        ("A4_21", [10, 11, 1], [21, 1]),
    ],
)
def test_labels_fill_one_sheet_after_the_other(shop, layout, copies, expected):
    for index in range(3):
        code(shop, f"CODE{index}", product=index)
    task, pdf = make(shop, LABELS, body(shop, *copies, layout=layout))
    assert pages(pdf) == expected
    assert len(drawings(pdf)) == len(copies)
    assert sizes(pdf) == {b" 0 0 595.2756 841.8898 "}
    assert (task["done"], task["total"], task["result"]["labels"]) == (sum(copies),) * 3


@pytest.mark.parametrize("layout", labels.GRIDS)
def test_all_labels_of_a_sheet_are_on_the_paper_and_beside_one_another(layout):
    grid = labels.GRIDS[layout]
    corners = list(grid.corners())
    assert len(corners) == grid.columns * grid.rows == int(layout.removeprefix("A4_"))
    across = sorted({x for x, _ in corners})
    down = sorted({y for _, y in corners})
    for edges, size, paper in ((across, grid.inner_width, 595.28), (down, grid.inner_height, 841.89)):
        assert edges[0] >= 4 * 72 / 25.4, "printers leave a margin of 4 mm"
        assert edges[-1] + size <= paper - 4 * 72 / 25.4
        assert all(after - before >= size for before, after in pairwise(edges))


def test_a_thousand_labels_are_made_and_one_more_is_refused(shop):
    for index in range(2):
        code(shop, f"CODE{index}", product=index)
    too_many = [("lines", "too_many_labels", "At most 1000 labels.")]
    assert refused(shop, body(shop, 500, 501)) == too_many
    _, pdf = make(shop, LABELS, body(shop, 500, 500))
    assert sum(pages(pdf)) == 1000
    assert len(pdf) < 200_000


def test_a_label_has_the_name_the_price_of_now_and_the_digits(shop):
    code(shop, EAN, name="Milo (400 g)", retail_price=Decimal("45.5"))
    asked = ask(shop, LABELS, body(shop, 1))
    code(shop, EAN, retail_price=Decimal("999999999999.99"))
    run(shop, asked)
    assert texts(drawings(fetch(shop, asked))[0]) == [
        *("Milo (400 g)", "GHS 999999999999.99", "5", "901234", "123457"),
    ]
    _, pdf = make(shop, LABELS, body(shop, 1, with_price=False))
    assert texts(drawings(pdf)[0]) == ["Milo (400 g)", "5", "901234", "123457"]


def test_a_price_has_the_digits_of_the_currency(db):
    shop = open_shop("Abidjan", country="CI", currency="XOF", time_zone="Africa/Abidjan", prices=("1500",))
    code(shop, EAN)
    _, pdf = make(shop, LABELS, body(shop, 1))
    assert texts(drawings(pdf)[0])[1] == "XOF 1500"


def test_a_pack_has_its_own_name_price_and_code(shop):
    with shop.inside():
        facts = {"factor": Decimal(24), "barcode": EAN, "retail_price": Decimal(99)}
        pack = inventory.add_pack(by=shop.owner, product=shop.products[0], name="Carton", **facts)
    sent = body(shop, 2)
    sent["lines"][0]["pack"] = str(pack.pk)
    _, pdf = make(shop, LABELS, sent)
    assert texts(drawings(pdf)[0])[:2] == ["Thing 0, Carton", "GHS 99.00"]
    assert read_ean(bars(drawings(pdf)[0])) == EAN
    with shop.inside():
        shop.account.product_packs.update(is_active=False)
    response = shop.client().post(LABELS, sent)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "lines.0.pack")


@pytest.mark.parametrize(("layout", "count"), [("A4_65", 1), ("A4_40", 1), ("A4_24", 2), ("A4_21", 2)])
def test_a_name_is_shortened_to_what_fits(shop, layout, count):
    code(shop, "C1", name="A name with as many words as anybody may give to a thing, and " + "W" * 130)
    code(shop, "C2", product=1, name="W" * 200)
    _, pdf = make(shop, LABELS, body(shop, 1, 1, layout=layout, with_price=False))
    for drawing in drawings(pdf):
        name = texts(drawing)[:-1]
        assert len(name) <= count
        for line in name:
            letters = re.sub(r"\\[0-7]{3}", "", line)  # the dots are no ASCII: an escape stands for them
            width = labels.pdfmetrics.stringWidth(letters, labels.font(), labels.NAME)
            assert 0 < width <= labels.GRIDS[layout].inner_width
    assert labels._lines("Short", 1000, 2) == ["Short"]


def test_letters_that_the_font_lacks_are_replaced_by_those_that_look_alike_and_it_says_so(shop):
    code(shop, EAN, name="Ɛmo ne ɔdɔ, Ŋmɔŋ ẽ, Café crème, œuf ₵ 🥭\tend")
    task, pdf = make(shop, LABELS, body(shop, 1, layout="A4_24"))
    assert task["result"]["replaced"] == ["Ŋ", "ŋ", "Ɛ", "ɔ", "ẽ", "₵", "🥭"]
    assert task["message"] == "Letters that the font lacks were replaced: Ŋ ŋ Ɛ ɔ ẽ ₵ 🥭"
    text, _ = labels.printable("Ɛmo ne ɔdɔ, Ŋmɔŋ ẽ, Café crème, œuf ₵ 🥭\tend")
    assert text == "Emo ne odo, Nmon e, Café crème, œuf C ? end"
    assert texts(drawings(pdf)[0])[0].startswith("Emo ne odo, Nmon e, Caf")
    code(shop, EAN, name="Cafe\u0301")
    task, _ = make(shop, LABELS, body(shop, 1))
    assert (task["result"]["replaced"], task["message"]) == ([], "")


def test_the_font_is_in_the_file(shop):
    code(shop, EAN)
    _, pdf = make(shop, LABELS, body(shop, 1))
    assert b"/FontFile2" in pdf


# --- Refused ----------------------------------------------------------------------------------------------------------


def test_what_has_no_barcode_that_can_be_printed_is_named_and_nothing_is(shop):
    code(shop, "ɔkɔ", product=1)
    code(shop, "X" * 60, product=2)
    assert refused(shop, body(shop, 1, 1, 1), status=409, code="barcode_unprintable") == [
        ("lines.0.product", "barcode_missing", "Thing 0 has no barcode."),
        ("lines.1.product", "barcode_not_ascii", "There are no bars for the barcode of Thing 1."),
        ("lines.2.product", "barcode_too_long", "The barcode of Thing 2 is too long for this label."),
    ]


def test_a_barcode_that_is_gone_by_then_fails_the_task(shop):
    code(shop, EAN)
    asked = ask(shop, LABELS, body(shop, 1))
    code(shop, "")
    task = run(shop, asked)
    assert (task["state"], task["result"], task["has_file"]) == ("FAILED", {"code": "barcode_unprintable"}, False)


@pytest.mark.parametrize("copies", [0, -1, 1001, 10**18, "1.5", "x", True, None])
def test_so_many_copies_there_cannot_be(shop, copies):
    code(shop, EAN)
    (error,) = refused(shop, body(shop, copies))
    assert error[0] == "lines.0.copies"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"lines": []}, "lines"), ({"layout": "A3"}, "layout"), ({"with_price": "yes"}, "with_price"), ({"x": 1}, "x")],
)
def test_what_is_not_asked_well_is_refused(shop, changes, field):
    code(shop, EAN)
    (error,) = refused(shop, {**body(shop, 1), **changes})
    assert error[0] == field


def test_a_strangers_product_and_the_pack_of_another_product_are_as_unknown_as_none(shop, stranger):
    code(shop, EAN)
    code(stranger, EAN)
    with shop.inside():
        facts = {"factor": Decimal(2), "barcode": "P1", "retail_price": Decimal(1)}
        pack = inventory.add_pack(by=shop.owner, product=shop.products[1], name="Pair", **facts)
    for name, values in (("product", (stranger.products[0].pk, uuid7())), ("pack", (pack.pk, uuid7()))):
        for value in values:
            sent = body(shop, 1)
            sent["lines"][0][name] = str(value)
            assert refused(shop, sent) == [(f"lines.0.{name}", "does_not_exist", "There is no such object.")]


@pytest.mark.parametrize("role", [Role.CASHIER, Role.STAFF])
def test_who_only_sells_or_looks_prints_no_labels(shop, role):
    code(shop, EAN)
    refused(shop, body(shop, 1), status=403, code="capability_missing", by=add_member(shop, role))


@pytest.mark.parametrize("state", ["GRACE", "EXPIRED"])
def test_who_does_not_pay_prints_no_labels(shop, state):
    code(shop, EAN)
    put_in_state(shop, state)
    refused(shop, body(shop, 1), status=402, code="subscription_expired")


def test_the_file_is_a_pdf_for_whoever_asked(shop, stranger):
    code(shop, EAN)
    keeper = add_member(shop, Role.WAREHOUSE)
    task, _ = make(shop, LABELS, body(shop, 1), by=keeper)
    response = shop.client(keeper).get(f"{TASKS}{task['id']}/file/")
    assert b"".join(response.streaming_content).startswith(b"%PDF-")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith('attachment; filename="labels ')
    for client in (shop.client(), stranger.client()):
        assert client.get(f"{TASKS}{task['id']}/file/").status_code == 404


# --- Killed, and how much it costs ------------------------------------------------------------------------------------


class Killed(BaseException):
    """A worker's end: nothing may catch it."""


def test_labels_that_are_killed_half_way_are_drawn_anew_and_leave_one_file(busy):
    code(busy, EAN)
    asked = ask(busy, LABELS, body(busy, 70, layout="A4_24"))
    steps = []

    def kill(execute, sql, params, many, context):
        steps.append(sql.startswith('UPDATE "tasks"'))
        if sum(steps) == 4:  # the beginning, two sheets, and the third
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(kill), pytest.raises(Killed):
        run(busy, asked)
    with busy.inside():
        assert busy.account.tasks.get().done == 48
    task = run(busy, asked)
    assert (task["state"], task["done"], task["total"], task["result"]["labels"]) == ("DONE", 118, 118, 70)
    assert pages(fetch(busy, asked)) == [24, 24, 22]
    with busy.inside():
        assert busy.account.private_files.count() == 1


def test_the_number_of_statements_does_not_grow_with_the_lines(shop):
    with shop.inside():
        for index in range(40):
            facts = {"name": "Soap", "retail_price": Decimal(1), "barcode": f"C{index}"}
            shop.products.append(inventory.add_product(by=shop.owner, sku=f"L{index}", **facts))
    lines = [{"product": str(product.pk), "copies": 1} for product in shop.products[3:]]

    def cost(count):
        found = []

        def call():
            found.append(ask(shop, LABELS, {"lines": lines[:count], "layout": "A4_65"}))
            run(shop, found[0])

        return len(statements(call))

    cost(1)
    assert cost(40) == cost(1)
