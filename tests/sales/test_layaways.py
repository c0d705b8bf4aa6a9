"""Goods that are laid aside at the prices of the day, held until the due day, and paid in parts."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connections
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services as inventory
from sales import sums
from tests.accounts.tills import told
from tests.answers import fields_of, ids, refused
from tests.conftest import open_shop, receive
from tests.places import add_place
from tests.sales import returning
from tests.sales.asides import (
    LAYAWAYS,
    ask,
    body_of,
    complete,
    customer_of,
    due,
    in_drawer,
    laid,
    money,
    pay,
    paying,
    shown,
    took,
)
from tests.stock import on_hand
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db

SALES = "/api/v1/sales/sales/"
RESERVATIONS = "/api/v1/inventory/reservations/"
SHORT = (409, "insufficient_stock")


def not_laid(shop, status, code, *quantities, **facts):
    """It is not laid aside, and nothing is taken or held; the refusal."""
    body = body_of(shop, *quantities, **facts)
    return refused(shop, lambda: ask(shop, "", body), status, code)


def adds_up(shop):
    with shop.inside():
        return list(sums.find_disagreements(using="default")) == []


def open_shift(shop):
    """The next shift at the shop's register, after the one that is open there."""
    with shop.inside():
        is_open = shop.account.shifts.filter(closed_at=None).exists()
    if is_open:
        returning.close_shift(shop)
    return returning.open_shift(shop)


def available(shop, product):
    path = f"/api/v1/inventory/storefronts/{shop.storefront.pk}/stock-products/{product.pk}/availability/"
    data = shop.client().get(path).json()["data"]
    return data["held"], data["available"]


# --- Over weeks -------------------------------------------------------------------------------------------------------


def test_a_layaway_is_paid_over_weeks_at_the_prices_of_its_day_and_no_money_moves_twice(shop):
    first_shift = open_shift(shop)
    layaway = laid(shop, "3", "7", "1.5", paid="20.00", discount="1.00")
    assert (layaway["subtotal"], layaway["discount_total"], layaway["total"]) == ("54.80", "1.00", "53.80")
    assert (layaway["paid"], layaway["open_amount"], layaway["status"]) == ("20.00", "33.80", "OPEN")
    assert [line["total"] for line in layaway["lines"]] == ["29.45", "22.89", "1.46"]
    with shop.inside():
        shop.account.products.update(retail_price=Decimal(99))
    with time_machine.travel(timezone.now() + timedelta(days=9), tick=True):
        shop.sessions.clear()
        second_shift = open_shift(shop)
        took(pay(shop, layaway["id"], ("MOBILE_MONEY", "13.79"), ("CASH", "10.01")))
    with time_machine.travel(timezone.now() + timedelta(days=12), tick=True):
        shop.sessions.clear()
        refused(shop, lambda: complete(shop, layaway["id"]), 409, "layaway_unpaid")
        took(pay(shop, layaway["id"], ("CARD", "10.00")))
        assert on_hand(shop) == [100, 100, 100]
        sale = took(complete(shop, layaway["id"]))
        assert available(shop, shop.products[0]) == ("0.000", "97.000")
    assert (sale["total"], sale["paid"], sale["change_due"], sale["receipt_number"]) == (
        *("53.80", "53.80", "0.00", "R1-000001"),
    )
    assert money(sale["payments"]) == [("DEPOSIT", "53.80")]
    facts = ("unit_price", "list_price", "discount", "tax_amount", "taxes", "total")
    assert [[line[name] for name in facts] for line in sale["lines"]] == [
        [line[name] for name in facts] for line in layaway["lines"]
    ]
    assert sale["lines"][0]["unit_price"] == "10.00"
    assert on_hand(shop) == [97, 93, Decimal("98.5")]
    assert (in_drawer(shop, first_shift), in_drawer(shop, second_shift)) == (Decimal("20.00"), Decimal("10.01"))
    done = shown(shop, layaway["id"])
    assert (done["status"], done["sale"], done["open_amount"]) == ("COMPLETED", sale["id"], "0.00")
    assert money(done["payments"]) == [
        ("CASH", "20.00"), ("MOBILE_MONEY", "13.79"), ("CASH", "10.01"), ("CARD", "10.00"),
    ]  # fmt: skip
    assert adds_up(shop)


