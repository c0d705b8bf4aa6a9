from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.cells import cell
from inventory import services
from inventory.importing import running
from inventory.importing.rows import Row
from tests.conftest import open_shop
from tests.inventory.importing import counts, run

NEW = ("sku", "name", "retail_price")


def product(shop, sku):
    with shop.inside():
        return shop.account.products.select_related("category__parent", "supplier").get(sku=sku)


def history(shop, action):
    with shop.inside():
        return list(shop.account.audit_events.filter(action=action).order_by("id").values_list("before", "after"))


def everything(shop):
    with shop.inside():
        account = shop.account
        rows = (account.products, account.categories, account.suppliers, account.stock, account.stock_movements)
        return [sorted(collection.values_list()) for collection in rows]


def test_a_row_is_a_product_new_or_changed_in_what_it_says(shop):
    task = run(
        shop,
        [
            ("sku", "name", "barcode", "category", "supplier", "unit", "tax_class", "tracking", "retail_price",
             "wholesale_price", "is_stocked", "item_code"),
            ("N1", "Café Ɛdwom ₵", "5901234123457", "Drinks > Beer", "Kofi & Sons", "crate", "exempt", "Batch", "5.50",
             "4", "yes", "00042"),
            ("SKU-0", "", "", "", "", "", "", "", "12.25", "", "", ""),
            ("SKU-1", "Thing 1", "", "", "", "piece", "", "NONE", "3.33", "", "TRUE", ""),
        ],
    )  # fmt: skip
    assert task["state"] == "DONE"
    assert task["result"] == counts(created=1, updated=1, unchanged=1)
    assert task["message"] == "Created 1, updated 1, left unchanged 1; refused 0 rows."
    new = product(shop, "N1")
    assert (new.name, new.barcode, new.unit, new.item_code) == ("Café Ɛdwom ₵", "5901234123457", "crate", "00042")
    assert (new.category.name, new.category.parent.name, new.supplier.name) == ("Beer", "Drinks", "Kofi & Sons")
    assert (new.tax_class, new.tracking, new.is_stocked) == ("EXEMPT", "BATCH", True)
    assert (new.retail_price, new.wholesale_price) == (Decimal("5.50"), Decimal(4))
    dearer = product(shop, "SKU-0")
    assert (dearer.name, dearer.retail_price, dearer.version) == ("Thing 0", Decimal("12.25"), 2)
    assert product(shop, "SKU-1").version == 1
    assert history(shop, "product.changed") == [({"retail_price": "10.00"}, {"retail_price": "12.25"})]
    assert history(shop, "product.added")[-1] == ({}, {"sku": "N1"})
    assert history(shop, "category.added") == [({}, {"name": "Drinks"}), ({}, {"name": "Beer"})]
    assert history(shop, "supplier.added") == [({}, {"name": "Kofi & Sons"})]


def test_a_row_without_a_sku_is_the_product_of_its_barcode(shop):
    run(shop, [("sku", "barcode"), ("SKU-0", "5901234123457")])
    task = run(
        shop,
        [("barcode", "name", "retail_price"), ("5901234123457", "Renamed", ""), ("unknown", "Nobody knows", "1")],
    )
    assert task["result"] == counts(updated=1, errors=1)
    assert task["errors"] == [(3, "sku", "required")]
    assert product(shop, "SKU-0").name == "Renamed"


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("name", "", "required"),
        ("retail_price", "", "required"),
        ("retail_price", "-0.01", "min_value"),
        ("retail_price", "1e400", "invalid"),
        ("retail_price", "NaN", "invalid"),
        ("retail_price", "1,50", "invalid"),
        ("retail_price", "٣", "invalid"),
        ("retail_price", "1.005", "max_decimal_places"),
        ("retail_price", "9999999999999", "max_whole_digits"),
        ("retail_price", "=1+1", "invalid"),
        ("wholesale_price", "-1", "min_value"),
        ("sku", "s" * 65, "max_length"),
        ("name", "n" * 201, "max_length"),
        ("name", "n" * 1001, "max_length"),
        ("barcode", "5901234123450", "barcode_check_digit"),
        ("item_code", "123", "invalid"),
        ("tax_class", "free", "invalid_choice"),
        ("tracking", "sometimes", "invalid_choice"),
        ("is_stocked", "perhaps", "invalid"),
        ("category", "Drinks > > Beer", "path"),
        ("category", ">", "path"),
        ("category", "c" * 101, "path"),
        ("category", "Same > same", "category_exists"),
        ("supplier", "s" * 201, "max_length"),
    ],
)
def test_a_row_with_a_mistake_is_left_out_and_all_others_are_not(shop, column, text, code):
    wrong = {"sku": "W1", "name": "Wrong", "retail_price": "1", column: text}
    headings = list(dict.fromkeys([*NEW, column]))
    right = ["Right", "1", ""]
    task = run(
        shop,
        [
            headings,
            ["R1", *right][: len(headings)],
            [wrong[name] for name in headings],
            ["R2", *right][: len(headings)],
        ],
    )
    assert task["result"] == counts(created=2, errors=1)
    assert task["errors"] == [(3, column, code)]
    assert task["error_count"] == 1
    assert task["said"][0]["detail"]
    with shop.inside():
        assert set(shop.account.products.values_list("sku", flat=True)) == {"SKU-0", "SKU-1", "SKU-2", "R1", "R2"}
        assert not shop.account.categories.exists()
        assert not shop.account.suppliers.exists()


