"""Goods for other goods: one document, whatever they cost, or nothing of it."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from tests.answers import paths_of, refused
from tests.conftest import open_shop
from tests.pieces import add_phone, sold, whereabouts
from tests.places import add_member, approved_by, give_pin
from tests.sales.requests import SALES, refund, sell
from tests.sales.returning import (
    account_of,
    add_customer,
    by_method,
    exchange,
    exchanged,
    problems,
    sell_on_credit,
    settle,
    shown,
    tenders,
    thing,
    void,
)
from tests.stock import on_hand

pytestmark = pytest.mark.django_db

CARD = [{"method": "CARD", "amount": "14.32"}]


@pytest.mark.parametrize(
    ("index", "quantity", "paid", "carried", "back", "cash"),
    [
        (0, "1", [], "10.00", [], "0.00"),
        (1, "1", [], "3.33", [("CASH", "-6.67")], "-6.67"),
        (0, "2.5", [{"method": "CASH", "amount": "20.00"}], "10.00", [], "15.00"),
    ],
    ids=["equal", "less", "more"],
)
def test_what_came_back_pays_for_what_is_taken(shop, index, quantity, paid, carried, back, cash):
    sale = sell(shop)
    before = by_method(shop)["CASH"]
    told = exchanged(shop, sale, thing(shop, index, quantity), payments=paid)
    refunded, new = told["refund"], told["sale"]
    assert (refunded["kind"], refunded["number"], refunded["total"]) == ("EXCHANGE", "R1-R000001", "10.00")
    assert (refunded["replacement"], new["exchange"], told["id"]) == (new["id"], refunded["id"], refunded["id"])
    assert new["receipt_number"] == "R1-000002"
    assert tenders(refunded["payments"]) == [*back, ("EXCHANGE", f"-{carried}")]
    assert tenders(new["payments"])[0] == ("EXCHANGE", carried)
    assert new["payments"][0]["came_by"] == "CASH"
    assert by_method(shop) == {"CASH": before + Decimal(cash), "EXCHANGE": 0}
    assert sum(on_hand(shop)) == 300 - 2 - Decimal(quantity)
    assert (shown(shop, sale)["status"], shown(shop, new)["exchange"]) == ("PARTLY_REFUNDED", told["id"])
    assert problems(shop) == []


def test_goods_that_come_back_are_worth_what_was_paid_for_them(shop):
    sale = sell(shop, "3", discount="4.00")
    told = exchanged(shop, sale, thing(shop, 0), given_back=[{"method": "CASH", "amount": "8.14"}], quantity="2")
    # 4.00 over 30.00, 9.99 and 2.97: 2.79, 0.93 and 0.28; two thirds of 27.21
    assert (told["refund"]["total"], told["sale"]["total"]) == ("18.14", "10.00")
    with shop.inside():
        shop.account.products.update(retail_price=Decimal("99.00"))
    assert exchange(shop, sale, thing(shop, 0)).json()["code"] == "payment_short"
    assert problems(shop) == []


def test_of_an_exchange_that_lacks_anything_nothing_happens(shop):
    sale, plenty = sell(shop), [{"method": "CASH", "amount": "1000.00"}]
    for extra, status, code in (
        ({"new_lines": [thing(shop, 1, "100")], "payments": plenty}, 409, "insufficient_stock"),
        ({"new_lines": [thing(shop, 0, "1.5")]}, 409, "payment_short"),
        ({"payments": [{"method": "CARD", "amount": "0.01"}]}, 409, "payment_too_much"),
        ({"quantity": "1.001"}, 409, "refund_too_much"),
        ({"given_back": [{"method": "CASH", "amount": "0.01"}]}, 409, "refund_tender_mismatch"),
        ({"given_back": [{"method": "EXCHANGE", "amount": "0.01"}]}, 400, "invalid_input"),
        ({"payments": [{"method": "EXCHANGE", "amount": "0.01"}]}, 400, "invalid_input"),
        ({"new_lines": []}, 400, "invalid_input"),
        ({"new_lines": [thing(shop, 0, "-1")]}, 400, "invalid_input"),
        ({"reason": " "}, 400, "invalid_input"),
        ({"register": str(uuid7())}, 400, "invalid_input"),
    ):
        new_lines = extra.pop("new_lines", [thing(shop, 0)])
        refused(shop, lambda n=new_lines, e=extra: exchange(shop, sale, *n, **e), status, code)
    assert problems(shop) == []


def test_another_business_lends_neither_lines_nor_goods(shop, stranger):
    sale, theirs = sell(shop), sell(stranger)
    strange = {"line": theirs["lines"][0]["id"]}
    told = refused(shop, lambda: exchange(shop, sale, thing(shop), line=strange), 400, "invalid_input")
    assert paths_of(told) == [("lines.0.line", "does_not_exist")]
    told = refused(shop, lambda: exchange(shop, sale, thing(stranger)), 400, "invalid_input")
    assert paths_of(told) == [("new_lines.0.product", "does_not_exist")]
    much = [{"method": "CASH", "amount": "9999.00"}]
    told = refused(shop, lambda: exchange(shop, sale, thing(shop, 0, "101"), payments=much), 409, "insufficient_stock")
    assert paths_of(told) == [("new_lines.0.quantity", "insufficient_stock")]
    refused(shop, lambda: exchange(shop, theirs, thing(shop)), 404, "not_found")


def test_a_retried_exchange_happens_once(shop):
    sale, key = sell(shop), str(uuid7())
    first, again = (exchange(shop, sale, thing(shop), id=key) for _ in range(2))
    assert (again.status_code, again.content, again["Idempotency-Replayed"]) == (201, first.content, "true")
    refused(shop, lambda: exchange(shop, sale, thing(shop, 1), id=key), 422, "idempotency_key_reused")
    with shop.inside():
        assert (shop.account.sales.count(), shop.account.refunds.count()) == (2, 1)


def test_money_that_was_carried_goes_back_by_the_tender_by_which_it_came(shop):
    sale = sell(shop, payments=CARD)
    first = exchanged(shop, sale, thing(shop))
    second = exchanged(shop, first["sale"], thing(shop, 1, "2"), given_back=[{"method": "CARD", "amount": "3.34"}])
    assert tenders(second["sale"]["payments"]) == [("EXCHANGE", "6.66")]
    more = [{"method": "BANK", "amount": "3.33"}]
    refused(shop, lambda: refund(shop, second["sale"], payments=more), 409, "refund_tender_mismatch")
    told = refund(shop, second["sale"], "2").json()["data"]
    assert tenders(told["payments"]) == [("CARD", "-6.66")]
    assert by_method(shop) == {"CARD": Decimal("4.32"), "EXCHANGE": 0}
    rest = refund(shop, {**sale, "lines": sale["lines"][1:]}).json()["data"]
    assert tenders(rest["payments"]) == [("CARD", "-3.33")]
    assert problems(shop) == []


def test_what_was_sold_in_an_exchange_is_refunded_and_not_voided(shop):
    sale = sell(shop)
    told = exchanged(shop, sale, thing(shop))
    refused(shop, lambda: void(shop, told["sale"]), 409, "void_of_exchange")
    refused(shop, lambda: void(shop, sale), 409, "void_after_refund")
    assert refund(shop, told["sale"]).status_code == 201
    voided = sell(shop)
    void(shop, voided)
    refused(shop, lambda: exchange(shop, voided, thing(shop)), 409, "sale_voided")


def test_a_cashier_exchanges_with_a_managers_pin_up_to_the_managers_limit(db):
    shop = open_shop("Dear Things", prices=("2000.01", "2000.00"))
    manager = give_pin(shop, add_member(shop, Role.MANAGER, name="Manager"))
    dear, cheap = (sell(shop, lines=[thing(shop, index)]) for index in range(2))
    refused(shop, lambda: exchange(shop, cheap, thing(shop, 1), member=shop.cashier), 403, "capability_missing")
    lent = {"member": shop.cashier, "headers": approved_by(manager)}
    refused(shop, lambda: exchange(shop, dear, thing(shop, 0), **lent), 403, "approval_required")
    exchanged(shop, cheap, thing(shop, 1), **lent)
    with shop.inside():
        event = shop.account.audit_events.get(action="sale.exchanged")
        assert (event.by_id, event.approved_by_id) == (shop.cashier.pk, manager.pk)
        assert event.after == {"total": "2000.00", "reason": "Too small"}


def test_s37_in_an_exchange_too_prices_and_discounts_need_their_right(shop):
    """S37."""
    keeper = give_pin(shop, add_member(shop, Role.MANAGER, name="Manager"))
    sale = sell(shop)
    for extra in ({"discount": "9.00"}, {"new_lines": [thing(shop, 0, unit_price="1.00")]}):
        new_lines = extra.pop("new_lines", [thing(shop)])
        lent = {"member": shop.cashier, "headers": approved_by(keeper), **extra}
        refused(shop, lambda n=new_lines, e=lent: exchange(shop, sale, *n, **e), 403, "approval_required")


def test_a_piece_is_exchanged_for_another_and_not_for_itself(bare):
    phone = add_phone(bare)
    sale = sold(bare, phone, "A1", "A2")
    bare.products = [phone]
    back = {"serials": ["A1"]}
    for taken, code in (("A1", "serial_elsewhere"), ("A2", "serial_elsewhere")):
        new = thing(bare, serials=[taken])
        refused(bare, lambda n=new: exchange(bare, sale, n, line=back), 409, code)
    told = exchanged(bare, sale, thing(bare, serials=["A3"]), line=back)
    assert whereabouts(bare) == {"A1": "Main", "A2": None, "A3": None, "A4": "Main"}
    assert told["sale"]["lines"][0]["serials"] == ["A3"]
    assert problems(bare) == []


def test_damaged_goods_are_exchanged_for_whole_ones(one):
    sale = sell(one, "2")
    exchanged(one, sale, thing(one), line={"restock": "DAMAGED"})
    assert on_hand(one)[0] == 100 - 2 - 1
    assert problems(one) == []


def test_a_carton_is_exchanged_for_single_pieces(one):
    with one.inside():
        carton = one.account.product_packs.create(
            product=one.products[0], name="Carton", factor=Decimal(24), retail_price=Decimal(200)
        )
    sale = sell(one, lines=[thing(one, pack=str(carton.pk))])
    told = exchanged(one, sale, thing(one, quantity="3"))
    assert tenders(told["refund"]["payments"]) == [("CASH", "-170.00"), ("EXCHANGE", "-30.00")]
    assert on_hand(one)[0] == 97
    assert problems(one) == []


def test_what_is_owed_stays_owed_for_the_new_goods(one):
    customer = add_customer(one)
    sale = sell_on_credit(one, customer, "4")
    told = exchanged(one, sale, thing(one, quantity="2"), quantity="3")
    assert tenders(told["refund"]["payments"]) == [("CUSTOMER_CREDIT", "-10.00"), ("EXCHANGE", "-20.00")]
    assert (told["sale"]["customer"], told["sale"]["payments"][0]["came_by"]) == (str(customer.pk), "CUSTOMER_CREDIT")
    assert account_of(one, customer) == (30, 0)
    cash = [{"method": "CASH", "amount": "20.00"}]
    refused(one, lambda: refund(one, told["sale"], "2", payments=cash), 409, "refund_tender_mismatch")
    settle(one, sale, "25.00")
    back = refund(one, told["sale"], "2").json()["data"]
    assert tenders(back["payments"]) == [("CUSTOMER_CREDIT", "-20.00")]
    assert account_of(one, customer) == (0, 15)
    assert problems(one) == []


def test_what_is_over_is_kept_for_the_customer(one):
    sale, customer = sell(one, "2"), add_customer(one)
    kept = [{"method": "WALLET", "amount": "20.00"}]
    half = {"quantity": "2", "given_back": kept, "discount": "10.00"}
    refused(one, lambda: exchange(one, sale, thing(one), **half), 409, "customer_required")
    told = exchanged(one, sale, thing(one), **half, customer=str(customer.pk))
    assert (told["sale"]["total"], told["refund"]["customer"]) == ("0.00", str(customer.pk))
    assert tenders(told["refund"]["payments"]) == [("WALLET", "-20.00")]
    assert account_of(one, customer) == (0, 20)
    assert problems(one) == []


def test_s41_an_exchange_without_decimals(db):
    """S41."""
    shop = open_shop("Boutique", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("1000", "333"))
    sale = sell(shop, "3", discount="100", payments=[{"method": "CASH", "amount": "5000"}])
    told = exchanged(shop, sale, thing(shop, 1, "1.5"), quantity="1")
    # 100 over 3,000 and 999: 75 and 25; a third of 2,925; 333 by one and a half, half up
    assert (told["refund"]["total"], told["sale"]["total"]) == ("975", "500")
    assert tenders(told["refund"]["payments"]) == [("CASH", "-475"), ("EXCHANGE", "-500")]
    assert problems(shop) == []


def test_what_was_promised_to_a_cart_is_not_taken_in_an_exchange(one):
    sale = sell(one, "1")
    with one.inside():
        inventory.hold_stock(
            by=one.owner, location=one.storefront.pk, product=one.products[0].pk, cart=uuid7(), quantity=Decimal(99)
        )
    refused(one, lambda: exchange(one, sale, thing(one)), 409, "insufficient_stock")


def test_an_exchange_is_read_from_either_end(shop):
    sale = sell(shop)
    told = exchanged(shop, sale, thing(shop))
    client = shop.client()
    (found,) = client.get("/api/v1/sales/refunds/", {"kind": "EXCHANGE"}).json()["results"]
    assert (found["id"], found["replacement"]) == (told["id"], told["sale"]["id"])
    assert client.get(f"{SALES}{found['replacement']}/").json()["data"]["exchange"] == found["id"]
    for part in ("receipt/", "receipt/html/"):
        assert client.get(f"{SALES}{found['replacement']}/{part}").status_code == 200
