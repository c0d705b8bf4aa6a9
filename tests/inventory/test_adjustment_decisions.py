"""Who decides on an adjustment, how far each goes alone, and that it is decided once."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.roles import Role
from tests.answers import fields_of
from tests.conftest import open_shop
from tests.inventory.adjusting import (
    ADJUSTMENTS,
    adjusted,
    ask,
    booked,
    dear,
    left,
    line,
    papers,
    step,
    stepped,
    stock,
    unchanged,
    waiting,
)
from tests.places import add_member, add_place, approved_by, give_pin, limit

pytestmark = pytest.mark.django_db

OTHER_PIN = "58203947"


@pytest.fixture
def keeper(shop):
    """Who may adjust up to 200.00, and approve nothing."""
    return add_member(shop, Role.WAREHOUSE, name="Keeper")


@pytest.fixture
def manager(shop):
    """Who may decide up to 2,000.00."""
    return give_pin(shop, add_member(shop, Role.MANAGER, name="Manager"))


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