def test_nothing_is_free_but_nothing_costs_less(shop):
    assert run(shop, [NEW, ("Z1", "Gift", "0")])["result"] == counts(created=1)


def test_amounts_have_the_digits_of_the_currency(db):
    shop = open_shop("Chez Awa", country="CI", currency="XOF", prices=("500",), stock="0")
    task = run(shop, [NEW, ("A", "Savon", "250"), ("B", "Riz", "250.5")])
    assert task["errors"] == [(3, "retail_price", "currency")]
    assert product(shop, "A").retail_price == 250


def test_everything_that_is_wrong_with_a_row_is_said(shop):
    task = run(shop, [(*NEW, "unit"), ("SKU-0", "", "-1", "u" * 17)])
    assert task["errors"] == [(2, "unit", "max_length"), (2, "retail_price", "min_value")]
    assert task["result"] == counts(errors=1)
    assert task["error_count"] == 2


def test_what_an_earlier_row_of_the_file_said_is_not_said_again(shop):
    rows = [(*NEW, "barcode", "item_code"), ("A", "A", "1", "X1", "00001"), ("A", "A", "1", "", "")]
    rows += [
        ("B", "B", "1", "X1", ""),
        ("C", "C", "1", "", "00001"),
        ("SKU-0", "", "-1", "", ""),
        ("SKU-0", "", "5", "", ""),
    ]
    task = run(shop, rows)
    assert task["errors"] == [
        (3, "sku", "row_repeated"),
        (4, "barcode", "row_repeated"),
        (5, "item_code", "row_repeated"),
        (6, "retail_price", "min_value"),
        (7, "sku", "row_repeated"),
    ]
    assert task["said"][0]["detail"] == "Row 2 says the same already."
    assert task["result"] == counts(created=1, errors=5)


def test_what_another_product_or_a_pack_has_is_taken(shop):
    with shop.inside():
        thing, owner = shop.products[0], shop.owner
        services.change_product(by=owner, product=thing, barcode="X1", item_code="00001")
        services.change_product(by=owner, product=shop.products[2], barcode="X2")
        services.add_pack(
            by=owner, product=thing, name="Six", factor=Decimal(6), retail_price=Decimal(50), barcode="PACK"
        )
    rows = [(*NEW, "barcode", "item_code"), *((f"N{i}", "New", "1", f"B{i}", "") for i in range(40))]
    rows[7] = ("N6", "New", "1", "X1", "00001")
    rows[21] = ("N20", "New", "1", "PACK", "")
    rows[33] = ("SKU-1", "", "", "X2", "")
    task = run(shop, rows)
    assert task["errors"] == [
        (8, "barcode", "barcode_taken"),
        (8, "item_code", "item_code_taken"),
        (22, "barcode", "barcode_taken"),
        (34, "barcode", "barcode_taken"),
    ]
    assert task["result"] == counts(created=37, errors=3)
    assert len(history(shop, "product.added")) == 3 + 37
    assert product(shop, "SKU-1").barcode == ""


def test_a_barcode_moves_on_within_a_file(shop):
    run(shop, [("sku", "barcode"), ("SKU-0", "X"), ("SKU-1", "Z")])
    task = run(shop, [("sku", "barcode"), ("SKU-0", "Y"), ("SKU-1", "X")])
    assert task["result"] == counts(updated=2)
    assert (product(shop, "SKU-0").barcode, product(shop, "SKU-1").barcode) == ("Y", "X")


def test_what_is_in_stock_is_kept_as_it_is(shop):
    task = run(
        shop, [("sku", "tracking", "is_stocked"), ("SKU-0", "SERIAL", ""), ("SKU-1", "", "no"), ("SKU-2", "", "1")]
    )
    assert task["errors"] == [(2, "", "still_in_stock"), (3, "", "still_in_stock")]
    assert task["result"] == counts(unchanged=1, errors=2)


