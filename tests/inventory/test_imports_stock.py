"""Opening stock and suppliers from tables."""

from datetime import date
from decimal import Decimal

import pytest

from inventory import services, sums
from inventory.importing import running
from tests.inventory.importing import as_xlsx, counts, run

HEADINGS = ("sku", "name", "quantity", "unit_cost", "expiry_date")


def stocked(shop, rows, **more):
    return run(shop, rows, what="OPENING_STOCK", location=str(shop.storefront.pk), **more)


def batches(shop):
    """What came with opening stock."""
    with shop.inside():
        rows = shop.account.stock_products.filter(stock__reference="Opening stock").order_by("product__sku", "id")
        return list(rows.values_list("product__sku", "quantity", "unit_cost", "expires_on"))


def test_opening_stock_is_a_delivery_through_the_ledger(shop):
    rows = [HEADINGS, ("SKU-0", "read by people only", "12.5", "3.1234", ""), ("SKU-1", "", "1", "0", "2030-01-31")]
    task = stocked(shop, rows)
    assert (task["state"], task["result"]) == ("DONE", counts(created=2))
    assert batches(shop) == [
        ("SKU-0", Decimal("12.5"), Decimal("3.1234"), None),
        ("SKU-1", Decimal(1), Decimal(0), date(2030, 1, 31)),
    ]
    with shop.inside():
        delivery = shop.account.stock.get(reference="Opening stock")
        assert (delivery.location, delivery.received_by) == (shop.storefront, shop.owner)
        lines = shop.account.stock_movements.filter(source="stock", source_id=delivery.pk)
        assert set(lines.values_list("kind", "quantity", "value")) == {
            ("RECEIVED", Decimal("12.5"), Decimal("39.0425")),
            ("RECEIVED", Decimal(1), Decimal(0)),
        }
        assert list(sums.find_disagreements(using="default", account_id=shop.id)) == []


def test_a_workbook_of_opening_stock_says_days_and_numbers(shop):
    rows = [("sku", "Qty", "Cost", "Best before"), ("SKU-0", 3, 0.1 + 0.2, date(2031, 5, 6)), ("SKU-1", 2.5, 1, None)]
    assert stocked(shop, as_xlsx(rows))["result"] == counts(created=2)
    assert batches(shop)[0] == ("SKU-0", Decimal(3), Decimal("0.3"), date(2031, 5, 6))


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (("SKU-1", "", "0", "1", ""), "quantity", "min_value"),
        (("SKU-1", "", "-1", "1", ""), "quantity", "min_value"),
        (("SKU-1", "", "0.0001", "1", ""), "quantity", "max_decimal_places"),
        (("SKU-1", "", "1e3", "1", ""), "quantity", "invalid"),
        (("SKU-1", "", "999999999999", "1", ""), "quantity", "max_whole_digits"),
        (("SKU-1", "", "", "1", ""), "quantity", "required"),
        (("SKU-1", "", "1", "", ""), "unit_cost", "required"),
        (("SKU-1", "", "1", "-0.01", ""), "unit_cost", "min_value"),
        (("SKU-1", "", "1", "1", "31/01/2030"), "expiry_date", "invalid"),
        (("SKU-1", "", "1", "1", "2030-02-30"), "expiry_date", "invalid"),
        (("", "", "1", "1", ""), "barcode", "does_not_exist"),
        (("THEIRS", "", "1", "1", ""), "sku", "does_not_exist"),
        (("SERVICE", "", "1", "1", ""), "", "not_stocked"),
        (("MILK", "", "1", "1", ""), "expiry_date", "expiry_required"),
        (("PHONE", "", "1", "1", ""), "", "serials_required"),
        (("SKU-0", "", "5", "2", ""), "sku", "row_repeated"),
    ],
)
def test_a_row_that_cannot_be_received_is_left_out_and_the_others_come(shop, stranger, row, field, code):
    with stranger.inside():
        services.add_product(by=stranger.owner, sku="THEIRS", name="Theirs", retail_price=Decimal(1))
    with shop.inside():
        kinds = {"SERVICE": {"is_stocked": False}, "MILK": {"tracking": "BATCH"}, "PHONE": {"tracking": "SERIAL"}}
        for sku, facts in kinds.items():
            services.add_product(by=shop.owner, sku=sku, name=sku, retail_price=Decimal(1), **facts)
    task = stocked(shop, [HEADINGS, ("SKU-0", "", "5", "2", ""), row, ("SKU-2", "", "7", "2", "")])
    assert task["errors"] == [(3, field, code)]
    assert task["result"] == counts(created=2, errors=1)
    assert [(sku, quantity) for sku, quantity, *_ in batches(shop)] == [("SKU-0", 5), ("SKU-2", 7)]


