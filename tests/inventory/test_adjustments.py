"""Adjustments: what is gone or found moves the ledger once, when somebody who may decide on so much has decided."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from inventory import sums
from tests.answers import fields_of, ids, paths_of
from tests.conftest import open_shop
from tests.inventory.adjusting import (
    ADJUSTMENTS,
    add_product,
    adjusted,
    ask,
    booked,
    left,
    line,
    step,
    stepped,
    stock,
    unchanged,
    waiting,
    write_off,
)
from tests.places import add_member, add_place, give_pin
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db


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


@pytest.fixture
def phone(shop):
    return add_product(shop, "FONE", tracking="SERIAL")


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