def test_s41_in_a_currency_without_coins_nothing_has_decimals(db):
    """S41."""
    shop = open_shop(
        "Cotonou", country="BJ", currency="XOF", time_zone="Africa/Porto-Novo", prices=("333", "1001"), stock="9"
    )
    not_laid(shop, 409, "deposit_too_small", "1", "1", paid="266")
    not_laid(shop, 400, "invalid_input", "1", "1", paid="300.5")
    layaway = laid(shop, "1", "1", paid="267")  # a fifth of 1334 is 266.8
    assert (layaway["total"], layaway["paid"], layaway["open_amount"]) == ("1334", "267", "1067")
    refused(shop, lambda: pay(shop, layaway["id"], ("CASH", "1068")), 409, "layaway_overpaid")
    took(pay(shop, layaway["id"], ("CASH", "1067")))
    sale = took(complete(shop, layaway["id"]))
    assert (sale["total"], money(sale["payments"])) == ("1334", [("DEPOSIT", "1334")])
    assert adds_up(shop)


def test_an_instalment_may_come_after_the_due_day_and_what_is_still_there_is_handed_over(shop):
    layaway = laid(shop, "1", paid="5", days=2)
    with time_machine.travel(timezone.now() + timedelta(days=4), tick=True):
        shop.sessions.clear()
        assert shown(shop, layaway["id"])["is_overdue"] is True
        took(pay(shop, layaway["id"], ("CASH", "5")))
        assert took(complete(shop, layaway["id"]))["total"] == "10.00"
    assert adds_up(shop)


# --- What it holds ----------------------------------------------------------------------------------------------------


@pytest.fixture
def last(bare):
    """A shop with one piece of its one product."""
    with bare.inside():
        receive(bare, "1")
    return bare


def sell_it(shop, **facts):
    line = {"product": str(shop.products[0].pk), "quantity": "1"}
    return shop.client().post(SALES, shop.basket(lines=[line], **facts))


def test_the_last_piece_that_is_laid_aside_is_neither_sold_nor_held_nor_laid_aside_again(last):
    layaway = laid(last, "1", paid="2")
    assert available(last, last.products[0]) == ("1.000", "0.000")
    refused(last, lambda: sell_it(last), *SHORT)
    not_laid(last, *SHORT, "1", paid="2")
    hold = {"location": str(last.storefront.pk), "product": str(last.products[0].pk), "quantity": "1"}
    refused(last, lambda: last.client().post(RESERVATIONS, {**hold, "cart": str(uuid7())}), *SHORT)
    took(pay(last, layaway["id"], ("CASH", "8")))
    took(complete(last, layaway["id"]))
    assert on_hand(last) == [0]


def test_only_the_layaway_itself_lets_go_of_what_it_holds(last):
    layaway = laid(last, "1", paid="2")["id"]
    (row,) = last.client().get(RESERVATIONS).json()["results"]
    assert (row["cart"], row["is_firm"]) == (layaway, True)
    refused(last, lambda: last.client().delete(f"{RESERVATIONS}{row['id']}/"), 409, "held_firmly")
    hold = {"location": str(last.storefront.pk), "product": str(last.products[0].pk), "quantity": "0.001"}
    refused(last, lambda: last.client().post(RESERVATIONS, {**hold, "cart": layaway}), 409, "held_firmly")
    body = refused(last, lambda: sell_it(last, cart=layaway), 400, "invalid_input")
    assert fields_of(body) == ["cart"]
    assert available(last, last.products[0]) == ("1.000", "0.000")


def test_after_the_due_day_it_holds_nothing_although_no_job_ran(last):
    layaway = laid(last, "1", paid="2", days=3)["id"]
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=True):
        last.sessions.clear()
        assert shown(last, layaway)["is_overdue"] is False
        refused(last, lambda: sell_it(last), *SHORT)
    with time_machine.travel(timezone.now() + timedelta(days=4), tick=True):
        last.sessions.clear()
        assert available(last, last.products[0]) == ("0.000", "1.000")
        assert sell_it(last).status_code == 201
        took(pay(last, layaway, ("CASH", "8")))
        refused(last, lambda: complete(last, layaway), *SHORT)
        assert shown(last, layaway)["status"] == "OPEN"


def test_cartons_are_held_as_the_pieces_that_are_in_them_and_a_service_is_not_held(shop):
    by = shop.owner
    with shop.inside():
        carton = inventory.add_pack(
            by=by, product=shop.products[0], name="Carton", factor=Decimal(24), retail_price=Decimal(200)
        )
        fee = inventory.add_product(by=by, sku="FIT", name="Fitting", retail_price=Decimal(5), is_stocked=False)
    product = str(shop.products[0].pk)
    lines = [
        {"product": product, "pack": str(carton.pk), "quantity": "2"},
        {"product": product, "quantity": "0.5"},
        {"product": str(fee.pk), "quantity": "1"},
    ]
    layaway = laid(shop, paid="410", lines=lines)
    assert available(shop, shop.products[0]) == ("48.500", "51.500")
    sale = took(complete(shop, layaway["id"]))
    assert [line["name"] for line in sale["lines"]] == ["Thing 0, Carton", "Thing 0", "Fitting"]
    assert on_hand(shop)[0] == Decimal("51.5")
    assert adds_up(shop)