def test_a_barcode_will_do_and_the_same_product_may_come_in_several_batches(shop):
    with shop.inside():
        services.change_product(by=shop.owner, product=shop.products[0], barcode="X1")
    rows = [("barcode", "quantity", "unit_cost", "expiry_date"), ("X1", "1", "2", ""), ("X1", "1", "2", "2030-01-01")]
    assert stocked(shop, [*rows, ("X1", "1", "3", "")])["result"] == counts(created=3)


def test_a_delivery_comes_per_portion_and_none_where_nothing_is_right(shop, monkeypatch):
    monkeypatch.setattr(running, "PORTION", 2)
    rows = [HEADINGS, *((f"SKU-{n}", "", "1", "1", "") for n in (0, 1, 8, 9, 2))]
    task = stocked(shop, rows)
    assert task["result"] == counts(created=3, errors=2)
    with shop.inside():
        assert shop.account.stock.filter(reference="Opening stock").count() == 2


def test_a_dry_run_of_opening_stock_receives_nothing_and_takes_no_number(shop):
    rows = [HEADINGS, ("SKU-0", "", "5", "2", ""), ("GONE", "", "5", "2", "")]
    with shop.inside():
        before = list(shop.account.document_counters.values_list())
    task = stocked(shop, rows, is_dry_run=True)
    assert task["result"] == counts(created=1, errors=1)
    assert batches(shop) == []
    with shop.inside():
        assert list(shop.account.document_counters.values_list()) == before


# --- Suppliers --------------------------------------------------------------------------------------------------------

SUPPLIER = ("Name", "Contact", "Telephone", "E-mail", "Lead time")


def suppliers(shop):
    with shop.inside():
        return list(
            shop.account.suppliers.order_by("name").values_list("name", "contact", "phone", "email", "lead_days")
        )


def test_suppliers_are_new_or_changed_in_what_their_row_says(shop, stranger):
    with stranger.inside():
        services.add_supplier(by=stranger.owner, name="Kofi", phone="+233200000000")
    with shop.inside():
        services.add_supplier(by=shop.owner, name="Éts Awa", phone="+225 01", lead_days=3)
        services.add_supplier(by=shop.owner, name="Same", phone="1")
    rows = [
        SUPPLIER,
        ("Kofi", "Ama", "", "Kofi@Example.com", "0"),
        ("Éts AWA", "", "", "", "14"),
        ("same", "", "1", "", ""),
    ]
    task = run(shop, rows, what="SUPPLIERS")
    assert task["result"] == counts(created=1, updated=1, unchanged=1)
    assert suppliers(shop) == [
        ("Kofi", "Ama", "", "kofi@example.com", 0),
        ("Same", "", "1", "", None),
        ("Éts Awa", "", "+225 01", "", 14),
    ]
    with shop.inside():
        lines = shop.account.audit_events.filter(subject="supplier").order_by("id")
        said = list(lines.values_list("action", "after"))
    assert said[2:] == [("supplier.added", {"name": "Kofi"}), ("supplier.changed", {"lead_days": 14})]
    with stranger.inside():
        assert stranger.account.suppliers.get().phone == "+233200000000"


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (("", "Ama", "", "", ""), "name", "required"),
        (("n" * 201, "", "", "", ""), "name", "max_length"),
        (("N", "", "0" * 33, "", ""), "phone", "max_length"),
        (("N", "", "", "not an address", ""), "email", "invalid"),
        (("N", "", "", "", "-1"), "lead_days", "min_value"),
        (("N", "", "", "", "3651"), "lead_days", "max_value"),
        (("N", "", "", "", "soon"), "lead_days", "invalid"),
        (("FIRST", "", "", "", ""), "name", "row_repeated"),
    ],
)
def test_a_supplier_with_a_mistake_is_left_out(shop, row, field, code):
    task = run(shop, [SUPPLIER, ("First", "", "", "", ""), row, ("Last", "", "", "", "")], what="SUPPLIERS")
    assert task["errors"] == [(3, field, code)]
    assert [name for name, *_ in suppliers(shop)] == ["First", "Last"]


def test_what_is_about_a_person_is_not_quoted_in_the_history(shop):
    run(shop, [SUPPLIER, ("Kofi", "", "0244", "", "")], what="SUPPLIERS")
    run(shop, [SUPPLIER, ("Kofi", "", "0255", "", "")], what="SUPPLIERS")
    with shop.inside():
        assert shop.account.audit_events.filter(action="supplier.changed").get().after == {"phone": "***"}
    assert suppliers(shop) == [("Kofi", "", "0255", "", None)]


def test_a_dry_run_of_suppliers_writes_none(shop):
    task = run(shop, [SUPPLIER, ("Kofi", "", "0244", "", "")], what="SUPPLIERS", is_dry_run=True)
    assert task["result"] == counts(created=1)
    assert suppliers(shop) == []
