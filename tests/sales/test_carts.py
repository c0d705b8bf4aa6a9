"""Baskets that are not sold yet: parked, taken up at another till, priced, held, sold once, given up or forgotten."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from sales import services, sums
from tests.accounts.tills import told
from tests.answers import fields_of, ids, refused
from tests.conftest import open_shop
from tests.places import add_member, add_place, approved_by, give_pin
from tests.sales.carting import (
    CARTS,
    ask,
    beside,
    body_of,
    filled,
    opened,
    quantities,
    quoted,
    sell,
    shown,
    took,
)
from tests.stock import on_hand
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db

SHORT = (409, "insufficient_stock")
CLOSED = (409, "cart_closed")
STEPS = ("park", "resume", "hold", "release", "abandon")


def held_of(shop, product):
    """How much of it is promised, and how much can be had."""
    path = f"/api/v1/inventory/storefronts/{shop.storefront.pk}/stock-products/{product.pk}/availability/"
    data = shop.client().get(path).json()["data"]
    return data["held"], data["available"]


# --- From opened to sold ----------------------------------------------------------------------------------------------


def test_a_cart_costs_what_its_sale_costs_and_ends_with_it(shop):
    pk = filled(shop, "2", "3", "0.5")
    quote = quoted(shop, pk).json()["data"]
    assert [line["total"] for line in quote["lines"]] == ["20.00", "9.99", "0.50"]
    response = sell(shop, pk, "2", "3", "0.5")
    assert response.status_code == 201, response.content
    sale = response.json()["data"]
    for name in ("subtotal", "discount_total", "tax_total", "total", "currency", "prices_include_tax"):
        assert quote[name] == sale[name], name
    assert [line["taxes"] for line in quote["lines"]] == [line["taxes"] for line in sale["lines"]]
    cart = shown(shop, pk)
    assert (cart["status"], cart["sale"]) == ("COMPLETED", sale["id"])
    with shop.inside():
        event = shop.account.audit_events.get(action="cart.completed")
        assert (event.by_id, event.after) == (shop.owner.pk, {"sale": sale["id"]})
    with shop.inside():
        assert list(sums.find_disagreements(using="default")) == []


def test_a_quote_takes_no_number_and_writes_nothing(shop):
    pk = filled(shop, "2")
    found = statements(lambda: quoted(shop, pk))
    assert not [sql for sql in found if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))]
    with shop.inside():
        shop.register.refresh_from_db()
    assert shop.register.last_number == 0


def test_an_empty_cart_costs_nothing_and_what_left_the_catalogue_is_refused_as_its_sale_would_be(shop):
    assert quoted(shop, opened(shop)).json()["data"]["total"] == "0.00"
    pk = filled(shop, "1", "1")
    with shop.inside():
        shop.account.products.filter(pk=shop.products[1].pk).update(is_active=False)
    refusals = [quoted(shop, pk).json(), sell(shop, pk, "1", "1").json()]
    assert [fields_of(each) for each in refusals] == [["lines.1.product"]] * 2


def test_a_sale_that_is_refused_leaves_its_cart_open_and_what_it_holds(shop):
    pk = filled(shop, "60")
    took(shop, f"{pk}/hold/")
    short = [{"method": "CASH", "amount": "1"}]
    refused(shop, lambda: sell(shop, pk, "60", payments=short), 409, "payment_short")
    assert shown(shop, pk)["status"] == "DRAFT"
    assert sell(shop, pk, "60").status_code == 201


def test_a_cart_that_was_sold_is_sold_no_more_and_no_step_leads_back(shop):
    pk = filled(shop, "1")
    assert sell(shop, pk, "1").status_code == 201
    refused(shop, lambda: sell(shop, pk, "1"), *CLOSED)
    for step in STEPS:
        refused(shop, lambda step=step: ask(shop, f"{pk}/{step}/"), *CLOSED)
    refused(shop, lambda: ask(shop, f"{pk}/lines/", {"product": str(shop.products[0].pk)}), *CLOSED)
    refused(shop, lambda: shop.client().patch(f"{CARTS}{pk}/", {"name": "Again"}), *CLOSED)
    line = shown(shop, pk)["lines"][0]["id"]
    refused(shop, lambda: shop.client().patch(f"{CARTS}{pk}/lines/{line}/", {"quantity": "5"}), *CLOSED)
    refused(shop, lambda: shop.client().delete(f"{CARTS}{pk}/lines/{line}/"), *CLOSED)
    with shop.inside():
        assert shop.account.sales.count() == 1


def test_what_an_offline_till_sold_days_ago_ends_its_parked_cart(shop):
    pk = filled(shop, "1")
    took(shop, f"{pk}/park/")
    sold_at = timezone.now() - timedelta(days=3)
    assert sell(shop, pk, "1", sold_at=sold_at.isoformat()).status_code == 201
    assert shown(shop, pk)["status"] == "COMPLETED"


def test_a_retry_of_the_sale_is_the_same_sale_although_the_cart_is_closed_by_it(shop):
    pk, body_id = filled(shop, "1"), str(uuid7())
    first, again = (sell(shop, pk, "1", id=body_id) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["data"] == again.json()["data"]
    assert on_hand(shop)[0] == 99


def test_a_cart_of_another_storefront_is_not_sold_here(shop):
    there = add_place(shop)
    pk = filled(there, "1")
    body = refused(shop, lambda: sell(shop, pk, "1"), 400, "invalid_input")
    assert fields_of(body) == ["cart"]


def test_to_who_works_elsewhere_a_cart_is_as_unknown_as_any_id(shop):
    """Such an id holds nothing, and a sale may bear it."""
    there = add_place(shop)
    pk = filled(there, "1")
    took(there, f"{pk}/hold/")
    cashier = add_member(shop, Role.CASHIER, shop.storefront)
    line = {"product": str(shop.products[0].pk), "quantity": "1"}
    response = shop.client(cashier).post("/api/v1/sales/sales/", shop.basket(lines=[line], cart=pk))
    assert response.status_code == 201, response.content
    assert shown(there, pk)["status"] == "DRAFT"
    assert held_of(there, shop.products[0])[0] == "1.000"


# --- Parked and taken up ----------------------------------------------------------------------------------------------


def test_a_cart_is_parked_and_taken_up_once_at_another_register_of_the_storefront(shop):
    pk, other = filled(shop, "1"), beside(shop)
    assert took(shop, f"{pk}/park/")["status"] == "PARKED"
    refused(shop, lambda: ask(shop, f"{pk}/park/"), 409, "cart_state")
    refused(shop, lambda: ask(shop, f"{pk}/lines/", {"product": str(shop.products[0].pk)}), 409, "cart_state")
    resumed = took(shop, f"{pk}/resume/", {"register": other})
    assert (resumed["status"], resumed["register"]) == ("DRAFT", other)
    refused(shop, lambda: ask(shop, f"{pk}/resume/", {"register": other}), 409, "cart_state")
    assert sell(shop, pk, "1", register=other).status_code == 201
    with shop.inside():
        steps = shop.account.audit_events.filter(subject="cart", subject_id=pk).order_by("id")
        told_of = [event.action for event in steps]
    assert told_of == ["cart.opened", "cart.line_added", "cart.parked", "cart.resumed", "cart.completed"]


def test_no_cart_is_opened_or_taken_up_where_no_such_register_is(shop):
    there = add_place(shop)
    elsewhere = body_of(shop, register=str(there.register.pk))
    assert fields_of(refused(shop, lambda: ask(shop, "", elsewhere), 400, "invalid_input")) == ["register"]
    pk = filled(shop, "1")
    took(shop, f"{pk}/park/")
    elsewhere = {"register": str(there.register.pk)}
    assert fields_of(refused(shop, lambda: ask(shop, f"{pk}/resume/", elsewhere), 400, "invalid_input")) == ["register"]
    with shop.inside():
        shop.account.registers.filter(pk=shop.register.pk).update(is_active=False)
    refused(shop, lambda: ask(shop, f"{pk}/resume/"), 409, "register_inactive")


def test_a_register_has_several_carts_and_each_is_its_own(shop):
    first, second = opened(shop, name="Ama"), opened(shop, name="Kofi with the red cap")
    took(shop, f"{first}/lines/", {"product": str(shop.products[0].pk), "quantity": "7"})
    took(shop, f"{second}/lines/", {"product": str(shop.products[0].pk), "quantity": "0.5"})
    assert [quantities(shown(shop, pk)) for pk in (first, second)] == [["7.000"], ["0.500"]]
    took(shop, f"{first}/park/")
    assert ids(shop, CARTS, register=str(shop.register.pk)) == {first, second}
    assert ids(shop, CARTS, status="PARKED") == {first}
    assert ids(shop, CARTS, status="DRAFT") == {second}


# --- Promised stock ---------------------------------------------------------------------------------------------------


def test_s25_a_second_cart_sees_the_first_ones_hold_and_the_first_sells_it(shop):
    """S25."""
    first, second = filled(shop, "60", "1"), filled(shop, "41")
    lines = took(shop, f"{first}/hold/", {"minutes": 30})["lines"]
    assert [line["is_held"] for line in lines] == [True, True]
    assert held_of(shop, shop.products[0]) == ("60.000", "40.000")
    body = refused(shop, lambda: ask(shop, f"{second}/hold/"), *SHORT)
    assert body["meta"]["available"] == {str(shop.products[0].pk): "40.000"}
    refused(shop, lambda: sell(shop, second, "41"), *SHORT)
    assert sell(shop, first, "60", "1").status_code == 201
    assert held_of(shop, shop.products[0]) == ("0.000", "40.000")


def test_s25_a_hold_that_has_run_out_blocks_nobody_although_no_job_ran(shop):
    """S25."""
    pk = filled(shop, "100")
    took(shop, f"{pk}/hold/", {"minutes": 10})
    with shop.inside():
        shop.account.reservations.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert [line["is_held"] for line in shown(shop, pk)["lines"]] == [False]
    assert sell(shop, filled(shop, "100"), "100").status_code == 201


@pytest.mark.parametrize("step", ["release", "abandon"])
def test_s25_what_is_let_go_or_given_up_is_free_for_others(shop, step):
    """S25."""
    pk = filled(shop, "100", "100")
    took(shop, f"{pk}/hold/")
    assert held_of(shop, shop.products[1]) == ("100.000", "0.000")
    cart = took(shop, f"{pk}/{step}/")
    assert cart["status"] == {"release": "DRAFT", "abandon": "ABANDONED"}[step]
    assert [held_of(shop, product)[0] for product in shop.products[:2]] == ["0.000", "0.000"]


def test_a_cart_is_promised_all_that_is_in_it_or_nothing(shop):
    pk = filled(shop, "1", "100.001")
    body = refused(shop, lambda: ask(shop, f"{pk}/hold/"), *SHORT)
    assert body["meta"]["available"] == {str(shop.products[1].pk): "100.000"}
    assert held_of(shop, shop.products[0])[0] == "0.000"


def test_what_is_taken_out_of_a_cart_is_free_and_what_comes_to_it_is_not_held_yet(shop):
    pk = filled(shop, "10", "10")
    took(shop, f"{pk}/hold/")
    first, second = (line["id"] for line in shown(shop, pk)["lines"])
    shop.client().patch(f"{CARTS}{pk}/lines/{first}/", {"quantity": "4"})
    assert held_of(shop, shop.products[0])[0] == "4.000"
    assert shop.client().delete(f"{CARTS}{pk}/lines/{second}/").status_code == 200
    assert held_of(shop, shop.products[1])[0] == "0.000"
    cart = took(shop, f"{pk}/lines/", {"product": str(shop.products[0].pk), "quantity": "1"})
    assert (quantities(cart), cart["lines"][0]["is_held"]) == (["5.000"], False)
    assert held_of(shop, shop.products[0])[0] == "4.000"


def test_a_service_needs_no_promise(shop):
    with shop.inside():
        fee = inventory.add_product(
            by=shop.owner, sku="FEE", name="Delivery", retail_price=Decimal(5), is_stocked=False
        )
    pk = opened(shop)
    took(shop, f"{pk}/lines/", {"product": str(fee.pk)})
    took(shop, f"{pk}/hold/")
    with shop.inside():
        assert not shop.account.reservations.exists()


def test_to_hold_thirty_lines_costs_what_to_hold_three_costs():
    shop = open_shop("Big", prices=("3.33",) * 30, stock="50")
    costs = []
    for count in (3, 30):
        pk = filled(shop, *["1"] * count)
        costs.append(len(statements(lambda pk=pk: took(shop, f"{pk}/hold/"))))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("minutes", [0, -5, 1441, "soon"])
def test_a_time_that_is_none_is_400(shop, minutes):
    pk = filled(shop, "1")
    refused(shop, lambda: ask(shop, f"{pk}/hold/", {"minutes": minutes}), 400, "invalid_input")


# --- Who may ----------------------------------------------------------------------------------------------------------


def test_s37_a_cashier_changes_no_price_level_without_the_right_or_a_managers_pin(shop):
    """S37."""
    pk = filled(shop, "1")
    body = body_of(shop, price_level="WHOLESALE")
    refused(shop, lambda: ask(shop, "", body, member=shop.cashier), 403, "capability_missing")
    change = {"price_level": "WHOLESALE"}
    till = shop.client(shop.cashier)
    refused(shop, lambda: till.patch(f"{CARTS}{pk}/", change), 403, "capability_missing")
    manager = give_pin(shop, add_member(shop, Role.MANAGER, name="Manager"))
    response = till.patch(f"{CARTS}{pk}/", change, **approved_by(manager))
    assert (response.status_code, response.json()["data"]["price_level"]) == (200, "WHOLESALE")
    assert told(quoted(shop, pk, shop.cashier)) == (403, "capability_missing")
    assert quoted(shop, pk).status_code == 200


def test_whoever_read_an_older_version_changes_nothing(shop):
    pk = filled(shop, "1")
    old = f'"{shown(shop, pk)["version"]}"'
    took(shop, f"{pk}/park/")
    response = ask(shop, f"{pk}/resume/", HTTP_IF_MATCH=old)
    assert told(response) == (412, "stale_version")
    assert shown(shop, pk)["status"] == "PARKED"


# --- Forgotten --------------------------------------------------------------------------------------------------------


def test_a_cart_that_nobody_touched_for_a_week_is_abandoned_although_no_job_ran(shop):
    kept, forgotten = filled(shop, "1"), filled(shop, "1")
    took(shop, f"{forgotten}/park/")
    with time_machine.travel(timezone.now() + timedelta(days=6), tick=True):
        shop.sessions.clear()
        took(shop, f"{kept}/park/")
        assert shown(shop, forgotten)["status"] == "PARKED"
    with time_machine.travel(timezone.now() + timedelta(days=7, hours=1), tick=True):
        shop.sessions.clear()
        assert [shown(shop, pk)["status"] for pk in (kept, forgotten)] == ["PARKED", "ABANDONED"]
        assert ids(shop, CARTS, status="ABANDONED") == {forgotten}
        assert ids(shop, CARTS, status="PARKED") == {kept}
        refused(shop, lambda: ask(shop, f"{forgotten}/resume/"), *CLOSED)
        refused(shop, lambda: sell(shop, forgotten, "1"), *CLOSED)
        with shop.inside():
            cart = services.resume_cart(by=shop.owner, cart=shop.account.carts.locked().get(pk=kept))
        assert cart.status == "DRAFT"
