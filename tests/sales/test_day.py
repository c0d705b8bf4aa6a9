"""An end-to-end day through HTTP: what the server reports is what follows from what it said to the tills."""

from collections import Counter

import pytest
from django.core.management import call_command

from sales import sums
from tests.conftest import empty
from tests.sales import day_shop
from tests.sales.day_books import differences, differing
from tests.sales.day_line import FAULTS
from tests.sales.day_offline import LATE
from tests.sales.day_shop import SALES
from tests.sales.day_till import PHONES, REFUSED

TAKEN = {"ACCEPTED", "ACCEPTED_WITH_EXCEPTION"}


@pytest.fixture(scope="module")
def day(django_db_setup, django_db_blocker):
    """One for all tests here, which only look at it."""
    with django_db_blocker.unblock():
        try:
            yield day_shop.live()
        finally:
            empty()


def test_every_figure_of_the_day_follows_from_what_the_tills_were_told(day):
    """S36."""
    assert differences(day.books.figures(), day.reported) == []
    assert len(day.books.told["sale"]) == SALES == 1000
    call_command("verify_ledger")
    assert [row.problem for row in sums.find_disagreements(using="staff")] == []


def test_the_day_was_a_bad_one(day):
    """Otherwise that the figures agree would prove little."""
    assert set(day.suffered) == set(FAULTS)
    assert set(day.refused) >= REFUSED
    ways = {payment["_"]["way"] for payment in day.books.told["phone"]}
    assert ways == set(PHONES)
    kinds = {"sale", "refund", "booking", "transfer", "move", "phone", "dismissed", "shift", "customer", "delivery"}
    assert {kind for kind, rows in day.books.told.items() if rows} == kinds
    methods = {payment["method"] for sale in day.books.told["sale"] for payment in sale["payments"]}
    assert methods == {"CASH", "CARD", "BANK", "MOBILE_MONEY", "CUSTOMER_CREDIT", "WALLET"}
    at = {sale["id"]: sale["register"] for sale in day.books.told["sale"]}
    assert any(refund["register"] != at[refund["sale"]] for refund in day.books.told["refund"])


def test_what_was_sold_offline_and_sent_after_the_close_is_an_addendum_and_the_z_report_stays(day):
    """S38."""
    before, after = ({k: v for k, v in z.items() if k[0] == "Z"} for z in (day.z_before, day.z_after))
    assert before == after
    assert [len(z) - len(before) for z in (day.z_before, day.z_after)] == [0, LATE]


def test_late_notices_lost_ones_and_those_of_strangers_lose_no_money(day):
    """S39."""
    assert set(day.notices) == {200}
    late = [row for row in day.books.told["phone"] if row["_"]["end"] == ("PAID_LATE", False)]
    assert len(late) == len(day.books.told["transfer"]) - 1


def test_a_batch_in_two_halves_whose_answers_are_lost_is_taken_once(day):
    """S40."""
    for heard in day.heard:
        for verdicts in heard.values():
            counted = Counter(verdict["verdict"] for verdict in verdicts)
            assert sum(counted[taken] for taken in TAKEN) <= 1, verdicts
            rows = [verdict["row"]["id"] for verdict in verdicts if verdict["row"]]
            assert len(set(rows)) <= 1, verdicts
            assert counted["DUPLICATE"] >= 1 if rows else verdicts[0]["kind"] == "refund", verdicts
            refused = [verdict for verdict in verdicts if verdict["verdict"] == "REJECTED"]
            assert not (rows and any(verdict["is_final"] for verdict in refused)), verdicts


# The reports that are wrong when a till has forgotten one answer of a kind, or counted it twice.
WRONG = {
    "sale": {"Z", "sale", "summary", "tender", "cashier", "product", "on hand"},
    "refund": {"Z", "refund", "summary", "tender", "cashier", "product"},
    "booking": {"Z", "tender", "customer"},
    "transfer": {"Z", "tender", "customer", "inbox"},
    "move": {"Z"},
    "delivery": {"on hand"},
}


@pytest.mark.parametrize("kind", WRONG)
def test_an_answer_that_a_till_forgot_or_counted_twice_is_noticed_in_every_report(day, kind):
    """The control: the figures are not the same whatever the tills were told."""
    rows = [row for row in day.books.told[kind] if row.get("kind") != "VOID"]
    for row in rows[:2]:
        others = [other for other in day.books.told[kind] if other is not row]
        for books in (others, [*others, row, row]):
            found = {name[0] for name in differing(day.books.changed(kind, books).figures(), day.reported)}
            assert found >= WRONG[kind] - ({kind} if row in books else set()), row
