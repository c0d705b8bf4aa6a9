"""Adjustments: what is gone or found moves the ledger once, when somebody who may decide on so much has decided."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.roles import Role
from inventory import services as inventory
from inventory import sums
from tests.answers import fields_of, ids, paths_of, refused
from tests.conftest import open_shop
from tests.inventory.adjusting import (
    ADJUSTMENTS,
    add_product,
    adjusted,
    ask,
    booked,
    left,
    line,
    papers,
    step,
    stepped,
    stock,
    write_off,
)
from tests.places import add_member, add_place, approved_by, give_pin, limit
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db

OTHER_PIN = "58203947"


@pytest.fixture
def empty(db):
    """One product, and nothing on the shelf."""
    return open_shop("Ama Provisions", prices=("10.00",), stock="0")


@pytest.fixture
def keeper(shop):
    """Who may adjust up to 200.00, and approve nothing."""
    return add_member(shop, Role.WAREHOUSE, name="Keeper")


@pytest.fixture
def manager(shop):
    """Who may decide up to 2,000.00."""
    return give_pin(shop, add_member(shop, Role.MANAGER, name="Manager"))


def unchanged(shop, call, status, code):
    before = papers(shop)
    body = refused(shop, call, status, code)
    assert papers(shop) == before
    return body


def dear(shop, value="200.01"):
    """A batch of one piece that is worth so much."""
    return stock(shop, "1", cost=value)


def waiting(shop, keeper, value="200.01", **facts):
    batch = dear(shop, value)
    found = adjusted(shop, "DAMAGE", line(shop.products[0], stock_product=str(batch.pk)), member=keeper, **facts)
    assert found["status"] == "PENDING"
    return found, batch


# --- What is taken ----------------------------------------------------------------------------------------------------

KINDS = {
    "THEFT": "STOLEN",
    "DAMAGE": "DAMAGED",
    "EXPIRED": "EXPIRED",
    "SPOILAGE": "SPOILED",
    "LOSS": "LOST",
    "SAMPLE": "SAMPLED",
    "WRITE_OFF": "WRITTEN_OFF",
}


@pytest.mark.parametrize(("kind", "in_ledger"), KINDS.items())
def test_s22_what_is_gone_leaves_the_ledger_under_its_name(shop, kind, in_ledger):
    """S22."""
    paper = adjusted(shop, kind, "2.5", line(shop.products[1], "0.001"), facts={"reason": "Ɛyɛ – Mäuse 🐭"})
    assert (paper["number"], paper["status"], paper["reason"]) == ("AD-000001", "APPLIED", "Ɛyɛ – Mäuse 🐭")
    assert (paper["value"], paper["decided_by"]) == ("1.2505000", str(shop.owner.pk))
    assert [row["quantity"] for row in paper["lines"]] == ["-2.500", "-0.001"]
    assert booked(shop, paper) == [
        (in_ledger, Decimal("-2.5"), Decimal("-1.25")),
        (in_ledger, Decimal("-0.001"), Decimal("-0.0005")),
    ]
    assert shop.client().get(f"{ADJUSTMENTS}{paper['id']}/").json()["data"] == paper
    with shop.inside():
        (event,) = shop.account.audit_events.filter(subject_id=paper["id"])
    assert (event.action, event.after["status"], event.after["lines"]) == ("adjustment.opened", "APPLIED", 2)


def test_what_expires_first_goes_first_what_has_expired_before_all_and_what_never_does_last(empty):
    never, late, gone, soon = (stock(empty, "2", days=days, cost=c) for days, c in ((None, 1), (9, 2), (-1, 3), (1, 4)))
    paper = adjusted(empty, "THEFT", "5")
    assert left(empty, gone, soon, late, never) == [0, 0, 1, 2]
    assert booked(empty, paper) == [("STOLEN", -2, -6), ("STOLEN", -2, -8), ("STOLEN", -1, -2)]
    assert paper["value"] == "16.0000000"


def test_what_a_cart_holds_is_gone_all_the_same(shop):
    with shop.inside():
        inventory.hold_stock(
            by=shop.owner,
            cart=uuid7(),
            location=shop.storefront.pk,
            product=shop.products[0].pk,
            quantity=Decimal(100),
        )
    adjusted(shop, "THEFT", "100")
    with shop.inside():
        assert shop.account.stock_products.get(product=shop.products[0]).quantity == 0


def test_a_line_that_names_its_batch_takes_of_no_other_and_leaves_the_rest_to_the_others(empty):
    first, second = stock(empty, "2", days=1), stock(empty, "2", days=9)
    named = line(empty.products[0], "1", stock_product=str(first.pk))
    adjusted(empty, "DAMAGE", line(empty.products[0], "3"), named)
    assert left(empty, first, second) == [0, 0]


def test_more_than_there_is_is_refused_with_what_there_is_and_every_line_that_lacks(shop):
    batch = stock(shop, "3")
    named = line(shop.products[0], "3.001", stock_product=str(batch.pk))
    lines = ["50", "53.001", line(shop.products[1], "100"), line(shop.products[2], "100.001"), named]
    body = unchanged(shop, lambda: ask(shop, "LOSS", *lines), 409, "insufficient_stock")
    assert set(fields_of(body)) == {"lines.1.quantity", "lines.3.quantity", "lines.4.quantity"}
    assert body["meta"]["available"] == {
        str(batch.pk): "3.000",
        str(shop.products[0].pk): "103.000",
        str(shop.products[2].pk): "100.000",
    }


@pytest.mark.parametrize("quantity", ["0", "-1", "0.0001", "NaN", "1e3", "１", "", None, "999999999999"])
def test_s27_a_quantity_that_is_none_is_400(shop, quantity):
    """S27."""
    body = unchanged(shop, lambda: ask(shop, "LOSS", line(shop.products[0], quantity)), 400, "invalid_input")
    assert fields_of(body) == ["lines.0.quantity"]
    assert unchanged(shop, lambda: ask(shop, "FOUND", line(shop.products[0], quantity)), 400, "invalid_input")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "MAGIC"}, "kind"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"lines": []}, "lines"),
        ({"occurred_at": "1999-12-31T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "2999-12-31T00:00:00Z"}, "occurred_at"),
        ({"status": "APPLIED"}, "status"),
        ({"value": "0"}, "value"),
    ],
)
def test_what_cannot_be_is_400_and_says_where(shop, change, path):
    assert fields_of(unchanged(shop, lambda: ask(shop, "LOSS", "1", facts=change), 400, "invalid_input")) == [path]


def test_the_cost_is_told_of_nothing_that_has_one(shop):
    with shop.inside():
        batch = str(shop.account.stock_products.get(product=shop.products[0]).pk)
    of_batch = line(shop.products[0], stock_product=batch, unit_cost="1")
    for kind, told in (("LOSS", line(shop.products[0], unit_cost="1")), ("FOUND", of_batch), ("CORRECTION", of_batch)):
        body = unchanged(shop, lambda k=kind, t=told: ask(shop, k, t), 400, "invalid_input")
        assert fields_of(body) == ["lines.0.unit_cost"]


def test_a_batch_has_to_be_the_products_and_at_the_place(shop, stranger):
    there = add_place(shop)
    with shop.inside():
        mine = shop.account.stock_products
        elsewhere = mine.get(product=shop.products[0], location=there.storefront)
        others = mine.get(product=shop.products[1], location=shop.storefront)
    with stranger.inside():
        theirs = stranger.account.stock_products.first()
    for kind in ("LOSS", "FOUND"):
        for batch in (elsewhere.pk, others.pk, theirs.pk, uuid7()):
            lines = ["1", line(shop.products[0], stock_product=str(batch))]
            body = unchanged(shop, lambda k=kind, ls=lines: ask(shop, k, *ls), 400, "invalid_input")
            assert paths_of(body) == [("lines.1.stock_product", "does_not_exist")]


def test_a_service_a_strangers_product_and_a_strangers_place_are_refused(shop, stranger):
    service = add_product(shop, "BAG", is_stocked=False)
    assert unchanged(shop, lambda: ask(shop, "LOSS", line(service)), 409, "not_stocked")
    body = unchanged(shop, lambda: ask(shop, "LOSS", line(stranger.products[0])), 400, "invalid_input")
    assert paths_of(body) == [("lines.0.product", "does_not_exist")]
    body = unchanged(shop, lambda: ask(shop, "LOSS", "1", place=stranger.storefront), 400, "invalid_input")
    assert paths_of(body) == [("location", "does_not_exist")]


# --- What is found ----------------------------------------------------------------------------------------------------


def test_s22_what_is_found_goes_to_the_newest_batch_at_its_cost(empty):
    """S22."""
    old, new = stock(empty, "5", cost="1"), stock(empty, "5", cost="3")
    paper = adjusted(empty, "FOUND", "2")
    assert (left(empty, old, new), booked(empty, paper)) == ([5, 7], [("FOUND", 2, 6)])
    assert (paper["value"], paper["lines"][0]["quantity"]) == ("6.0000000", "2.000")


def test_what_is_found_at_another_cost_is_a_batch_of_its_own_with_the_expiry_of_the_newest(empty):
    new = stock(empty, "5", cost="3", days=9)
    paper = adjusted(empty, "FOUND", line(empty.products[0], "2", unit_cost="2.5001"))
    assert (left(empty, new), booked(empty, paper)) == ([5], [("FOUND", 2, Decimal("5.0002"))])
    with empty.inside():
        opened = empty.account.stock_products.get(stock=None)
    assert (opened.quantity, opened.unit_cost, opened.expires_on) == (2, Decimal("2.5001"), new.expires_on)
    adjusted(empty, "FOUND", line(empty.products[0], "1", unit_cost="2.5001"))
    assert left(empty, opened) == [3]


def test_what_is_found_where_there_was_none_costs_what_it_costs_elsewhere(empty):
    there = add_place(empty)
    paper = adjusted(empty, "FOUND", "2")
    assert booked(empty, paper) == [("FOUND", 2, 1)]
    with empty.inside():
        opened = empty.account.stock_products.get(location=empty.storefront)
        assert empty.account.stock_products.get(location=there.storefront).quantity == 50
    assert (opened.stock_id, opened.quantity, opened.unit_cost) == (None, 2, Decimal("0.5"))


def test_what_nobody_knows_the_cost_of_needs_one(empty):
    body = unchanged(empty, lambda: ask(empty, "FOUND", "2"), 400, "cost_required")
    assert fields_of(body) == ["lines.0.unit_cost"]
    paper = adjusted(empty, "FOUND", line(empty.products[0], "2", unit_cost="0"))
    assert (paper["value"], booked(empty, paper)) == ("0.0000000", [("FOUND", 2, 0)])


def test_what_is_tracked_by_batch_is_not_found_without_anybody_knowing_when_it_expires(empty):
    milk = add_product(empty, "MILK", tracking="BATCH")
    found = line(milk, "2", unit_cost="1")
    assert unchanged(empty, lambda: ask(empty, "FOUND", found), 400, "expiry_required")
    batch = stock(empty, "1", product=milk, days=3)
    adjusted(empty, "FOUND", found)
    assert left(empty, batch) == [3]


def test_a_correction_has_a_sign_and_its_worth_is_that_of_both_directions(shop):
    paper = adjusted(shop, "CORRECTION", "-2", line(shop.products[1], "2"))
    assert booked(shop, paper) == [("CORRECTED", -2, -1), ("CORRECTED", 2, 1)]
    assert paper["value"] == "2.0000000"
    body = unchanged(shop, lambda: ask(shop, "CORRECTION", "0"), 400, "invalid_input")
    assert fields_of(body) == ["lines.0.quantity"]


def test_more_than_can_be_kept_is_400(shop):
    most = line(shop.products[0], "99999999999.999", unit_cost="9999999999.9999")
    for lines in (["99999999999.999"], [most, most]):
        body = unchanged(shop, lambda ls=lines: ask(shop, "FOUND", *ls), 400, "invalid_input")
        assert [code for _, code in paths_of(body)] == ["out_of_range"]


# --- Who decides ------------------------------------------------------------------------------------------------------


def test_up_to_the_limit_it_is_applied_at_once_and_beyond_it_waits_and_moves_nothing(shop, keeper):
    within = dear(shop, "200.00")
    paper = adjusted(shop, "DAMAGE", line(shop.products[0], stock_product=str(within.pk)), member=keeper)
    assert (paper["status"], paper["decided_by"], left(shop, within)) == ("APPLIED", str(keeper.pk), [0])
    paper, batch = waiting(shop, keeper, "200.0001")
    assert (paper["decided_by"], paper["decided_at"], paper["value"]) == (None, None, "200.0001000")
    assert (left(shop, batch), booked(shop, paper)) == ([1], [])


def test_what_goes_and_what_comes_do_not_hide_each_other(shop, keeper):
    batches = [dear(shop, "150"), dear(shop, "150")]
    lines = [
        line(shop.products[0], quantity, stock_product=str(batch.pk))
        for quantity, batch in zip(("-1", "1"), batches, strict=True)
    ]
    assert adjusted(shop, "CORRECTION", *lines, member=keeper)["status"] == "PENDING"


def test_the_limit_is_in_the_smallest_unit_of_the_currency(db):
    shop = open_shop("Awa", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("100",), stock="0")
    keeper = add_member(shop, Role.WAREHOUSE, name="Keeper")
    stock(shop, "2", cost="20000")
    assert adjusted(shop, "LOSS", "1", member=keeper)["status"] == "APPLIED"
    assert adjusted(shop, "LOSS", line(shop.products[0], "1"), member=keeper)["status"] == "APPLIED"
    stock(shop, "1", cost="20000.0001")
    assert adjusted(shop, "LOSS", "1", member=keeper)["status"] == "PENDING"


def test_an_approvers_pin_applies_it_at_once_and_the_approver_is_recorded(shop, keeper, manager):
    batch = dear(shop, "2000.00")
    named = line(shop.products[0], stock_product=str(batch.pk))
    paper = adjusted(shop, "THEFT", named, member=keeper, **approved_by(manager))
    assert (paper["status"], paper["opened_by"], paper["decided_by"]) == (
        "APPLIED",
        str(keeper.pk),
        str(manager.pk),
    )
    with shop.inside():
        event = shop.account.audit_events.get(subject_id=paper["id"])
    assert (event.by_id, event.approved_by_id, left(shop, batch)) == (keeper.pk, manager.pk, [0])


def test_an_approver_whose_limit_is_too_narrow_or_who_may_not_approve_leaves_it_waiting(shop, keeper, manager):
    other = give_pin(shop, add_member(shop, Role.WAREHOUSE, name="Other"), OTHER_PIN)
    beyond = line(shop.products[0], stock_product=str(dear(shop, "2000.01").pk))
    assert adjusted(shop, "THEFT", beyond, member=keeper, **approved_by(manager))["status"] == "PENDING"
    named = line(shop.products[1], "1")
    assert ask(shop, "THEFT", named, member=shop.cashier).json()["code"] == "capability_missing"
    lent = adjusted(shop, "THEFT", named, member=shop.cashier, **approved_by(other, OTHER_PIN))
    assert (lent["status"], booked(shop, lent)) == ("PENDING", [])
    lent = adjusted(shop, "THEFT", named, member=shop.cashier, **approved_by(manager))
    assert (lent["status"], lent["decided_by"]) == ("APPLIED", str(manager.pk))


def test_an_approver_of_another_place_approves_nothing_here(shop, keeper, manager):
    there = add_place(shop)
    limit(shop, manager, there.storefront)
    named = line(shop.products[0], stock_product=str(dear(shop).pk))
    assert adjusted(shop, "THEFT", named, member=keeper, **approved_by(manager))["status"] == "PENDING"
    headers = approved_by(manager)
    lent = unchanged(shop, lambda: ask(shop, "THEFT", "1", member=shop.cashier, **headers), 403, "capability_missing")
    assert lent["meta"] == {"capability": "stock:adjust"}
    paper, _ = waiting(shop, keeper)
    unchanged(shop, lambda: step(shop, paper, "approve", member=keeper, **headers), 403, "capability_missing")
    unchanged(shop, lambda: step(shop, paper, "reject", member=keeper, **headers), 403, "capability_missing")


# --- Approving and rejecting ------------------------------------------------------------------------------------------


def test_s24_approving_applies_it_once_and_approving_again_changes_nothing(shop, keeper, manager):
    """S24."""
    paper, batch = waiting(shop, keeper)
    applied = stepped(shop, paper, "approve", member=manager)
    assert (applied["status"], applied["decided_by"], applied["version"]) == ("APPLIED", str(manager.pk), 2)
    assert (left(shop, batch), booked(shop, paper)) == ([0], [("DAMAGED", -1, Decimal("-200.01"))])
    before = papers(shop)
    for member in (manager, shop.owner):
        assert stepped(shop, paper, "approve", member=member) == applied
    assert papers(shop) == before
    assert len(booked(shop, paper)) == 1
    with shop.inside():
        events = shop.account.audit_events.filter(subject_id=paper["id"]).order_by("id")
        assert [(e.action, e.by_id) for e in events] == [
            ("adjustment.opened", keeper.pk),
            ("adjustment.approved", manager.pk),
        ]
    unchanged(shop, lambda: step(shop, paper, "reject"), 409, "adjustment_decided")


def test_a_retry_of_an_approval_gets_the_first_answer_and_moves_nothing_more(shop, keeper, manager):
    paper, batch = waiting(shop, keeper)
    first, again = (step(shop, paper, "approve", member=manager, key="once") for _ in range(2))
    assert again["Idempotency-Replayed"] == "true"
    assert again.json()["data"] == first.json()["data"]
    assert (left(shop, batch), len(booked(shop, paper))) == ([0], 1)


def test_a_retry_of_an_adjustment_takes_once(shop):
    own = str(uuid7())
    body = {
        "id": own,
        "location": str(shop.storefront.pk),
        "kind": "LOSS",
        "reason": "Seen",
        "lines": [line(shop.products[0], "2")],
    }
    client = shop.client()
    first, again = (client.post(ADJUSTMENTS, body) for _ in range(2))
    assert (first.status_code, first.json()["data"]["id"], again["Idempotency-Replayed"]) == (201, own, "true")
    assert first.json()["data"] == again.json()["data"]
    assert len(booked(shop, {"id": own})) == 1
    unchanged(shop, lambda: client.post(ADJUSTMENTS, {**body, "kind": "THEFT"}), 422, "idempotency_key_reused")
    del body["id"]
    unchanged(shop, lambda: client.post(ADJUSTMENTS, body), 400, "idempotency_key_required")


def test_s24_rejecting_moves_nothing_and_nothing_comes_of_it_afterwards(shop, keeper, manager):
    """S24."""
    paper, batch = waiting(shop, keeper)
    rejected = stepped(shop, paper, "reject", member=manager)
    assert (rejected["status"], rejected["decided_by"]) == ("REJECTED", str(manager.pk))
    assert stepped(shop, paper, "reject") == rejected
    unchanged(shop, lambda: step(shop, paper, "approve"), 409, "adjustment_decided")
    assert (left(shop, batch), booked(shop, paper)) == ([1], [])


def test_s24_the_value_and_the_rule_are_those_of_the_moment_of_the_decision(shop, keeper, manager):
    """S24."""
    cheap, costly = stock(shop, "1", cost="201", days=2), stock(shop, "1", cost="2001", days=3)
    paper = adjusted(shop, "LOSS", "1", member=keeper)
    assert (paper["status"], paper["value"]) == ("PENDING", "201.0000000")
    adjusted(shop, "DAMAGE", line(shop.products[0], stock_product=str(cheap.pk)))
    body = unchanged(shop, lambda: step(shop, paper, "approve", member=manager), 403, "approval_required")
    assert body["meta"] == {"limit": "2000.00", "asked": "2001.00"}
    applied = stepped(shop, paper, "approve")
    assert (applied["value"], applied["decided_by"]) == ("2001.0000000", str(shop.owner.pk))
    assert (left(shop, costly), booked(shop, paper)) == ([0], [("LOST", -1, -2001)])


def test_s24_the_limit_is_that_of_the_role_which_the_approver_has_now(shop, keeper, manager):
    """S24."""
    paper, batch = waiting(shop, keeper, "2000.01")
    unchanged(shop, lambda: step(shop, paper, "approve", member=manager), 403, "approval_required")
    with shop.inside():
        seat = shop.account.memberships.locked().get(pk=manager.pk)
        accounts.change_member(by=shop.owner, member=seat, role=Role.ADMIN)
    del shop.sessions[manager.pk]  # it ended with the role
    stepped(shop, paper, "approve", member=manager)
    assert (left(shop, batch), len(booked(shop, paper))) == ([0], 1)


def test_nobody_approves_their_own_beyond_their_limit_but_with_somebodys_pin(shop, manager):
    paper, batch = waiting(shop, manager, "2000.01")
    unchanged(shop, lambda: step(shop, paper, "approve", member=manager), 403, "approval_required")
    give_pin(shop, shop.owner, OTHER_PIN)
    applied = stepped(shop, paper, "approve", member=manager, **approved_by(shop.owner, OTHER_PIN))
    assert (applied["decided_by"], left(shop, batch)) == (str(shop.owner.pk), [0])


@pytest.mark.parametrize("role", [Role.WAREHOUSE, Role.CASHIER, Role.STAFF])
def test_who_may_not_approve_decides_nothing_but_with_the_pin_of_who_may(shop, keeper, manager, role):
    paper, batch = waiting(shop, keeper)
    other = add_member(shop, role, name="Other")
    for name in ("approve", "reject"):
        unchanged(shop, lambda n=name: step(shop, paper, n, member=other), 403, "capability_missing")
    applied = stepped(shop, paper, "approve", member=other, **approved_by(manager))
    assert (applied["decided_by"], left(shop, batch)) == (str(manager.pk), [0])


def test_what_is_not_there_any_more_stays_undecided_and_nothing_changes(shop, keeper, manager):
    batch, other = dear(shop), stock(shop, "1", product=shop.products[1])
    lines = [line(shop.products[1], stock_product=str(other.pk)), line(shop.products[0], stock_product=str(batch.pk))]
    paper = adjusted(shop, "DAMAGE", *lines, member=keeper)
    adjusted(shop, "THEFT", line(shop.products[0], stock_product=str(batch.pk)))
    body = unchanged(shop, lambda: step(shop, paper, "approve", member=manager), 409, "insufficient_stock")
    assert (fields_of(body), body["meta"]) == (["lines.1.quantity"], {"available": {str(batch.pk): "0.000"}})
    assert shop.client().get(f"{ADJUSTMENTS}{paper['id']}/").json()["data"]["status"] == "PENDING"
    adjusted(shop, "FOUND", line(shop.products[0], stock_product=str(batch.pk)))
    stepped(shop, paper, "approve", member=manager)
    assert left(shop, batch, other) == [0, 0]


def test_a_decision_on_a_state_that_was_not_seen_is_412(shop, keeper, manager):
    paper, _ = waiting(shop, keeper)
    unchanged(shop, lambda: step(shop, paper, "approve", HTTP_IF_MATCH='"2"'), 412, "stale_version")
    assert step(shop, paper, "approve", HTTP_IF_MATCH='"1"')["ETag"] == '"2"'


# --- Expired stock ----------------------------------------------------------------------------------------------------


def test_all_that_has_expired_is_written_off_in_one_paper_and_nothing_else(shop):
    gone = [stock(shop, "2", days=-1, cost="3"), stock(shop, "1.5", product=shop.products[1], days=-9, cost="2")]
    fresh = [stock(shop, "5", days=0), stock(shop, "5", days=1), stock(shop, "5")]
    response = write_off(shop)
    paper = response.json()["data"]
    assert (response.status_code, paper["kind"], paper["status"], paper["value"]) == (
        201,
        "EXPIRED",
        "APPLIED",
        "9.0000000",
    )
    assert {(row["stock_product"], row["quantity"]) for row in paper["lines"]} == {
        (str(gone[0].pk), "-2.000"),
        (str(gone[1].pk), "-1.500"),
    }
    assert (left(shop, *gone), left(shop, *fresh)) == ([0, 0], [5, 5, 5])
    assert sorted(booked(shop, paper)) == [("EXPIRED", -2, -6), ("EXPIRED", Decimal("-1.5"), -3)]
    unchanged(shop, lambda: write_off(shop), 409, "nothing_expired")


def test_what_has_expired_is_told_by_the_shops_own_date(db):
    """Where it is the next day already, and where it is the day before."""
    for name, zone in (("East", "Pacific/Kiritimati"), ("West", "Pacific/Pago_Pago")):
        shop = open_shop(name, time_zone=zone, prices=("1",), stock="0")
        yesterday, today = stock(shop, "1", days=-1), stock(shop, "1", days=0)
        assert write_off(shop).status_code == 201
        assert left(shop, yesterday, today) == [0, 1]


def test_the_write_off_of_what_is_worth_too_much_waits_for_approval(shop, keeper, manager):
    batch = stock(shop, "2", days=-1, cost="100.01")
    paper = write_off(shop, member=keeper).json()["data"]
    assert (paper["status"], paper["value"], left(shop, batch)) == ("PENDING", "200.0200000", [2])
    stepped(shop, paper, "approve", member=manager)
    assert left(shop, batch) == [0]


def test_only_the_places_own_expired_stock_is_written_off_and_the_place_has_to_be_the_members(shop):
    there = add_place(shop)
    stock(there, "2", days=-1)
    unchanged(shop, lambda: write_off(shop), 409, "nothing_expired")
    limited = add_member(shop, Role.MANAGER, shop.storefront, name="Limited")
    body = unchanged(shop, lambda: write_off(there, member=limited), 400, "invalid_input")
    assert paths_of(body) == [("location", "does_not_exist")]


# --- Pieces -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def phone(shop):
    return add_product(shop, "FONE", tracking="SERIAL")


def pieces_of(shop, batch):
    with shop.inside():
        return list(batch.serial_numbers.order_by("number").values_list("number", flat=True))


def test_the_very_pieces_go_from_wherever_they_are_and_come_again_when_they_are_found(shop, phone):
    first = stock(shop, "2", product=phone, cost="40", serials=["A", "B"])
    second = stock(shop, "2", product=phone, cost="50", serials=["C", "D"])
    paper = adjusted(shop, "THEFT", line(phone, "2", serials=["D", "A"]))
    assert (paper["value"], paper["lines"][0]["serials"]) == ("90.0000000", ["A", "D"])
    assert (pieces_of(shop, first), pieces_of(shop, second), left(shop, first, second)) == (["B"], ["C"], [1, 1])
    back = adjusted(shop, "FOUND", line(phone, "2", serials=["A", "new"]))
    assert (pieces_of(shop, second), left(shop, second), back["value"]) == (["A", "C", "new"], [3], "100.0000000")


def test_pieces_that_are_not_named_or_not_here_are_refused(shop, phone):
    batch = stock(shop, "2", product=phone, serials=["A", "B"])
    elsewhere = stock(shop, "1", product=phone, serials=["C"])
    for lines in (
        [line(phone, "1")],
        [line(phone, "1", serials=["A", "B"])],
        [line(phone, "0.5", serials=["A"])],
        [line(phone, "2", serials=["A", "A"])],
        [line(phone, "1", serials=["A"]), line(phone, "1", serials=["A"])],
        [line(shop.products[0], "1", serials=["A"])],
    ):
        for kind in ("LOSS", "FOUND"):
            unchanged(shop, lambda k=kind, ls=lines: ask(shop, k, *ls), 400, "serials_required")
    for named in (line(phone, serials=["Z"]), line(phone, serials=["C"], stock_product=str(batch.pk))):
        body = unchanged(shop, lambda n=named: ask(shop, "LOSS", "1", n), 409, "serial_elsewhere")
        assert fields_of(body) == ["lines.1.serials"]
    unchanged(shop, lambda: ask(shop, "FOUND", line(phone, serials=["C"])), 409, "serial_number_taken")
    assert left(shop, batch, elsewhere) == [2, 1]


# --- Lists, places, cost ----------------------------------------------------------------------------------------------


def test_the_filters_find_what_they_name(shop, keeper):
    there = add_place(shop)
    waits, _ = waiting(shop, keeper)
    found = adjusted(there, "FOUND", line(shop.products[1]), line(shop.products[1]))
    both = {waits["id"], found["id"]}
    assert ids(shop, ADJUSTMENTS) == both
    for query, wanted in (
        ({"status": "PENDING"}, {waits["id"]}),
        ({"status": "REJECTED"}, set()),
        ({"kind": "FOUND"}, {found["id"]}),
        ({"location": str(there.storefront.pk)}, {found["id"]}),
        ({"product": str(shop.products[1].pk)}, {found["id"]}),
        ({"product": str(shop.products[2].pk)}, set()),
        ({"search": "ad-00000"}, both),
    ):
        assert ids(shop, ADJUSTMENTS, **query) == wanted, query
    assert shop.client().get(ADJUSTMENTS, {"kind": "MAGIC"}).status_code == 400


def test_s08_another_place_is_as_unknown_as_another_business(shop, stranger, keeper):
    """S08."""
    there = add_place(shop)
    paper, _ = waiting(there, keeper)
    for who in (add_member(shop, Role.MANAGER, shop.storefront, name="Limited"), None):
        seen_by = shop if who else stranger
        assert paper["id"] not in {row["id"] for row in seen_by.client(who).get(ADJUSTMENTS).json()["results"]}
        assert seen_by.client(who).get(f"{ADJUSTMENTS}{paper['id']}/").status_code == 404
        for name in ("approve", "reject"):
            unchanged(shop, lambda n=name, s=seen_by, w=who: step(s, paper, n, member=w), 404, "not_found")


def test_thirty_lines_cost_what_three_cost_at_every_step(shop, keeper):
    shop.products = [add_product(shop, f"M-{number}") for number in range(30)]
    for product in shop.products:
        for days in (1, 2, -3, -4):
            stock(shop, "30", product=product, cost="100", days=days)
    costs = []
    for count, cost in ((3, "6"), (3, "7"), (30, "8")):
        lines = [line(product, "31") for product in shop.products[:count]]
        found = [line(product, "1", unit_cost=cost) for product in shop.products[:count]]
        answers = []
        few = [
            statements(lambda ls=lines, a=answers: a.append(ask(shop, "LOSS", *ls, member=keeper))),
            statements(lambda a=answers: a.append(step(shop, a[0].json()["data"], "approve"))),
            statements(lambda ls=found, a=answers: a.append(ask(shop, "FOUND", *ls))),
        ]
        assert [answer.status_code for answer in answers] == [201, 200, 201], answers[-1].content
        costs.append([len(each) for each in few])
    assert costs[2] == costs[1]
    assert max(costs[2]) <= 17


def test_a_write_off_of_thirty_batches_costs_what_one_of_three_costs(shop):
    costs = []
    for count in (3, 3, 30):
        for _ in range(count):
            stock(shop, "1", days=-1)
        costs.append(len(statements(lambda: write_off(shop))))
    assert costs[2] == costs[1]


def test_nothing_of_all_this_leaves_the_ledger_in_disagreement(shop, keeper, manager, phone):
    stock(shop, "2", days=-1)
    stock(shop, "2", product=phone, serials=["A", "B"])
    adjusted(shop, "CORRECTION", "-0.001", line(shop.products[1], "0.333", unit_cost="0.0001"))
    adjusted(shop, "LOSS", line(phone, serials=["A"]))
    adjusted(shop, "FOUND", line(phone, serials=["A"], unit_cost="3"))
    assert write_off(shop).status_code == 201
    paper, _ = waiting(shop, keeper)
    stepped(shop, paper, "approve")
    with shop.inside():
        assert list(sums.find_disagreements(using="default")) == []
        shop.account.stock_products.filter(quantity__gt=0).update(quantity=7)  # so that it would have said so
        assert list(sums.find_disagreements(using="default"))


def test_it_happened_when_the_shop_says_and_is_on_record_since_now(shop, keeper):
    before = timezone.now()
    happened = before - timedelta(days=3)
    paper, _ = waiting(shop, keeper, facts={"occurred_at": happened.isoformat()})
    stepped(shop, paper, "approve")
    with shop.inside():
        moved = shop.account.stock_movements.get(source_id=paper["id"])
    assert (moved.occurred_at, moved.recorded_at > before) == (happened, True)
