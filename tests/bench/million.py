"""A year of one business by the million: sales of three lines with their payments, refunds and stock movements, made by
the database itself. Ledgers that agree, as far as reports look."""

from datetime import timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections, models
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from accounts.models import Membership
from core import tenancy
from inventory.models import Product, Stock, StockMovement, StockProduct
from sales.models import Customer, Payment, Refund, RefundLine, Sale, SaleLine
from tests.bench.rows import default_of

LINES = 3  # of a sale
PRODUCTS, CUSTOMERS = 5_000, 2_000
REFUNDED = 50  # every so many sales, one line comes back
YEAR = "interval '365 days'"

# Ids that grow with time, as ours do: of sale `n`, and of what belongs to it.
_ID = """
CREATE FUNCTION pg_temp.id_of(n bigint, part int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(1700000000000 + n * 100), 12, '0') || '7' || lpad(to_hex(part), 3, '0') || '8'
    || substr(md5(n::text), 1, 15))::uuid
$$
"""
_NUMBER = f"((n * {LINES} + l)::bigint * 7919 %% {PRODUCTS})"  # of the product on line `l` of sale `n`
_PIECES = "(1 + n %% 3)"
_TOTAL = f"({_PIECES} * (1 + {_NUMBER} %% 900))"  # so many pieces at its price, of which 20 % are taxes on top
_LEVIES = (("VAT", "0.1500"), ("NHIL", "0.0250"), ("GETFUND", "0.0250"))
_TAXES = ", ".join(
    f"jsonb_build_object('code', '{code}', 'name', '{code}', 'rate', '{rate}',"
    f" 'base', round({_TOTAL} / 1.2, 2)::text, 'amount', round({_TOTAL} / 1.2 * {rate}, 2)::text)"
    for code, rate in _LEVIES
)
_LEVIED = {"tax_amount": f"round({_TOTAL} / 6.0, 2)", "total": _TOTAL, "taxes": f"jsonb_build_array({_TAXES})"}
_SALE = f"(SELECT sum({_TOTAL}) FROM generate_series(0, {LINES - 1}) l)"
_FIRST = f"(SELECT {_TOTAL} FROM (VALUES (0)) first(l))"
_PRODUCT = f"pg_temp.id_of({_NUMBER}, 1)"
_MOVED = {
    "stock_product_id": f"pg_temp.id_of({_NUMBER}, 3)",
    "product_id": _PRODUCT,
}
SOLD_AT = "%(start)s::timestamptz + n * (" + YEAR + ") / %(sales)s"