def test_of_what_is_tracked_by_piece_the_pieces_are_named_when_they_go(shop):
    with shop.inside():
        phone = inventory.add_product(
            by=shop.owner, sku="FONE", name="Phone", retail_price=Decimal(900), tracking="SERIAL"
        )
        goods = {"product": phone.pk, "quantity": Decimal(2), "unit_cost": Decimal(600), "serials": ["A1", "A2"]}
        inventory.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[goods])
    line = {"product": str(phone.pk), "quantity": "1"}
    layaway = laid(shop, paid="900", lines=[line])
    pk, line = layaway["id"], layaway["lines"][0]["id"]
    refused(shop, lambda: complete(shop, pk), 400, "serials_required")
    refused(shop, lambda: complete(shop, pk, {"line": line, "serials": ["Z9"]}), 409, "serial_elsewhere")
    body = refused(shop, lambda: complete(shop, pk, {"line": str(uuid7()), "serials": ["A2"]}), 400, "invalid_input")
    assert fields_of(body) == ["lines.0.line"]
    sale = took(complete(shop, pk, {"line": line, "serials": ["A2"]}))
    assert sale["lines"][0]["serials"] == ["A2"]
    with shop.inside():
        assert shop.account.serial_numbers.get(number="A2").stock_product_id is None


# --- What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "status", "code", "field"),
    [
        ({"paid": "1.99"}, 409, "deposit_too_small", None),
        ({"paid": "10.01"}, 409, "layaway_overpaid", None),
        ({"paid": "-2"}, 400, "invalid_input", "payments.0.amount"),
        ({"paid": "5", "days": -1}, 400, "invalid_input", "due_on"),
        ({"paid": "5", "days": 367}, 400, "invalid_input", "due_on"),
        ({"paid": "5", "customer": None}, 400, "invalid_input", "customer"),
        ({"paid": "5", "customer": str(uuid7())}, 400, "invalid_input", "customer"),
        ({"paid": "5", "lines": []}, 400, "invalid_input", "lines"),
        ({"payments": [{"method": "WALLET", "amount": "5"}]}, 400, "invalid_input", "payments.0.method"),
        ({"payments": [{"method": "CUSTOMER_CREDIT", "amount": "5"}]}, 400, "invalid_input", "payments.0.method"),
        ({"payments": [{"method": "DEPOSIT", "amount": "5"}]}, 400, "invalid_input", "payments.0.method"),
        ({"paid": "5", "discount": "10.01"}, 409, "discount_too_large", None),
    ],
)
def test_what_cannot_be_laid_aside_is_refused_and_nothing_is_taken_or_held(one, facts, status, code, field):
    body = not_laid(one, status, code, "1", **facts)
    assert fields_of(body) == ([field] if field else [])


def test_s37_terms_of_a_cashiers_own_are_refused_not_obeyed(one):
    """S37."""
    line = {"product": str(one.products[0].pk), "quantity": "1"}
    for facts in (
        {"discount": "1"},
        {"price_level": "WHOLESALE"},
        {"lines": [{**line, "unit_price": "1"}]},
        {"lines": [{**line, "discount": "1"}]},
    ):
        body = body_of(one, "1", paid="5", **facts)
        refused(one, lambda body=body: ask(one, "", body, member=one.cashier), 403, "capability_missing")
    assert ask(one, "", body_of(one, "1", paid="5"), member=one.cashier).status_code == 201


def test_how_large_a_deposit_is_the_business_says(one):
    account = "/api/v1/accounts/account/"
    for wrong in ("-0.0001", "1.0001", "NaN"):
        assert told(one.client().patch(account, {"layaway_deposit_rate": wrong}))[0] == 400
    assert one.client().patch(account, {"layaway_deposit_rate": "0.3333"}).status_code == 200
    body = not_laid(one, 409, "deposit_too_small", "1", paid="3.32")
    assert body["meta"] == {"least": "3.33"}
    laid(one, "1", paid="3.33")
    one.client().patch(account, {"layaway_deposit_rate": "0"})
    assert laid(one, "1")["paid"] == "0.00"


