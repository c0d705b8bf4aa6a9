"""The ledger of credits: granted, spent, refunded and reserved; the balance is its sum, and never below zero."""

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from billing import ledger, services, sums
from billing.credits import CreditService, InsufficientCreditsError
from billing.errors import CreditsRefunded, NotSpent, ReservationOver
from core.errors import IdempotencyKeyReused, InvalidInput
from system.errors import ModuleDisabled
from tests.billing.crediting import age, commit, grant, left, lines, refund, release, reserve, rich, spend
from tests.system.test_modules import switch

pytestmark = pytest.mark.django_db


# --- Spending ---------------------------------------------------------------------------------------------------------


def test_a_business_has_no_credits_until_it_gets_some(shop):
    assert left(shop) == (0, 0)
    with pytest.raises(InsufficientCreditsError) as refused:
        spend(shop)
    assert (refused.value.status, refused.value.code) == (402, "insufficient_credits")
    assert refused.value.meta == {"required": 8, "available": 0}
    assert lines(shop) == []


def test_what_is_spent_is_in_the_ledger_with_what_was_got_for_it(shop):
    rich(shop, 100)
    line = spend(shop, "content", 151)
    assert (line.kind, line.amount, line.balance_after, line.sequence) == ("SPENT", -2, 98, 2)
    assert (line.operation, line.units, line.by_id) == ("content_generation", 151, shop.owner.pk)
    assert left(shop) == (98, 0)
    with shop.inside():
        (event,) = shop.account.audit_events.filter(action="credits.moved", subject_id=line.pk)
    assert event.after == {"kind": "SPENT", "amount": -2, "operation": "content_generation"}


def test_the_last_credit_can_be_spent_and_not_one_more(shop):
    rich(shop, 8)
    spend(shop)
    with pytest.raises(InsufficientCreditsError):
        spend(shop, "content", 1)
    assert left(shop) == (0, 0)
    assert lines(shop) == [("ADDED", 8), ("SPENT", -8)]


def test_a_huge_price_is_refused_and_not_wrapped_around(shop):
    rich(shop, 10**9)
    with pytest.raises(InsufficientCreditsError) as refused:
        spend(shop, "images", 10**9)
    assert refused.value.meta == {"required": 5 * 10**9, "available": 10**9}
    assert left(shop) == (10**9, 0)


def test_s43_a_retried_deduction_charges_once(shop):
    """S43."""
    rich(shop, 100)
    first, again = (spend(shop, "images", 2, key="task 7") for _ in range(2))
    assert first.pk == again.pk
    assert left(shop) == (90, 0)
    for other in ({"amount": 3}, {"operation": "linking", "amount": None}, {"operation": "content", "amount": 2}):
        with pytest.raises(IdempotencyKeyReused):
            spend(shop, **{"operation": "images", "key": "task 7", **other})
    assert left(shop) == (90, 0)


def test_a_key_that_paid_so_many_credits_pays_no_other_number(shop):
    rich(shop, 100)
    with shop.inside():
        for _ in range(2):
            CreditService.deduct_credits(shop.account, 7, key="a")
        with pytest.raises(IdempotencyKeyReused):
            CreditService.deduct_credits(shop.account, 8, key="a")
        with pytest.raises(IdempotencyKeyReused):
            CreditService.add_credits(shop.account, 7, key="a")
    assert left(shop) == (93, 0)


def test_the_keys_and_credits_of_one_business_are_not_those_of_another(shop, stranger):
    rich(shop, 100)
    spend(shop, key="a")
    with pytest.raises(InsufficientCreditsError):
        spend(stranger, key="a")
    rich(stranger, 50)
    assert spend(stranger, key="a").amount == -8
    assert (left(shop), left(stranger)) == ((92, 0), (42, 0))
    with stranger.inside(), connection.cursor() as cursor:
        cursor.execute(ledger._CHANGE, {"account": shop.id, "amount": 1, "heeds": True, "now": timezone.now()})
        assert cursor.fetchone() is None
    assert left(shop) == (92, 0)


def test_s44_a_module_that_is_off_cannot_spend(shop):
    """S44."""
    rich(shop, 1000)
    reservation = reserve(shop, "content", 100)
    switch(shop, writer=False)
    with shop.inside():
        for deed in (
            lambda: CreditService.deduct_credits(shop.account, operation_type="content", amount=100),
            lambda: CreditService.check_credits(shop.account, operation_type="images", amount=1),
            lambda: CreditService.reserve(shop.account, "reparse"),
            lambda: CreditService.deduct_credits(shop.account, 5, "content_generation", 100),
        ):
            with pytest.raises(ModuleDisabled):
                deed()
        with pytest.raises(ModuleDisabled), transaction.atomic():
            CreditService.commit(reservation)
    assert left(shop) == (1000, 1)
    spend(shop, "linking")
    switch(shop, writer=True)
    commit(shop, reservation)
    assert left(shop) == (991, 0)