def fill(owner: Membership, *, line_count: int, mark: str) -> None:
    """As superuser, past the wall and the foreign keys. The year ends now; the database is marked when it is done."""
    with tenancy.scope(owner.account_id):
        register = owner.account.registers.get()
    known = {"account": owner.account_id, "owner": owner.pk, "register": register.pk, "place": register.storefront_id}
    known |= {"sales": line_count // LINES, "start": timezone.now() - timedelta(days=365)}
    dsn = make_conninfo(settings.DATABASE_ADMIN_DSN, dbname=settings.DATABASE_NAME)
    with psycopg.connect(dsn, autocommit=True, cursor_factory=psycopg.ClientCursor) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(_ID)
        for model, columns, source in _tables():
            _insert(admin, model, columns, source, known)
        admin.execute("VACUUM (FREEZE, ANALYZE)")
        admin.execute(f"COMMENT ON DATABASE {settings.DATABASE_NAME} IS '{mark}'".encode())


def _tables() -> list[tuple[type[models.Model], dict[str, str], str]]:
    products = f"generate_series(0, {PRODUCTS - 1}) n"
    sales = "generate_series(0, %(sales)s - 1) n"
    lines = f"{sales}, generate_series(0, {LINES - 1}) l"
    refunds = f"generate_series(0, %(sales)s - 1, {REFUNDED}) n"
    back = f"(VALUES (0)) one(l), {refunds}"
    at, later = {"sold_at": SOLD_AT, "recorded_at": SOLD_AT}, f"{SOLD_AT} + interval '1 hour'"
    return [
        (Product, _product(), products),
        (Stock, {"id": "pg_temp.id_of(0, 2)", **_delivery()}, "(VALUES (1)) one(n)"),
        (StockProduct, _batch(), products),
        (StockMovement, {**_movement("n", 1), **_received()}, products),
        (Customer, {"id": "pg_temp.id_of(n, 4)", "name": "'Customer ' || n"}, f"generate_series(0, {CUSTOMERS - 1}) n"),
        (Sale, {**_sale(), **at}, sales),
        (SaleLine, _line(), lines),
        (Payment, {**_payment("n", 20), "sale_id": "pg_temp.id_of(n, 10)", "amount": _SALE, "paid_at": SOLD_AT}, sales),
        (StockMovement, {**_MOVED, **_gone("SOLD", f"-{_PIECES}", 30, SOLD_AT), "sequence": "2 + n"}, lines),
        (Refund, {**_refund(), "refunded_at": later, "recorded_at": later}, refunds),
        (RefundLine, _back(), back),
        (
            Payment,
            {
                **_payment("n", 21),
                "sale_id": "pg_temp.id_of(n, 10)",
                "refund_id": "pg_temp.id_of(n, 40)",
                "amount": f"-{_FIRST}",
                "paid_at": later,
            },
            refunds,
        ),
        (StockMovement, {**_MOVED, **_gone("RETURNED", _PIECES, 50, later), "sequence": "1000000000 + n"}, back),
    ]


def _product() -> dict[str, str]:
    name = "(ARRAY['Rice 5 kg', 'Cooking oil', 'Soap', 'Sardines'])[1 + n %% 4] || ' ' || n"
    return {"id": "pg_temp.id_of(n, 1)", "sku": "'SKU-' || n", "name": name, "retail_price": "10", "barcode": "''"}


def _delivery() -> dict[str, str]:
    facts = {"location_id": "%(place)s", "number": "'GR-1'", "reference": "''", "received_by_id": "%(owner)s"}
    return {**facts, "occurred_at": "%(start)s"}


def _batch() -> dict[str, str]:
    facts = {"product_id": "pg_temp.id_of(n, 1)", "location_id": "%(place)s", "stock_id": "pg_temp.id_of(0, 2)"}
    costs = {"purchase_cost": "5", "unit_cost": "5", "received_at": "%(start)s"}
    return {"id": "pg_temp.id_of(n, 3)", **facts, **costs, "quantity": "5000", "movement_count": "1"}


def _movement(n: str, part: int) -> dict[str, str]:
    here = {"location_id": "%(place)s", "by_id": "%(owner)s", "unit_cost": "5", "balance_after": "1"}
    return {"id": f"pg_temp.id_of({n}, {part})", **here, "source": "'sale'"}


def _received() -> dict[str, str]:
    batch = {"stock_product_id": "pg_temp.id_of(n, 3)", "product_id": "pg_temp.id_of(n, 1)", "sequence": "1"}
    facts = {"kind": "'RECEIVED'", "quantity": "5000", "value": "25000", "source_id": "pg_temp.id_of(0, 2)"}
    return {**batch, **facts, "occurred_at": "%(start)s", "recorded_at": "%(start)s"}


def _gone(kind: str, quantity: str, part: int, at: str) -> dict[str, str]:
    source = {"SOLD": 10, "RETURNED": 40}[kind]
    facts = {
        "kind": f"'{kind}'",
        "quantity": quantity,
        "value": f"{quantity} * 5",
        "occurred_at": at,
        "recorded_at": at,
    }
    papers = {"source_id": f"pg_temp.id_of(n, {source})", "line_id": "pg_temp.id_of(n, 11 + l)"}
    return {**_movement("n", part), "id": f"pg_temp.id_of(n, {part} + l)", **facts, **papers}


def _sale() -> dict[str, str]:
    sums = {
        "subtotal": "30",
        "discount_total": "0",
        "tax_total": "5.01",
        "total": "30",
        "paid": "30",
        "change_due": "0",
    }
    buyer = f"CASE WHEN n %% 3 = 0 THEN pg_temp.id_of(n %% {CUSTOMERS}, 4) END"
    facts = {
        "receipt_number": "'R-' || n",
        "price_level": "'RETAIL'",
        "currency": "'GHS'",
        "prices_include_tax": "true",
    }
    where = {"storefront_id": "%(place)s", "register_id": "%(register)s", "sold_by_id": "%(owner)s"}
    return {
        "id": "pg_temp.id_of(n, 10)",
        **sums,
        **facts,
        **where,
        "discount_total": "0",
        "change_due": "0",
        "customer_id": buyer,
    }


def _line() -> dict[str, str]:
    prices = {
        "unit_price": f"1 + {_NUMBER} %% 900",
        "list_price": f"1 + {_NUMBER} %% 900",
        "discount": "0",
        "tax_rate": "0.2",
        "cost": f"5 * {_PIECES}",
    }
    facts = {"product_id": _PRODUCT, "name": "'Thing'", "quantity": _PIECES, "position": "l", **prices, **_LEVIED}
    return {"id": "pg_temp.id_of(n, 11 + l)", "sale_id": "pg_temp.id_of(n, 10)", **facts}


def _payment(n: str, part: int) -> dict[str, str]:
    facts = {"register_id": "%(register)s", "tendered": "30"}
    return {"id": f"pg_temp.id_of({n}, {part})", **facts, "method": "(ARRAY['CASH', 'CASH', 'CARD'])[1 + n %% 3]"}


def _refund() -> dict[str, str]:
    facts = {"number": "'B-' || n", "register_id": "%(register)s", "refunded_by_id": "%(owner)s"}
    return {
        "id": "pg_temp.id_of(n, 40)",
        "sale_id": "pg_temp.id_of(n, 10)",
        **facts,
        "tax_total": "1.67",
        "total": "10",
    }


def _back() -> dict[str, str]:
    facts = {"refund_id": "pg_temp.id_of(n, 40)", "line_id": "pg_temp.id_of(n, 11)", "quantity": _PIECES}
    return {"id": "pg_temp.id_of(n, 41)", **facts, "restock": "'SHELF'", **_LEVIED}


def _insert(admin: Any, model: type[models.Model], columns: dict[str, str], source: str, known: dict[str, Any]) -> None:
    """With the model's default for every column that is not named."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    found, params = {"account_id": "%(account)s", **columns}, dict(known)
    assert set(found) <= set(fields), (model, set(found) - set(fields))
    for name, field in fields.items():
        if name not in found:
            found[name] = f"%(default_{name})s"
            params[f"default_{name}"] = field.get_db_prep_save(default_of(field), connections["owner"])
    names = ", ".join(f'"{fields[name].column}"' for name in found)
    values = ", ".join(f"({sql})::{fields[name].db_type(connections['owner'])}" for name, sql in found.items())
    admin.execute(f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values} FROM {source}", params)