def test_an_instalment_is_money_and_no_more_than_is_left(one):
    pk = laid(one, "1", paid="4")["id"]
    body = refused(one, lambda: pay(one, pk, ("CASH", "3"), ("CARD", "3.01")), 409, "layaway_overpaid")
    assert body["meta"] == {"open": "6.00"}
    for amount in ("0", "-1", "0.001", "NaN", "1e1", ""):
        refused(one, lambda amount=amount: pay(one, pk, ("CASH", amount)), 400, "invalid_input")
    refused(one, lambda: pay(one, pk), 400, "invalid_input")
    refused(one, lambda: pay(one, pk, ("WALLET", "1")), 400, "invalid_input")


def test_the_same_instalment_sent_twice_is_paid_once(one):
    pk, key = laid(one, "1", paid="4")["id"], str(uuid7())
    first, again = (pay(one, pk, ("CASH", "3"), key=key) for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    assert shown(one, pk)["paid"] == "7.00"
    body = {"register": str(one.register.pk), "payments": paying(("CASH", "3"))}
    without_key = one.client().post(f"{LAYAWAYS}{pk}/payments/", body)
    assert told(without_key) == (400, "idempotency_key_required")


def test_money_comes_in_at_a_register_of_the_storefront_and_in_a_shift_where_one_is_required(one):
    there = add_place(one)
    pk = laid(one, "1", paid="4")["id"]
    for call in (
        lambda: pay(one, pk, ("CASH", "1"), register=there.register.pk),
        lambda: ask(one, "", body_of(one, "1", paid="4", register=str(there.register.pk))),
    ):
        assert fields_of(refused(one, call, 400, "invalid_input")) == ["register"]
    with one.inside():
        one.account.__class__.across_accounts.filter(pk=one.id).update(is_shift_required=True)
    for call in (
        lambda: pay(one, pk, ("CASH", "1")),
        lambda: ask(one, "", body_of(one, "1", paid="4")),
    ):
        refused(one, call, 409, "shift_required")
    open_shift(one)
    took(pay(one, pk, ("CASH", "1")))


def test_layaways_are_found_by_status_customer_and_due_day(one):
    soon, late = laid(one, "1", paid="4", days=2)["id"], laid(one, "1", paid="10", days=20)["id"]
    other = laid(one, "1", paid="4", days=20, customer=customer_of(one, "Kwesi Ɔsei 🛍"))["id"]
    took(complete(one, late))
    assert ids(one, LAYAWAYS) == {soon, late, other}
    assert ids(one, LAYAWAYS, status="OPEN") == {soon, other}
    assert ids(one, LAYAWAYS, customer=customer_of(one)) == {soon, late}
    assert ids(one, LAYAWAYS, due_before=due(one, 3)) == {soon}


def test_to_lay_thirty_lines_aside_and_hand_them_over_costs_what_three_cost():
    shop = open_shop("Big", prices=("3.33",) * 30, stock="50")
    took(complete(shop, laid(shop, "1", paid="3.33")["id"]))
    costs = []
    for count in (3, 30):
        body = body_of(shop, *["1"] * count, paid=f"{Decimal('3.33') * count}")
        costs.append(len(statements(lambda body=body: took(ask(shop, "", body)))))
        pk = shop.client().get(f"{LAYAWAYS}?status=OPEN").json()["results"][0]["id"]
        costs.append(len(statements(lambda pk=pk: took(complete(shop, pk)))))
    assert costs[:2] == costs[2:]


# --- The proof --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE layaways SET paid = paid - 1 WHERE status = 'OPEN'", "of it is paid, but its payments sum to"),
        ("UPDATE layaway_lines SET total = total + 1", "but its lines sum to"),
        ("UPDATE layaway_lines SET tax_amount = tax_amount + 1", "its tax is"),
        ("UPDATE layaway_lines SET discount = discount + 1", "its discount is"),
        ("UPDATE layaways SET sale_id = NULL, status = 'OPEN' WHERE status = 'COMPLETED'", "nothing was laid aside"),
    ],
)
def test_verify_ledger_finds_a_layaway_that_does_not_agree_with_its_rows(one, change, problem):
    laid(one, "1", paid="4")
    took(complete(one, laid(one, "1", paid="10")["id"]))
    assert adds_up(one)
    with one.inside(), connections["default"].cursor() as cursor:
        cursor.execute(change)
    with one.inside():
        found = list(sums.find_disagreements(using="default"))
    assert any(problem in row.problem for row in found), found