# --- The names that assistants call -----------------------------------------------------------------------------------


def test_the_service_of_credits_checks_spends_and_adds(shop):
    with shop.inside():
        CreditService.add_credits(shop.account, 60)
        assert CreditService.check_credits(shop.account, 60) == 60
        assert CreditService.check_credits(shop.account, operation_type="images", amount=12) == 60
        for wanted in ({"required_credits": 61}, {"operation_type": "images", "amount": 13}):
            with pytest.raises(InsufficientCreditsError) as refused:
                CreditService.check_credits(shop.account, **wanted)
            assert refused.value.meta["available"] == 60
        assert CreditService.deduct_credits(shop.account, 10).balance_after == 50
        line = CreditService.deduct_credits(shop.account, operation_type="clustering", by=shop.owner)
        assert (line.balance_after, line.operation, line.by_id) == (40, "clustering", shop.owner.pk)
        priced = CreditService.deduct_credits(shop.account, 1, "clustering")  # in place of its price
        assert (priced.amount, priced.operation) == (-1, "clustering")
    assert left(shop) == (39, 0)


def test_what_the_product_does_by_itself_is_in_the_ledger_without_a_member(shop):
    with shop.inside():
        CreditService.add_credits(shop.account, 60, reason="Sorry")
        line = shop.account.credit_transactions.get()
        assert (line.by_id, line.reason) == (None, "Sorry")
        assert not shop.account.audit_events.filter(action="credits.moved").exists()


# --- Refunds ----------------------------------------------------------------------------------------------------------


def test_what_was_spent_is_refunded_once(shop):
    rich(shop, 100)
    line = spend(shop, "images", 3)
    back = refund(shop, line, reason="All black")
    assert (back.kind, back.amount, back.operation, back.units) == ("REFUNDED", 15, "image_generation", 3)
    with pytest.raises(CreditsRefunded):
        refund(shop, line)
    assert left(shop) == (100, 0)


def test_nothing_but_what_was_spent_is_refunded(shop):
    rich(shop, 100)
    with shop.inside():
        added = shop.account.credit_transactions.get()
    back = refund(shop, spend(shop))
    for line in (added, back, grant(shop, 5, date(2026, 3, 1))):
        with pytest.raises(NotSpent):
            refund(shop, line)
    assert left(shop) == (105, 0)


def test_the_database_refuses_a_second_refund_a_wrong_sign_and_any_change(shop):
    rich(shop, 100)
    line = spend(shop)
    refund(shop, line)
    with shop.inside():
        more = shop.account.credit_transactions
        facts = {"sequence": 9, "balance_after": 1, "occurred_at": timezone.now()}
        for rule, wrong in {
            "credits_refunded_once": {"kind": "REFUNDED", "amount": 8, "refund_of": line},
            "credits_go_the_way_of_their_kind": {"kind": "SPENT", "amount": 8},
            "one_credit_transaction_per_number": {"kind": "SPENT", "amount": -8, "sequence": 1},
        }.items():
            with pytest.raises(IntegrityError, match=rule), transaction.atomic():
                more.create(**{**facts, **wrong})
        for change in (lambda: more.update(amount=-1), lambda: more.all()._raw_delete("default")):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                change()
        with pytest.raises(IntegrityError, match="credits_not_negative"), transaction.atomic():
            type(shop.account.credit_account).across_accounts.update(balance=-1)


# --- What plans grant -------------------------------------------------------------------------------------------------


def test_a_plan_grants_its_credits_once_in_a_period(shop):
    first = grant(shop, 200, date(2026, 3, 1))
    for given in (200, 500):  # another plan meanwhile
        assert grant(shop, given, date(2026, 3, 1)).pk == first.pk
    assert grant(shop, 0, date(2026, 5, 1)) is None
    grant(shop, 300, date(2026, 4, 1))
    assert lines(shop) == [("GRANTED", 200), ("GRANTED", 300)]
    assert left(shop) == (500, 0)


def take_back_months(shop, since):
    with shop.inside():
        return services.take_back_monthly_credits(account=shop.account, since=since, months={})


def test_what_is_left_of_a_month_goes_back_from_under_reservations_too_and_comes_again_once(shop):
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    for month in (march, april):
        grant(shop, 200, month)
    reserve(shop, "linking")
    spend(shop, "images", 20)
    for taken in (200, 0):
        assert take_back_months(shop, april) == taken
    assert take_back_months(shop, march) == 100
    assert left(shop) == (0, 8)
    for _ in range(2):
        for month in (march, april):
            grant(shop, 200, month)
        assert left(shop) == (300, 8)
    assert [amount for _, amount in lines(shop)] == [200, 200, -100, -200, -100, 100, 200]


# --- Reservations -----------------------------------------------------------------------------------------------------