def test_categories_are_found_by_their_names_in_any_case_and_only_where_the_path_says(shop, stranger):
    with stranger.inside():
        services.add_category(by=stranger.owner, name="Beer")
    with shop.inside():
        drinks = services.add_category(by=shop.owner, name="Drinks")
        services.add_category(by=shop.owner, name="Épices")
        services.add_category(by=shop.owner, name="5 > 3")
        beer = services.add_category(by=shop.owner, name="Beer", parent=drinks)
    rows = [(*NEW, "category")]
    paths = ["drinks>BEER", "beer", "Food > Beer", "Épices", "5 > 3", "Food > Rice > Red", "FOOD > rice > White"]
    rows += [(f"C{number}", "Thing", "1", path) for number, path in enumerate(paths)]
    task = run(shop, rows)
    assert task["errors"] == [(4, "category", "category_exists")]
    assert product(shop, "C0").category == product(shop, "C1").category == beer
    assert product(shop, "C4").category.name == "5 > 3"
    assert product(shop, "C5").category.parent == product(shop, "C6").category.parent
    with shop.inside():
        names = set(shop.account.categories.values_list("name", flat=True))
    assert names == {"Drinks", "Beer", "Épices", "5 > 3", "Food", "Rice", "Red", "White"}


def test_suppliers_are_found_by_their_names_and_those_of_others_are_not(shop, stranger):
    with stranger.inside():
        services.add_supplier(by=stranger.owner, name="Accra Traders")
    rows = [(*NEW, "supplier"), ("A", "A", "1", "Accra Traders"), ("B", "B", "1", "ACCRA TRADERS")]
    assert run(shop, rows)["result"] == counts(created=2)
    assert product(shop, "A").supplier == product(shop, "B").supplier
    assert product(shop, "A").supplier.account_id == shop.id
    assert run(shop, [("sku", "supplier"), ("A", "accra traders")])["result"] == counts(unchanged=1)


def test_a_dry_run_says_what_would_come_of_it_and_writes_nothing(shop, monkeypatch):
    monkeypatch.setattr(running, "PORTION", 2)
    rows = [(*NEW, "category", "supplier", "barcode")]
    rows += [(f"N{n}", "New", "1", "Drinks > Beer", "Kofi", f"B{n}") for n in range(5)]
    rows += [("SKU-0", "", "7", "", "", ""), ("SKU-1", "", "3.33", "", "", ""), ("N9", "New", "-1", "", "", "")]
    rows += [("N0", "Again", "1", "", "", ""), ("N10", "New", "1", "", "", "B4")]
    before = everything(shop)
    tried = run(shop, rows, is_dry_run=True)
    assert everything(shop) == before
    assert history(shop, "product.changed") == []
    assert tried["message"].endswith("This was a trial: nothing has been written.")
    done = run(shop, rows)
    assert everything(shop) != before
    assert tried["result"] == done["result"] == counts(created=5, updated=1, unchanged=1, errors=3)
    assert tried["errors"] == done["errors"]


def test_s48_what_a_spreadsheet_would_calculate_comes_back_as_it_was(shop):
    """S48."""
    names = ["=1+1", "+233", "-5", "@SUM(A1)", "'quoted", "''twice", "a;=b", "a;'=b", "plain", '=HYPERLINK("x";"\'y")']
    rows = [NEW, *((f"F{number}", cell(name), "1") for number, name in enumerate(names))]
    assert run(shop, rows)["result"] == counts(created=len(names))
    assert [product(shop, f"F{number}").name for number in range(len(names))] == names
    assert run(shop, rows)["result"] == counts(unchanged=len(names))


def test_the_number_of_statements_does_not_grow_with_the_rows(shop):
    def statements(few):
        facts = {"name": "Thing", "retail_price": Decimal(1), "category": ("Drinks", "Beer"), "supplier": "Kofi"}
        rows = [Row(n, {**facts, "sku": f"{few}-{n}", "barcode": f"{few}.{n}"}) for n in range(few)]
        with shop.inside(), CaptureQueriesContext(connection) as first:
            assert services.import_products(by=shop.owner, rows=rows).created == few
        rows = [Row(row.number, {**row.facts, "retail_price": Decimal(2), "tracking": "BATCH"}) for row in rows]
        with shop.inside(), CaptureQueriesContext(connection) as second:
            assert services.import_products(by=shop.owner, rows=rows).updated == few
        return len(first), len(second)

    statements(1)  # which makes the category and the supplier
    assert statements(2) == statements(200)


def test_a_portion_takes_no_more_locks_than_a_server_has_as_it_comes(shop):
    rows = [
        Row(n, {"sku": f"L{n}", "name": "Lock", "retail_price": Decimal(1), "barcode": f"L{n}"})
        for n in range(running.PORTION)
    ]
    with shop.inside(), connection.cursor() as cursor:
        services.import_products(by=shop.owner, rows=rows)
        cursor.execute("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()")
        (held,) = cursor.fetchone()
        cursor.execute(
            "SELECT current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int"
        )
        (room,) = cursor.fetchone()
    assert running.PORTION <= held <= 64 * 100 / 10  # of PostgreSQL's own defaults, for ten workers at once
    assert held < room / 10
