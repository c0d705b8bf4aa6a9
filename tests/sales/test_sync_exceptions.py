"""What a till that was offline sends although the books say otherwise: pieces, carts, credit, drawers, approvals."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.roles import Role
from tests.pieces import add_phone, line, sold, way, whereabouts
from tests.places import add_member, approved_by, give_pin
from tests.sales import carting
from tests.sales.drawer import close, ok, report, start
from tests.sales.offline import SYNC, ago, cash_event, codes, fields_of, on_hand, problems, sale, sync, verdicts
from tests.sales.owing import add_customer, balance, entries, owe, paid
from tests.sales.requests import SALES

# --- Pieces -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def phone(shop):
    return add_phone(shop)


@pytest.mark.parametrize(
    "numbers", [("NOBODY'S",), ("A1", "A1"), ("A1", "B7"), ()], ids=["unknown", "twice", "one unknown", "none"]
)
def test_pieces_that_are_not_all_named_and_here_are_sold_and_nothing_is_taken(shop, phone, numbers):
    lines = [line(phone, *numbers, quantity=str(max(len(numbers), 1)))]
    item = sale(shop, lines=lines)
    [answer] = sync(shop, item)
    assert (answer["verdict"], codes(answer)) == ("ACCEPTED_WITH_EXCEPTION", ["serial_elsewhere"])
    assert fields_of(answer) == [("lines.0.serials", "serial_elsewhere")]
    assert answer["row"]["lines"][0]["serials"] == list(numbers)
    assert whereabouts(shop) == dict.fromkeys(("A1", "A2", "A3", "A4"), "Main")
    with shop.inside():
        assert not shop.account.stock_movements.filter(kind="SOLD").exists()
        assert shop.account.sale_lines.get().cost == 0
    assert problems(shop) == []
    assert verdicts(sync(shop, item)) == [("sale", "DUPLICATE")]


def test_a_piece_that_two_lines_name_leaves_with_the_first(shop, phone):
    [answer] = sync(shop, sale(shop, lines=[line(phone, "A1"), line(phone, "A1"), line(phone, "A2")]))
    assert fields_of(answer) == [("lines.1.serials", "serial_elsewhere")]
    assert whereabouts(shop) == {"A1": None, "A2": None, "A3": "Main", "A4": "Main"}
    assert way(shop, "A1") == [("RECEIVED", 1), ("SOLD", -1)]
    assert problems(shop) == []


def test_a_piece_that_was_sold_online_meanwhile_is_sold_once(shop, phone):
    sold(shop, phone, "A1")
    [answer] = sync(shop, sale(shop, lines=[line(phone, "A1")]))
    assert codes(answer) == ["serial_elsewhere"]
    assert way(shop, "A1") == [("RECEIVED", 1), ("SOLD", -1)]
    assert problems(shop) == []


def test_numbers_of_what_is_not_kept_by_piece_say_nothing(shop):
    lines = [line(shop.products[0], "X1", "X2")]
    [answer] = sync(shop, sale(shop, lines=lines))
    assert answer["verdict"] == "ACCEPTED"
    assert on_hand(shop) == [98, 100, 100]
    assert problems(shop) == []
    with shop.inside():
        assert not shop.account.serial_numbers.exists()


# --- Carts ------------------------------------------------------------------------------------------------------------


def test_a_cart_that_was_sold_meanwhile_does_not_lose_the_sale(shop):
    pk = carting.filled(shop, "1", "1", "1")
    assert carting.sell(shop, pk, "1", "1", "1").status_code == 201
    [answer] = sync(shop, sale(shop, cart=pk))
    assert (answer["verdict"], codes(answer)) == ("ACCEPTED_WITH_EXCEPTION", ["cart_closed"])
    assert on_hand(shop) == [98, 98, 98]
    assert carting.shown(shop, pk)["sale"] != answer["row"]["id"]
    assert problems(shop) == []


def test_a_cart_that_was_given_up_stays_given_up(shop):
    pk = carting.filled(shop, "2")
    carting.took(shop, f"{pk}/hold/")
    carting.took(shop, f"{pk}/abandon/")
    [answer] = sync(shop, sale(shop, "2", cart=pk))
    assert codes(answer) == ["cart_closed"]
    assert carting.shown(shop, pk)["status"] == "ABANDONED"
    assert on_hand(shop) == [98, 98, 98]


def test_a_cart_that_goes_on_ends_with_the_sale(shop):
    pk = carting.filled(shop, "2")
    carting.took(shop, f"{pk}/hold/")
    [answer] = sync(shop, sale(shop, "2", cart=pk))
    assert answer["verdict"] == "ACCEPTED"
    cart = carting.shown(shop, pk)
    assert (cart["status"], cart["sale"]) == ("COMPLETED", answer["row"]["id"])
    with shop.inside():
        assert not shop.account.reservations.filter(expires_at__gt=timezone.now()).exists()


# --- Customers --------------------------------------------------------------------------------------------------------


def test_s35_what_was_sold_on_credit_beyond_the_limit_is_owed(one):
    """S35."""
    customer = add_customer(one, "15")
    assert owe(one, customer).status_code == 201
    credit = {"customer": str(customer.pk), "payments": paid(CUSTOMER_CREDIT="10.00")}
    item = sale(one, **credit)
    [answer] = sync(one, item)
    assert (answer["verdict"], codes(answer)) == ("ACCEPTED_WITH_EXCEPTION", ["credit_limit_exceeded"])
    assert answer["reasons"][0]["meta"] == {"limit": "15.00", "debt": "10.00", "available": "5.00"}
    assert balance(one, customer) == ("20.00", "0.00")
    assert entries(one, customer) == [("SOLD_ON_CREDIT", 10), ("SOLD_ON_CREDIT", 10)]
    assert verdicts(sync(one, item)) == [("sale", "DUPLICATE")]
    assert balance(one, customer) == ("20.00", "0.00")
    assert problems(one) == []


@pytest.mark.parametrize(
    ("facts", "code"), [({"is_blocked": True}, "customer_blocked"), ({"is_active": False}, "customer_inactive")]
)
def test_who_was_blocked_meanwhile_owes_what_they_bought(one, facts, code):
    customer = add_customer(one, **facts)
    credit = {"customer": str(customer.pk), "payments": paid(CUSTOMER_CREDIT="10.00")}
    [answer] = sync(one, sale(one, **credit))
    assert codes(answer) == [code]
    assert balance(one, customer) == ("10.00", "0.00")
    assert problems(one) == []


def test_a_wallet_that_is_empty_pays_for_nothing(one):
    customer = add_customer(one)
    [answer] = sync(one, sale(one, customer=str(customer.pk), payments=paid(WALLET="10.00")))
    assert (answer["verdict"], codes(answer), answer["is_final"]) == ("REJECTED", ["insufficient_wallet"], True)
    assert (balance(one, customer), on_hand(one)) == (("0.00", "0.00"), [100])


def test_s38_change_kept_of_a_sale_that_comes_after_the_z_is_in_its_addendum(one):
    """S38."""
    customer, shift = add_customer(one), start(one, opened_at=ago(hours=5))
    ok(close(one, shift, ("50", 1), closed_at=ago(hours=1)))
    z = report(one, shift, "z")
    item = sale(one, sold_at=ago(hours=2), shift=shift["id"], customer=str(customer.pk), keep_change=True)
    item["content"]["payments"] = paid(CASH="12.50")
    [answer] = sync(one, item)
    assert (answer["verdict"], answer["row"]["shift"]) == ("ACCEPTED", shift["id"])
    after = report(one, shift, "z")
    [addendum] = after.pop("addenda")
    assert {**after, "addenda": []} == z
    assert (addendum["id"], addendum["total"], addendum["cash"]) == (item["id"], "10.00", "12.50")
    assert balance(one, customer) == ("0.00", "2.50")
    assert problems(one) == []


# --- Drawers ----------------------------------------------------------------------------------------------------------


def cash_of(shop):
    with shop.inside():
        return list(shop.account.cash_events.order_by("id").values_list("amount", "is_late"))


def test_cash_that_was_moved_offline_is_in_its_drawer_once(shop):
    shift = start(shop, opened_at=ago(hours=5))
    moment = ago(hours=2)
    out = cash_event(shift["id"], "DROP", "30", occurred_at=moment)
    [first] = sync(shop, out, member=shop.cashier)
    assert (first["verdict"], first["row"]["amount"], first["row"]["is_late"]) == ("ACCEPTED", "30.00", False)
    assert first["row"]["by"] == str(shop.cashier.pk)
    [again] = sync(shop, out)
    assert (again["verdict"], again["row"]) == ("DUPLICATE", first["row"])
    assert report(shop, shift, "x")["expected"] == "20.00"
    assert cash_of(shop) == [(Decimal(-30), False)]
    with shop.inside():
        assert shop.account.cash_events.get().occurred_at.isoformat() == moment
    assert problems(shop) == []


def test_what_was_sold_offline_is_in_the_drawer_before_cash_leaves_it(one):
    shift = start(one, "0")
    batch = [cash_event(shift["id"], amount="10"), sale(one, shift=shift["id"], payments=paid(CASH="10"))]
    assert verdicts(sync(one, *batch)) == [("sale", "ACCEPTED"), ("cash_event", "ACCEPTED")]
    assert report(one, shift, "x")["expected"] == "0.00"


def test_cash_that_was_moved_before_the_z_comes_as_an_addendum(shop):
    shift = start(shop, opened_at=ago(hours=5))
    ok(close(shop, shift, ("50", 1), closed_at=ago(hours=1)))
    z = report(shop, shift, "z")
    [answer] = sync(shop, cash_event(shift["id"], "PAID_IN", "7", occurred_at=ago(hours=2)))
    assert (answer["verdict"], answer["row"]["is_late"]) == ("ACCEPTED", True)
    after = report(shop, shift, "z")
    [addendum] = after.pop("addenda")
    assert {**after, "addenda": []} == z
    assert (addendum["kind"], addendum["id"], addendum["cash"]) == ("CASH_EVENT", answer["id"], "7.00")
    assert problems(shop) == []


def test_the_drawer_of_a_stranger_or_of_another_place_is_unknown(shop, stranger):
    theirs = start(stranger)
    here = start(shop)
    elsewhere = add_member(shop, Role.CASHIER, is_limited=True)
    for shift, member in ((theirs, None), (here, elsewhere)):
        [answer] = sync(shop, cash_event(shift["id"]), member=member)
        assert (answer["verdict"], answer["is_final"]) == ("REJECTED", False)
        assert fields_of(answer) == [("shift", "does_not_exist")]
    assert cash_of(shop) == cash_of(stranger) == []


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1e400", "ten", None, "99999999999999"])
def test_cash_that_is_no_amount_is_not_moved(shop, amount):
    shift = start(shop)
    [answer] = sync(shop, cash_event(shift["id"], amount=amount))
    assert (answer["verdict"], codes(answer)) == ("REJECTED", ["invalid_input"])
    assert fields_of(answer)[0][0] == "amount"
    assert cash_of(shop) == []


# --- Approvals --------------------------------------------------------------------------------------------------------


def test_s37_who_approves_one_act_does_not_approve_a_batch(one):
    """S37."""
    manager = give_pin(one, add_member(one, Role.MANAGER, name="Kojo"))
    item = sale(one)
    item["content"]["lines"][0]["unit_price"] = "8.00"
    client, approved = one.client(one.cashier), approved_by(manager)
    alone = client.post(SALES, item["content"], **approved, HTTP_IDEMPOTENCY_KEY="alone")
    assert (alone.status_code, alone.json()["data"]["approved_by"]) == (201, str(manager.pk))
    response = client.post(SYNC, {"items": [item]}, **approved)
    assert response.status_code == 200
    list(response.streaming_content)
    with one.inside():
        taken = one.account.sales.get(pk=item["id"])
        issue = one.account.sync_issues.get(item_id=item["id"])
        assert taken.approved_by is None
        assert not one.account.audit_events.filter(subject_id=item["id"], approved_by__isnull=False).exists()
    assert [reason["code"] for reason in issue.reasons] == ["capability_missing", "price_changed"]