def test_what_is_reserved_cannot_be_spent_by_others_and_is_paid_when_the_work_is_done(shop):
    rich(shop, 20)
    reservation = reserve(shop, "content", 1500)
    assert left(shop) == (20, 15)
    with pytest.raises(InsufficientCreditsError) as refused:
        spend(shop)
    assert refused.value.meta == {"required": 8, "available": 5}
    with pytest.raises(InsufficientCreditsError):
        reserve(shop)
    line = commit(shop, reservation)
    assert (line.amount, line.operation, line.units, line.source_id) == (
        -15,
        "content_generation",
        1500,
        reservation.pk,
    )
    assert left(shop) == (5, 0)


def test_less_than_was_reserved_is_paid_for_less_work_and_never_more(shop):
    rich(shop, 20)
    reservation = reserve(shop, "content", 1500)
    with pytest.raises(InvalidInput) as refused:
        commit(shop, reservation, 1501)
    assert refused.value.errors[0].code == "more_than_reserved"
    assert left(shop) == (20, 15)
    line = commit(shop, reservation, 720)
    assert (line.amount, line.units) == (-8, 720)
    assert left(shop) == (12, 0)


def test_s43_a_released_reservation_returns_once(shop):
    """S43."""
    rich(shop, 20)
    reservation = reserve(shop)
    assert left(shop) == (20, 8)
    release(shop, reservation)
    for deed in (release, commit):
        with pytest.raises(ReservationOver) as refused:
            deed(shop, reservation)
        assert refused.value.meta == {"state": "RELEASED"}
    assert left(shop) == (20, 0)
    assert lines(shop) == [("ADDED", 20)]


def test_a_committed_reservation_is_paid_once_and_not_released(shop):
    rich(shop, 20)
    reservation = reserve(shop)
    commit(shop, reservation)
    for deed in (release, commit):
        with pytest.raises(ReservationOver):
            deed(shop, reservation)
    assert left(shop) == (12, 0)


def test_a_reservation_whose_time_has_run_out_promises_nothing_though_nobody_has_noticed(shop):
    rich(shop, 10)
    reservation = reserve(shop, minutes=15)
    age(shop, reservation, minutes=14, seconds=30)
    assert left(shop) == (10, 8)
    age(shop, reservation, minutes=15)
    assert left(shop) == (10, 0)
    spend(shop)
    for deed in (release, commit):
        with pytest.raises(ReservationOver) as refused:
            deed(shop, reservation)
        assert refused.value.meta == {"state": "EXPIRED"}
    assert left(shop) == (2, 0)


def test_a_reservation_never_lets_the_balance_below_zero_when_credits_were_taken_from_under_it(shop):
    rich(shop, 10)
    reservation = reserve(shop)
    with shop.inside():
        entry = ledger.Entry(ledger.CreditKind.TAKEN_BACK, -5, heeds_promises=False)
        ledger.post(entry, account=shop.account, by=shop.owner)
        found = ledger.read_balance(shop.account, now=timezone.now())
        assert (found.balance, found.reserved, found.available) == (5, 8, 0)
    with pytest.raises(InsufficientCreditsError):
        commit(shop, reservation)
    assert left(shop) == (5, 8)
    release(shop, reservation)
    assert left(shop) == (5, 0)


# --- Few are left -----------------------------------------------------------------------------------------------------


def told(shop):
    with shop.inside():
        return shop.account.notifications.filter(kind="credits.low", member=shop.owner).count()


def test_who_may_buy_is_told_once_per_fall_that_few_are_left(shop, settings):
    settings.CREDITS_LOW = 50
    rich(shop, 60)
    spend(shop, "content", 1000)
    assert told(shop) == 0  # fifty are not fewer than fifty
    spend(shop, "content", 100)
    spend(shop)
    assert told(shop) == 1
    with shop.inside():
        assert not shop.account.notifications.filter(member=shop.cashier).exists()
    rich(shop, 100)
    spend(shop)
    assert told(shop) == 1
    spend(shop, "images", 20)
    assert told(shop) == 2


# --- What is proved of it ---------------------------------------------------------------------------------------------


def test_every_disagreement_is_named(shop):
    rich(shop, 100)
    reservation = reserve(shop)
    spend(shop, "images", 1)
    with shop.inside():
        held = shop.account.credit_account
        type(held).across_accounts.filter(pk=held.pk).update(balance=96)
        shop.account.credit_reservations.filter(pk=reservation.pk).update(state="COMMITTED")
        found = list(sums.find_disagreements(using="default"))
        assert [(row.table, row.id) for row in found] == [
            ("credit_accounts", held.pk),
            ("credit_reservations", reservation.pk),
        ]
        assert found[0].problem == "has 96 in 2 lines, but the ledger sums to 95 in 2"
        services.add_credits(by=None, account=shop.account, credits=1)
        problems = [row.problem for row in sums.find_disagreements(using="default", account_id=shop.id)]
        assert "line 3 says 97 are left after it, not 96" in problems
        assert list(sums.find_disagreements(using="default", account_id=shop.owner.pk)) == []
