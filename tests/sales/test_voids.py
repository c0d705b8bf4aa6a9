"""A sale that should not have been: who may void it, until when, and what goes back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from sales.models import EntryKind
from tests.answers import paths_of, refused
from tests.conftest import open_shop
from tests.pieces import add_phone, sold, way, whereabouts
from tests.places import add_member, add_place, approved_by, give_pin, limit
from tests.sales.requests import REFUNDS, SALES, refund, sell
from tests.sales.returning import (
    account_of,
    add_customer,
    by_method,
    close_shift,
    open_shift,
    problems,
    sell_on_credit,
    settle,
    shown,
    tenders,
    void,
)
from tests.stock import on_hand

pytestmark = pytest.mark.django_db

SPLIT = [{"method": "CARD", "amount": "5.00", "reference": "slip"}, {"method": "CASH", "amount": "20.00"}]


def test_a_voided_sale_keeps_its_number_and_all_of_it_goes_back(shop):
    sale = sell(shop, "1", payments=SPLIT)
    told = void(shop, sale).json()["data"]
    assert (told["kind"], told["number"], told["total"], told["tax_total"]) == (
        "VOID",
        "R1-R000001",
        sale["total"],
        sale["tax_total"],
    )
    assert tenders(told["payments"]) == [("CARD", "-5.00"), ("CASH", "-9.32")]
    assert [line["quantity"] for line in told["lines"]] == ["1.000"] * 3
    after = shown(shop, sale)
    assert (after["status"], after["receipt_number"]) == ("VOIDED", "R1-000001")
    assert by_method(shop) == {"CARD": 0, "CASH": 0}
    assert sum(on_hand(shop)) == 300
    assert sell(shop)["receipt_number"] == "R1-000002"
    assert shop.client().get(REFUNDS, {"kind": "VOID"}).json()["count"] == 1
    assert problems(shop) == []


def test_what_was_voided_was_neither_sold_nor_refunded_on_its_day(shop):
    kept, sale = sell(shop), sell(shop, "2")
    refund(shop, kept)
    assert void(shop, sale).status_code == 201
    day = kept["sold_at"][:10]
    (told,) = shop.client().get(f"{SALES}summary/", {"first_on": day, "last_on": day}).json()["data"]
    assert (told["sale_count"], told["sale_total"], told["refund_count"], told["refund_total"]) == (
        1,
        kept["total"],
        1,
        "10.00",
    )


def test_a_sale_is_voided_once_and_nothing_more_comes_back_of_it(shop):
    sale = sell(shop)
    void(shop, sale)
    refused(shop, lambda: void(shop, sale), 409, "sale_voided")
    refused(shop, lambda: refund(shop, sale, "0.5"), 409, "sale_voided")


def test_of_what_has_come_back_in_part_the_rest_is_refunded(shop):
    sale = sell(shop, "2")
    refund(shop, sale, "0.5")
    refused(shop, lambda: void(shop, sale), 409, "void_after_refund")
    whole = [{"line": line["id"], "quantity": "2"} for line in sale["lines"][1:]]
    first = [{"line": sale["lines"][0]["id"], "quantity": "1.5"}]
    body = {"id": str(uuid7()), "lines": first + whole}
    assert shop.client().post(f"{SALES}{sale['id']}/refunds/", body).status_code == 201
    refused(shop, lambda: void(shop, sale), 409, "void_after_refund")


def test_without_shifts_a_sale_is_voided_on_its_day_only(shop):
    late = sell(shop, sold_at=(timezone.now() - timedelta(days=1)).isoformat())
    refused(shop, lambda: void(shop, late), 409, "void_too_late")
    assert refund(shop, late).status_code == 201


def test_a_sale_is_voided_by_the_shift_that_made_it_while_that_is_open(shop):
    before = sell(shop)
    shift = open_shift(shop)
    refused(shop, lambda: void(shop, before), 409, "void_too_late")
    sale, other = sell(shop), sell(shop)
    assert void(shop, sale).status_code == 201
    with shop.inside():
        assert set(shop.account.refunds.values_list("shift_id", flat=True)) == {shift.pk}
        drawer = shop.account.payments.filter(shift=shift)
        assert sum(payment.amount for payment in drawer) == Decimal(other["total"])
    close_shift(shop)
    refused(shop, lambda: void(shop, other), 409, "void_too_late")
    open_shift(shop)
    refused(shop, lambda: void(shop, other), 409, "void_too_late")
    assert refund(shop, other).status_code == 201
    assert problems(shop) == []


def test_where_shifts_are_required_nothing_is_voided_without_one(shop):
    sale = sell(shop)
    with shop.inside():
        shop.account.is_shift_required = True
        shop.account.save()
    refused(shop, lambda: void(shop, sale), 409, "shift_required")


@pytest.mark.parametrize("extra", [{"reason": ""}, {"reason": "  "}, {"reason": "x" * 201}, {"lines": []}])
def test_a_void_has_a_reason_and_nothing_else(shop, extra):
    sale = sell(shop)
    refused(shop, lambda: void(shop, sale, **extra), 400, "invalid_input")


def test_a_retried_void_happens_once(shop):
    sale, key = sell(shop), str(uuid7())
    first, again = void(shop, sale, id=key), void(shop, sale, id=key)
    assert (again.status_code, again.content, again["Idempotency-Replayed"]) == (201, first.content, "true")
    refused(shop, lambda: void(shop, sale, id=key, reason="Another"), 422, "idempotency_key_reused")
    url = f"{SALES}{sell(shop)['id']}/void/"
    refused(shop, lambda: shop.client().post(url, {"reason": "x"}), 400, "idempotency_key_required")


def test_a_cashier_voids_with_a_managers_pin_who_is_recorded_with_the_reason(shop):
    manager = give_pin(shop, add_member(shop, Role.MANAGER, name="Manager"))
    sale = sell(shop)
    refused(shop, lambda: void(shop, sale, member=shop.cashier), 403, "capability_missing")
    assert void(shop, sale, member=shop.cashier, headers=approved_by(manager)).status_code == 201
    with shop.inside():
        event = shop.account.audit_events.get(action="sale.voided")
        assert (event.by_id, event.approved_by_id, event.subject_id) == (shop.cashier.pk, manager.pk, event.subject_id)
        assert event.after == {"total": "14.32", "reason": "Wrong goods"}


def test_a_manager_voids_alone_what_they_may_give_back_at_once(db):
    shop = open_shop("Dear Things", prices=("2000.01", "2000.00"))
    manager = add_member(shop, Role.MANAGER, name="Manager")
    dear, cheap = (sell(shop, lines=[{"product": str(product.pk), "quantity": "1"}]) for product in shop.products)
    told = refused(shop, lambda: void(shop, dear, member=manager), 403, "approval_required")
    assert told["meta"] == {"limit": "2000.00", "asked": "2000.01"}
    assert void(shop, cheap, member=manager).status_code == 201
    assert void(shop, dear).status_code == 201


def test_a_sale_elsewhere_is_not_there_to_be_voided(shop, stranger):
    there = add_place(shop)
    manager = limit(shop, add_member(shop, Role.MANAGER, name="Manager"), shop.storefront)
    for sale, member in ((sell(there), manager), (sell(stranger), None)):
        refused(shop, lambda s=sale, m=member: void(shop, s, member=m), 404, "not_found")
    mine = sell(shop)
    lender = give_pin(shop, add_member(shop, Role.MANAGER, there.storefront, name="Lender"))
    lent = approved_by(lender)
    refused(shop, lambda: void(shop, mine, member=shop.cashier, headers=lent), 403, "capability_missing")


def test_pieces_go_back_by_number_into_the_batches_that_they_left(bare):
    phone = add_phone(bare)
    sale = sold(bare, phone, "A1", "A3")
    assert void(bare, sale).status_code == 201
    assert whereabouts(bare) == dict.fromkeys(("A1", "A2", "A3", "A4"), "Main")
    assert way(bare, "A3") == [("RECEIVED", 1), ("SOLD", -1), ("RETURNED", 1)]
    assert problems(bare) == []
    again = sold(bare, phone, "A3")
    assert void(bare, again).status_code == 201
    assert problems(bare) == []


def test_what_was_sold_before_its_pieces_had_numbers_is_not_voided(one):
    sale = sell(one, "2")
    with one.inside():
        inventory.adjust_stock(
            by=one.owner,
            location=one.storefront.pk,
            kind="LOSS",
            reason="Gone",
            lines=[{"product": one.products[0].pk, "quantity": Decimal(98)}],
        )
        row = one.account.products.locked().get(pk=one.products[0].pk)
        inventory.change_product(by=one.owner, product=row, tracking="SERIAL")
    told = refused(one, lambda: void(one, sale), 409, "sold_without_serials")
    assert paths_of(told) == [("lines.0.serials", "sold_without_serials")]


def test_a_carton_goes_back_as_the_pieces_that_were_in_it(one):
    with one.inside():
        carton = one.account.product_packs.create(
            product=one.products[0], name="Carton", factor=Decimal(24), retail_price=Decimal(200)
        )
    sale = sell(one, lines=[{"product": str(one.products[0].pk), "pack": str(carton.pk), "quantity": "2"}])
    assert on_hand(one)[0] == 52
    assert void(one, sale).json()["data"]["total"] == "400.00"
    assert on_hand(one)[0] == 100
    assert problems(one) == []


def test_s41_a_void_without_decimals(db):
    """S41."""
    shop = open_shop("Boutique", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("1500", "333"))
    sale = sell(shop, "1.5", discount="100", payments=[{"method": "CASH", "amount": "5000"}])
    told = void(shop, sale).json()["data"]
    assert (told["total"], tenders(told["payments"])) == (sale["total"], [("CASH", f"-{sale['total']}")])
    assert "." not in sale["total"]
    assert problems(shop) == []


def test_a_service_and_a_gift_are_voided_too(bare):
    with bare.inside():
        cut = inventory.add_product(by=bare.owner, sku="CUT", name="Cut", retail_price=Decimal(25), is_stocked=False)
    sale = sell(bare, lines=[{"product": str(cut.pk), "quantity": "1"}], discount="25.00", payments=[])
    told = void(bare, sale).json()["data"]
    assert (told["total"], told["payments"], shown(bare, sale)["status"]) == ("0.00", [], "VOIDED")
    assert problems(bare) == []


@pytest.mark.parametrize(("paid", "wallet"), [("0", "0"), ("12.00", "12.00"), ("30.00", "30.00")])
def test_what_was_owed_is_owed_no_longer_and_what_was_paid_of_it_is_kept(one, paid, wallet):
    customer = add_customer(one)
    sale = sell_on_credit(one, customer, "4", paid="10.00")
    if Decimal(paid):
        settle(one, sale, paid)
    told = void(one, sale).json()["data"]
    assert sorted(tenders(told["payments"])) == [("CASH", "-10.00"), ("CUSTOMER_CREDIT", "-30.00")]
    assert account_of(one, customer) == (0, Decimal(wallet))
    with one.inside():
        kinds = one.account.customer_entries.filter(source="refund").values_list("kind", flat=True)
        assert set(kinds) == {EntryKind.REFUNDED}
    assert problems(one) == []
