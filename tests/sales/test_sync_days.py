"""A till that was offline for a whole day sends it: its shifts, what was sold in them, and who paid what they owed."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from random import Random

import pytest
from django.utils import timezone

from accounts.roles import Role
from tests.conftest import Shop, open_shop
from tests.places import add_member, add_place
from tests.sales.drawer import close, ok, report, row, start
from tests.sales.offline import (
    ago,
    cash_event,
    codes,
    customer,
    customer_payment,
    fields_of,
    problems,
    sale,
    shift_close,
    shift_hand_over,
    shift_open,
    sync,
    verdicts,
)
from tests.sales.owing import add_customer, entries, paid

ISSUES = "/api/v1/sales/sync-issues/"


def day_of(one: Shop):
    """A shift with 50 in it: two sold for cash and one on credit, of which 4 are paid; 30 go to the safe, and the
    cashier takes over 34 in between. At the end 44 are there."""
    known, opened = customer(phone="0244000001"), shift_open(one, opened_at=ago(hours=9))
    with one.inside():
        one.account.customers.create(id=known["id"], name="Kofi", credit_limit=Decimal(100))
    shift, at = opened["id"], {"shift": opened["id"]}
    on_credit = {"customer": known["id"], "payments": paid(CUSTOMER_CREDIT="10")}
    return [
        opened,
        sale(one, sold_at=ago(hours=8), payments=paid(CASH="20"), **at),
        sale(one, sold_at=ago(hours=7), **on_credit, **at),
        customer_payment(one, known["id"], "4", paid_at=ago(hours=6), **at),
        cash_event(shift, "DROP", "30", occurred_at=ago(hours=5)),
        shift_hand_over(shift, "34", to=str(one.cashier.pk), occurred_at=ago(hours=4)),
        sale(one, sold_at=ago(hours=3), payments=paid(CASH="10"), **at),
        shift_close(shift, ("20", 2), ("2", 2), closed_at=ago(hours=1)),
    ]


# --- A day ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_s40_a_day_that_is_sent_in_any_order_is_the_same_day(one, seed):
    """S40."""
    day = day_of(one)
    batch = day[::-1] if seed is None else Random(seed).sample(day, len(day))
    answers = sync(one, *batch, member=one.cashier)
    assert {verdict for _, verdict in verdicts(answers)} == {"ACCEPTED"}
    shift = row(one, day[0])
    z = report(one, day[0], "z")
    assert (z["sales"]["count"], z["expected"], z["counted"], z["difference"]) == (3, "44.00", "44.00", "0.00")
    assert [(each["method"], each["total"]) for each in z["payments"]] == [
        ("CASH", "24.00"),
        ("CUSTOMER_CREDIT", "10.00"),
    ]
    [given] = z["hand_overs"]
    assert (given["given_by"], given["taken_by"]) == (str(one.cashier.pk),) * 2
    assert (given["counted"], given["expected"]) == ("34.00", "34.00")
    assert (shift.opened_by_id, shift.closed_by_id, shift.z_number) == (one.cashier.pk, one.cashier.pk, 1)
    assert (z["first_receipt_number"], z["last_receipt_number"], z["addenda"]) == ("R1-000001", "R1-000003", [])
    with one.inside():
        numbers = list(one.account.sales.order_by("sold_at").values_list("receipt_number", flat=True))
        assert numbers == ["R1-000001", "R1-000002", "R1-000003"]
        assert set(one.account.sales.values_list("shift", flat=True)) == {shift.pk}
    assert problems(one) == []


def test_s40_a_day_that_is_sent_again_happens_once(one):
    """S40."""
    day = day_of(one)
    first = {answer["id"]: answer for answer in sync(one, *day)}
    z = report(one, day[0], "z")
    for batch in (day, day[::-1], day[3:5]):
        for answer in sync(one, *batch):
            assert answer["verdict"] == "DUPLICATE"
            if answer["kind"] != "shift_open":  # which was open then
                assert answer["row"] == first[answer["id"]]["row"]
    assert report(one, day[0], "z") == z
    with one.inside():
        counts = [rows.count() for rows in (one.account.shifts, one.account.hand_overs, one.account.cash_events)]
        assert (counts, one.account.payments.count()) == ([1, 1, 1], 4)
        assert not one.account.sync_issues.exists()
    assert problems(one) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_day_of_several_shifts_at_one_register_comes_in_one_batch(one, order):
    batch = []
    for hours in (9, 6, 3):
        opened = shift_open(one, "0", opened_at=ago(hours=hours))
        within = sale(one, sold_at=ago(hours=hours - 1), payments=paid(CASH="10"), shift=opened["id"])
        batch.append([opened, within, shift_close(opened["id"], ("10", 1), closed_at=ago(hours=hours - 2))])
    answers = sync(one, *(item for index in order for item in batch[index]))
    assert {answer["verdict"] for answer in answers} == {"ACCEPTED"}
    for number, (opened, within, _) in enumerate(batch, start=1):
        z = report(one, opened, "z")
        assert (z["z_number"], z["sales"]["count"], z["difference"], z["addenda"]) == (number, 1, "0.00", [])
        assert z["first_receipt_number"] == f"R1-{number:06d}"
        with one.inside():
            assert str(one.account.sales.get(pk=within["id"]).shift_id) == opened["id"]
            assert not one.account.sync_issues.exists()
    assert problems(one) == []


def test_what_comes_before_its_shift_is_not_final_and_taken_with_it(one):
    day = day_of(one)
    early = sync(one, *day[1:])
    assert {(answer["verdict"], answer["is_final"]) for answer in early} == {("REJECTED", False)}
    assert {field for answer in early for field in fields_of(answer)} == {("shift", "does_not_exist")}
    with one.inside():
        assert one.account.sync_issues.count() == len(day) - 1
        assert not one.account.sales.exists()
        assert one.account.registers.get().last_number == 0
    assert {answer["verdict"] for answer in sync(one, *day)} == {"ACCEPTED"}
    with one.inside():
        assert not one.account.sync_issues.exists()
    assert problems(one) == []


def test_s41_a_day_in_francs_has_no_decimals(db):
    """S41."""
    shop = open_shop("Lomé", country="TG", currency="XOF", prices=("1500",))
    opened = shift_open(shop, "5000", opened_at=ago(hours=5))
    closed = shift_close(opened["id"], ("5000", 1), ("500", 3), closed_at=ago(hours=1))
    batch = [opened, sale(shop, sold_at=ago(hours=4), payments=paid(CASH="1500"), shift=opened["id"]), closed]
    assert {answer["verdict"] for answer in sync(shop, *batch)} == {"ACCEPTED"}
    z = report(shop, opened, "z")
    assert (z["expected"], z["counted"], z["difference"]) == ("6500", "6500", "0")
    cents = shift_close(opened["id"], ("0.5", 1))
    assert fields_of(sync(shop, cents)[0]) == [("denominations.0.value", "currency")]


# --- Opening and closing ----------------------------------------------------------------------------------------------


def test_while_another_shift_is_open_nothing_of_it_is_lost_and_it_is_taken_afterwards(one):
    before = start(one, opened_at=ago(hours=20))
    opened = shift_open(one, "0", opened_at=ago(hours=5))
    batch = [
        opened,
        sale(one, sold_at=ago(hours=4), shift=opened["id"]),
        shift_close(opened["id"], closed_at=ago(hours=1)),
    ]
    answers = sync(one, *batch)
    assert {(answer["verdict"], answer["is_final"]) for answer in answers} == {("REJECTED", False)}
    assert codes(answers[0]) == ["shift_open"]
    with one.inside():
        assert one.account.sync_issues.filter(storefront=one.storefront, content__isnull=False).count() == 2
        assert not one.account.sales.exists()
    ok(close(one, before, ("50", 1)))
    assert {answer["verdict"] for answer in sync(one, *batch)} == {"ACCEPTED"}
    assert report(one, opened, "z")["sales"]["count"] == 1
    assert report(one, before, "z")["sales"]["count"] == 0
    assert problems(one) == []


def test_a_shift_that_is_closed_with_another_count_stays_as_it_was_sealed(one):
    shift = start(one, opened_at=ago(hours=5))
    ok(close(one, shift, ("50", 1)))
    z = report(one, shift, "z")
    other = shift_close(shift["id"], ("10", 4), closed_at=ago(hours=1))
    [answer] = sync(one, other)
    assert (answer["verdict"], codes(answer), answer["is_final"]) == ("REJECTED", ["shift_closed"], True)
    [same] = sync(one, shift_close(shift["id"], ("50.00", 1), closed_at=ago(hours=1)))
    assert same["verdict"] == "DUPLICATE"
    assert report(one, shift, "z") == z
    with one.inside():
        kept = one.account.sync_issues.get()
        assert (kept.kind, kept.content, kept.storefront_id) == ("shift_close", other["content"], one.storefront.pk)


def test_a_shift_of_long_ago_is_taken_and_noted_for_whoever_may_not_backdate(one):
    opened = shift_open(one, opened_at=ago(days=9))
    closed = shift_close(opened["id"], ("50", 1), closed_at=ago(days=8))
    answers = sync(one, opened, closed, member=one.cashier)
    assert [codes(answer) for answer in answers] == [["capability_missing"]] * 2
    assert report(one, opened, "z")["difference"] == "0.00"
    with one.inside():
        assert set(one.account.sync_issues.values_list("storefront", flat=True)) == {one.storefront.pk}


def test_a_shift_is_not_closed_before_it_was_opened(one):
    shift = start(one, opened_at=ago(hours=1))
    [answer] = sync(one, shift_close(shift["id"], closed_at=ago(hours=2)))
    assert (answer["verdict"], fields_of(answer)) == ("REJECTED", [("closed_at", "before_opening")])
    assert row(one, shift).closed_at is None


def test_a_clock_that_is_wrong_is_corrected_for_all_of_a_day(one):
    now, behind = timezone.now(), timedelta(days=3)

    def told(**span) -> str:
        return (now - behind - timedelta(**span)).isoformat()

    opened = shift_open(one, opened_at=told(hours=5))
    batch = [opened, shift_close(opened["id"], ("50", 1), closed_at=told(hours=1))]
    answers = sync(one, *batch, sent_at=(now - behind).isoformat())
    assert [codes(answer) for answer in answers] == [["clock_wrong"]] * 2
    shift = row(one, opened)
    assert abs(shift.opened_at - (now - timedelta(hours=5))) < timedelta(minutes=1)
    assert abs(shift.closed_at - (now - timedelta(hours=1))) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "moment",
    [{}, [], 5, "", "yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00"],
)
def test_a_time_that_is_none_keeps_nothing_else_from_its_place(one, moment):
    opened = shift_open(one, opened_at=ago(hours=2))
    bad = sale(one, sold_at=moment, shift=opened["id"])
    answers = sync(one, bad, opened)
    assert answers[0]["verdict"] == "ACCEPTED"
    assert answers[1]["kind"] == "sale"
    if answers[1]["verdict"] == "REJECTED":
        assert fields_of(answers[1])[0][0] == "sold_at"
    else:
        assert codes(answers[1]) == ["clock_wrong"]
        with one.inside():
            assert one.account.sales.get().sold_at <= timezone.now()


# --- Drawers ----------------------------------------------------------------------------------------------------------


def test_what_a_drawer_did_not_hold_by_the_books_has_left_it_all_the_same(one):
    shift = start(one, "5", opened_at=ago(hours=5))
    [answer] = sync(one, cash_event(shift["id"], "PAID_OUT", "30", occurred_at=ago(hours=1)))
    assert (answer["verdict"], codes(answer)) == ("ACCEPTED_WITH_EXCEPTION", ["drawer_short"])
    assert report(one, shift, "x")["expected"] == "-25.00"
    with one.inside():
        assert one.account.sync_issues.get().storefront_id == one.storefront.pk
    assert ok(close(one, shift))["difference"] == "25.00"
    assert problems(one) == []


def test_cash_that_was_moved_when_its_shift_was_not_open_is_noted_beside_it(one):
    shift = start(one, opened_at=ago(hours=5))
    ok(close(one, shift, ("50", 1), closed_at=ago(hours=3)))
    z = report(one, shift, "z")
    [answer] = sync(one, cash_event(shift["id"], "PAID_IN", "7", occurred_at=ago(hours=1)))
    assert (answer["verdict"], codes(answer)) == ("ACCEPTED_WITH_EXCEPTION", ["shift_closed"])
    after = report(one, shift, "z")
    assert [(each["kind"], each["cash"]) for each in after.pop("addenda")] == [("CASH_EVENT", "7.00")]
    assert {**after, "addenda": []} == z
    assert problems(one) == []


def test_what_was_expected_at_a_hand_over_is_what_was_there_then(one):
    shift = start(one, "10", opened_at=ago(hours=9))
    sync(one, sale(one, sold_at=ago(hours=2), payments=paid(CASH="10"), shift=shift["id"]))
    sync(one, cash_event(shift["id"], "DROP", "5", occurred_at=ago(hours=1)))
    late = [shift_hand_over(shift["id"], "10", to=str(member.pk), occurred_at=ago(hours=hours)) for member, hours in
            ((one.cashier, 4), (one.owner, 3))]  # fmt: skip
    assert {answer["verdict"] for answer in sync(one, *late[::-1])} == {"ACCEPTED"}
    given = report(one, shift, "x")["hand_overs"]
    assert [each["expected"] for each in given] == ["10.00", "10.00"]
    people = [str(one.owner.pk), str(one.cashier.pk)]
    assert [(each["given_by"], each["taken_by"]) for each in given] == [tuple(people), tuple(people[::-1])]


# --- Places -----------------------------------------------------------------------------------------------------------


def test_s08_who_works_elsewhere_opens_hands_over_and_closes_nothing_here(one):
    """S08."""
    here, there = start(one), add_place(one)
    elsewhere = add_member(one, Role.CASHIER, there.storefront)
    known = add_customer(one)
    batch = [
        shift_open(one),
        shift_hand_over(here["id"], "50"),
        shift_close(here["id"], ("50", 1)),
        customer_payment(one, str(known.pk), "5"),
        customer_payment(there, str(known.pk), "5", shift=here["id"]),
    ]
    answers = sync(one, *batch, member=elsewhere)
    assert {(answer["verdict"], answer["is_final"]) for answer in answers} == {("REJECTED", False)}
    assert row(one, here).closed_at is None
    assert entries(one, known) == []
