"""Tables for a spreadsheet: whole, exact, harmless, and nobody's but those who may see what is in them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core import listings
from inventory import services as inventory
from tests.conftest import open_shop, receive
from tests.inventory.made import EXPORTS, export, keep_files_in, make, read, table

FORMATS = ["CSV", "XLSX"]
WHATS = ["PRODUCTS", "STOCK", "MOVEMENTS", "SUPPLIERS"]
# What a spreadsheet would calculate or follow, and what could break the file.
DANGEROUS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "'", "a;=1", "=cmd|' /C calc'!A0", "http://evil.example",
    "<r></b></r>", "<r><t>rich</t></r>", "_x0041_", "a\nb", 'say "hi", twice', "Ɛmo & ɔdɔ <Ŋ> ₵ 🥭", "\x01bell",
]  # fmt: skip


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch) -> Path:
    keep_files_in(tmp_path, monkeypatch)
    return tmp_path


# --- What is in them --------------------------------------------------------------------------------------------------


def fill_catalogue(shop):
    """One product with all its facts, the last of them."""
    with shop.inside():
        drinks = inventory.add_category(by=shop.owner, name="Drinks")
        beer = inventory.add_category(by=shop.owner, name="Bière", parent=drinks)
        trader = inventory.add_supplier(by=shop.owner, name="Kofi & Sons", contact="Kofi", phone="+233201", lead_days=3)
        return inventory.add_product(
            by=shop.owner,
            sku="0042",
            name="Café crème, 3 €",
            barcode="0036000291452",
            item_code="00012",
            category=beer,
            supplier=trader,
            unit="bottle",
            retail_price=Decimal("999999999999.99"),
            wholesale_price=Decimal("0.10"),
            tax_class="EXEMPT",
            tracking="BATCH",
        )


def test_categories_without_end_below_one_another_stop_no_export(shop):
    with shop.inside():
        shelf = None
        for number in range(1100):
            shelf = shop.account.categories.create(name=f"Shelf {number}", parent=shelf)
        shop.account.products.filter(sku="SKU-0").update(category=shelf)
    path = table(export(shop, "PRODUCTS"))[0]["category"].split(" > ")
    assert path == [f"Shelf {number}" for number in range(1050, 1100)]


def test_the_last_day_of_all_is_a_day(shop):
    days = {"first_on": "0001-01-01", "last_on": "9999-12-31"}
    assert export(shop, "MOVEMENTS", **days) == export(shop, "MOVEMENTS")


def test_products_come_with_the_columns_that_an_import_takes(shop):
    fill_catalogue(shop)
    assert export(shop, "PRODUCTS")[0] == [
        *("sku", "name", "barcode", "category", "supplier", "unit", "tax_class", "tracking"),
        *("retail_price", "wholesale_price", "is_stocked", "item_code"),
    ]
    assert table(export(shop, "PRODUCTS"))[-1] == {
        "sku": "0042",
        "name": "Café crème, 3 €",
        "barcode": "0036000291452",
        "category": "Drinks > Bière",
        "supplier": "Kofi & Sons",
        "unit": "bottle",
        "tax_class": "EXEMPT",
        "tracking": "BATCH",
        "retail_price": "999999999999.99",
        "wholesale_price": "0.10",
        "is_stocked": "true",
        "item_code": "00012",
    }


def test_in_a_workbook_codes_are_texts_and_numbers_exact_numbers(shop):
    fill_catalogue(shop)
    row = table(export(shop, "PRODUCTS", "XLSX"))[-1]
    assert (row["sku"], row["barcode"], row["item_code"]) == ("0042", "0036000291452", "00012")
    assert (type(row["retail_price"]), type(row["wholesale_price"])) == (float, float)
    assert Decimal(repr(row["retail_price"])) == Decimal("999999999999.99")
    assert Decimal(repr(row["wholesale_price"])) == Decimal("0.1")
    assert row["is_stocked"] is True


def test_suppliers_come_with_the_columns_that_an_import_takes(shop):
    fill_catalogue(shop)
    assert export(shop, "SUPPLIERS") == [
        ["name", "contact", "phone", "email", "lead_days"],
        ["Kofi & Sons", "Kofi", "'+233201", "", "3"],
    ]
    assert export(shop, "SUPPLIERS", "XLSX")[1] == ["Kofi & Sons", "Kofi", "'+233201", None, 3]


def test_what_is_switched_off_is_left_out(shop):
    with shop.inside():
        shop.account.products.filter(pk=shop.products[0].pk).update(is_active=False)
        shop.account.suppliers.create(name="Gone", is_active=False)
    assert [row["sku"] for row in table(export(shop, "PRODUCTS"))] == ["SKU-1", "SKU-2"]
    assert len(export(shop, "SUPPLIERS")) == 1


def test_amounts_have_the_digits_of_the_currency(db):
    shop = open_shop("Abidjan", country="CI", currency="XOF", time_zone="Africa/Abidjan", prices=("1500",))
    assert table(export(shop, "PRODUCTS"))[0]["retail_price"] == "1500"
    assert table(export(shop, "STOCK"))[0]["retail_price"] == "1500"
    assert table(export(shop, "PRODUCTS", "XLSX"))[0]["retail_price"] == 1500


def test_stock_is_what_is_left_of_each_batch_at_its_exact_value(shop):
    with shop.inside():
        item = {"product": shop.products[0].pk, "quantity": Decimal("7.777"), "unit_cost": Decimal("0.3333")}
        item["expires_on"] = date(2031, 2, 28)
        inventory.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[item])
        shop.account.stock_products.filter(product=shop.products[1]).update(quantity=0)
    rows = table(export(shop, "STOCK"))
    assert [row["sku"] for row in rows] == ["SKU-0", "SKU-2", "SKU-0"]
    assert rows[-1] == {
        "location": "Main",
        "sku": "SKU-0",
        "name": "Thing 0",
        "barcode": "",
        "unit": "piece",
        "expires_on": "2031-02-28",
        "received_at": rows[-1]["received_at"],
        "quantity": "7.777",
        "unit_cost": "0.3333",
        "value": "2.5920741",
        "retail_price": "10.00",
    }
    assert datetime.fromisoformat(rows[-1]["received_at"]).utcoffset() == timedelta(0)
    cells = table(export(shop, "STOCK", "XLSX"))[-1]
    assert cells["expires_on"] == datetime(2031, 2, 28)  # noqa: DTZ001 - a workbook has no zones
    assert Decimal(repr(cells["value"])) == Decimal("2.5920741")


def test_a_number_that_a_spreadsheet_would_round_is_a_text(shop):
    with shop.inside():
        item = {"product": shop.products[0].pk, "quantity": Decimal("123456.789"), "unit_cost": Decimal("654321.1234")}
        inventory.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[item])
    exact = f"{Decimal('123456.789') * Decimal('654321.1234'):.7f}"
    assert table(export(shop, "STOCK"))[-1]["value"] == exact
    assert table(export(shop, "STOCK", "XLSX"))[-1]["value"] == exact
    assert table(export(shop, "MOVEMENTS", "XLSX"))[-1]["value"] == exact


def move(shop, days_ago):
    with shop.inside():
        newest = shop.account.stock_movements.order_by("-id").first()
        return newest.occurred_at - timedelta(days=days_ago)


@pytest.mark.parametrize("format", FORMATS)
def test_movements_come_in_the_order_in_which_they_happened_with_the_signs_of_numbers(shop, format):
    with shop.inside():
        lost = [{"product": shop.products[0].pk, "quantity": Decimal(3)}]
        inventory.adjust_stock(
            by=shop.owner, location=shop.storefront.pk, kind="THEFT", reason="Gone", lines=lost,
            occurred_at=move(shop, days_ago=2),
        )  # fmt: skip
    rows = table(export(shop, "MOVEMENTS", format))
    assert [row["sku"] for row in rows] == ["SKU-0", "SKU-0", "SKU-1", "SKU-2"]
    assert (rows[0]["kind"], rows[0]["by"], rows[0]["source"]) == ("STOLEN", "Owner of Ama Provisions", "adjustment")
    figures = [rows[0][name] for name in ("quantity", "unit_cost", "value", "balance_after")]
    assert figures == (["-3.000", "0.5000", "-1.5000000", "97.000"] if format == "CSV" else [-3, 0.5, -1.5, 97])


def test_movements_of_some_days_are_those_of_the_accounts_own_calendar(db):
    shop = open_shop("Kiribati", country="KI", currency="AUD", time_zone="Pacific/Kiritimati", prices=("1",), stock="0")
    zone = shop.account.zone
    with shop.inside():
        for moment in ((1, 23, 59, 59), (2, 0, 0, 0), (3, 23, 59, 59), (4, 0, 0, 0)):
            day, *clock = moment
            item = {"product": shop.products[0].pk, "quantity": Decimal(day), "unit_cost": Decimal(1)}
            at = datetime(2026, 3, day, *clock, tzinfo=zone)
            inventory.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[item], occurred_at=at)

    def quantities(**days):
        return [row["quantity"] for row in table(export(shop, "MOVEMENTS", **days))]

    assert quantities(first_on="2026-03-02", last_on="2026-03-03") == ["2.000", "3.000"]
    assert quantities(first_on="2026-03-03") == ["3.000", "4.000"]
    assert quantities(last_on="2026-03-01") == ["1.000"]
    assert quantities(first_on="2020-01-01", last_on="2020-01-01") == []
    first = table(export(shop, "MOVEMENTS", "XLSX"))[0]
    assert first["occurred_at"] == datetime(2026, 3, 1, 23, 59, 59)  # noqa: DTZ001 - a workbook has no zones


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("what", WHATS)
def test_an_export_of_nothing_has_its_headings(db, what, format):
    shop = open_shop("Empty", prices=(), stock="0")
    task, content = make(shop, EXPORTS, {"what": what, "format": format})
    assert len(read(content, format)) == 1
    assert task["result"] == {"rows": 0, "is_sample": False}
    assert (task["done"], task["total"], task["message"]) == (0, 0, "")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("what", WHATS)
def test_what_is_read_in_portions_has_every_row_once(shop, monkeypatch, what, format):
    monkeypatch.setattr(listings, "PORTION", 3)
    with shop.inside():
        receive(shop, "1")
        receive(shop, "2")
        for number in range(9):
            shop.account.suppliers.create(name=f"Trader {number}")
            inventory.add_product(by=shop.owner, sku=f"P{number}", name="Same", retail_price=Decimal(1))
    rows = export(shop, what, format)[1:]
    assert len(rows) == {"PRODUCTS": 12, "STOCK": 9, "MOVEMENTS": 9, "SUPPLIERS": 9}[what]
    names = {"PRODUCTS": 12, "STOCK": 3, "MOVEMENTS": 3, "SUPPLIERS": 9}[what]
    column = 0 if what in ("PRODUCTS", "SUPPLIERS") else 1 if what == "STOCK" else 2
    assert len({row[column] for row in rows}) == names


# --- Formulas ---------------------------------------------------------------------------------------------------------


def harmless(text):
    """What S48 asks for, said again: no cell begins with what a spreadsheet calculates, nor does one after a `;`."""
    return not text.startswith(("=", "+", "-", "@", "\t", "\r")) and ";=" not in text


@pytest.mark.parametrize("format", FORMATS)
def test_s48_no_text_of_any_column_is_taken_for_a_formula(shop, format):
    """S48."""
    with shop.inside():
        for index, text in enumerate(DANGEROUS):
            shelf = shop.account.categories.create(name=f"{text}{index}")
            trader = shop.account.suppliers.create(name=f"{text}{index}", contact=text, phone=text, email=text)
            shop.account.products.create(
                sku=f"{text}{index}", name=text, barcode=f"{text}{index}", unit=text[:16],
                item_code=f"{text}{index}"[:5], category=shelf, supplier=trader, retail_price=Decimal(1),
            )  # fmt: skip
        shop.account.locations.filter(pk=shop.storefront.pk).update(name="=Main")
        shop.products = list(shop.account.products.exclude(sku__startswith="SKU"))
        receive(shop, "1")
        shop.account.memberships.filter(pk=shop.owner.pk).update(name="=Owner")
    columns = {
        "PRODUCTS": ["sku", "name", "barcode", "category", "supplier", "unit", "item_code"],
        "SUPPLIERS": ["name", "contact", "phone", "email"],
        "STOCK": ["location", "sku", "name", "barcode", "unit"],
        "MOVEMENTS": ["location", "sku", "name", "by"],
    }
    for what, names in columns.items():
        rows = table(export(shop, what, format))
        assert len(rows) >= len(DANGEROUS), what
        for name in names:
            shown = [row[name] for row in rows if row[name] is not None]
            assert len(shown) >= len(DANGEROUS), (what, name)
            for text in shown:
                assert type(text) is str, (what, name, text)
                assert harmless(text), (what, name, text)


@pytest.mark.parametrize("format", FORMATS)
def test_s48_behind_the_apostrophe_every_text_is_as_it_was(shop, format):
    """S48."""
    with shop.inside():
        for text in DANGEROUS:
            shop.account.products.create(sku=f"x{text}", name=text, retail_price=Decimal(1))
    found = [row["name"] for row in table(export(shop, "PRODUCTS", format))[3:]]
    for text, shown in zip(DANGEROUS, found, strict=True):
        plain = shown.removeprefix("'").replace(";'=", ";=")
        assert plain == text, shown
