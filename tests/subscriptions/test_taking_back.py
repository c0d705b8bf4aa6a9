"""Money that goes back: what it granted goes along, and all is as if it had never come."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from subscriptions import services
from tests.billing.crediting import left, lines, spend
from tests.conftest import open_shop
from tests.subscriptions.paying import (
    acts,
    choose,
    go_back,
    held,
    hold,
    on,
    papers,
    pay,
    plan_of,
    seen,
    settle,
    till,
    told,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 1)


def stands(shop):
    """All that follows from what was given and paid."""
    row = held(shop)
    plans = row.plan_today.code, row.last_plan.code, row.comes_on
    return *plans, str(row.state), row.cycle, row.is_trial, row.starts_on, row.ends_on, row.cancelled_at


def round_of(shop, day):
    """What the worker's round does there on that day."""
    with on(day):
        services.remind_business(account_id=shop.id)


def plans_on(shop, *days):
    found = []
    for day in days:
        with on(day):
            found.append(plan_of(shop))
    return found


# --- Its days ---------------------------------------------------------------------------------------------------------


def test_money_that_goes_back_takes_its_days_along_once_and_brings_them_again_when_the_dispute_is_won(paying):
    payment = pay(paying)
    assert held(paying).ends_on == date(2026, 4, 30)
    for _ in range(3):
        go_back(paying, payment)
    assert held(paying).ends_on == date(2026, 3, 31)
    assert seen(paying, payment)["taken_back_at"] is not None
    total = payment["total"]
    april = ("2026-04-01", "2026-04-30")
    assert papers(paying)[1:] == [("INVOICE", total, *april), ("CREDIT_NOTE", f"-{total}", *april)]
    for _ in range(2):
        settle(paying, payment)
    assert held(paying).ends_on == date(2026, 4, 30)
    assert [paper[0] for paper in papers(paying)] == ["INVOICE", "INVOICE", "CREDIT_NOTE", "INVOICE"]
    assert seen(paying, payment)["taken_back_at"] is None
    assert acts(paying).count("subscription.taken_back") == 1


def test_a_credit_note_names_the_invoice_that_it_takes_back(paying):
    payment = pay(paying)
    go_back(paying, payment)
    note, invoice, _ = till(paying).get("/api/v1/subscriptions/invoices/").json()["results"]
    assert note["content"]["corrects"] == invoice["number"]
    pdf = b"".join(till(paying).get(f"/api/v1/subscriptions/invoices/{note['id']}/pdf/").streaming_content)
    assert pdf.startswith(b"%PDF-")


def test_days_that_were_paid_for_after_those_that_went_back_move_up(paying):
    first, second = pay(paying), pay(paying)
    go_back(paying, first)
    assert held(paying).ends_on == date(2026, 4, 30)
    assert (seen(paying, second)["starts_on"], seen(paying, second)["ends_on"]) == ("2026-04-01", "2026-04-30")


def test_a_business_whose_money_went_back_is_what_its_dates_say(paying):
    with paying.inside():
        first = paying.account.subscription_payments.get()
    with on(date(2026, 3, 20)):
        go_back(paying, {"id": str(first.pk)})
        assert str(held(paying).state) == "EXPIRED"
        assert till(paying).post("/api/v1/sales/sales/", paying.basket()).status_code == 402


def test_an_upgrade_whose_money_went_back_is_the_smaller_plan_again(paying):
    payment = pay(paying, plan="standard")
    go_back(paying, payment)
    assert (plan_of(paying), held(paying).ends_on) == ("starter", date(2026, 3, 31))


def test_a_smaller_plan_that_was_paid_for_in_advance_is_not_to_come_when_its_money_went_back(larger):
    choose(larger, "starter")
    payment = pay(larger)
    go_back(larger, payment)
    assert (held(larger).next_plan, held(larger).ends_on) == (None, date(2026, 3, 31))
    with on(date(2026, 4, 1)):
        assert plan_of(larger) == "standard"


def test_whoever_pays_and_takes_it_back_has_no_new_days_of_grace(shop):
    with on(TODAY):
        hold(shop, days_left=-3)
        before = stands(shop)
        for cycle in ("MONTHLY", "YEARLY", "MONTHLY"):
            go_back(shop, pay(shop, cycle=cycle))
            assert stands(shop) == before
        assert str(held(shop).state) == "GRACE"
    with on(date(2026, 3, 6)):
        assert str(held(shop).state) == "EXPIRED"


def test_who_had_nothing_has_no_days_of_grace_when_the_money_goes_back(shop):
    with on(TODAY):
        with shop.inside():
            type(held(shop)).across_accounts.all().delete()
        go_back(shop, pay(shop, plan="starter"))
        assert str(held(shop).state) == "EXPIRED"


def test_a_trial_is_the_trial_that_it_was_and_gives_no_credits_on_its_last_day():
    with on(TODAY):
        shop = open_shop("Ama Provisions", prices=("10.00",))
        before = stands(shop)
        payment = pay(shop, plan="unlimited", cycle="YEARLY")
        assert (plan_of(shop), str(held(shop).state)) == ("unlimited", "ACTIVE")
        go_back(shop, payment)
        assert stands(shop) == before
        assert str(held(shop).state) == "TRIAL"
    for day in (date(2026, 3, 15), date(2026, 3, 16)):
        round_of(shop, day)
    assert lines(shop) == []


def test_days_that_were_paid_for_after_a_gap_stay_where_they_are(paying):
    with paying.inside():
        first = {"id": str(paying.account.subscription_payments.get().pk)}
    with on(date(2026, 6, 1)):
        pay(paying)
        before = stands(paying)
        go_back(paying, first)
        assert stands(paying) == before
        assert held(paying).ends_on == date(2026, 6, 30)


def test_days_that_move_up_do_not_begin_before_they_were_paid(paying):
    with paying.inside():
        first = {"id": str(paying.account.subscription_payments.get().pk)}
    with on(date(2026, 3, 20)):
        second = pay(paying)
    with on(date(2026, 4, 10)):
        go_back(paying, first)
        assert (seen(paying, second)["starts_on"], str(held(paying).ends_on)) == ("2026-03-20", "2026-04-19")
        assert (str(held(paying).state), held(paying).starts_on) == ("ACTIVE", date(2026, 3, 20))


def test_days_that_staff_have_given_stay_and_those_paid_for_after_them_do_not_move_into_them(paying):
    with paying.inside():
        first = {"id": str(paying.account.subscription_payments.get().pk)}
    second = pay(paying)
    with paying.inside():
        services.renew_subscription(by=paying.owner, subscription=held(paying), ends_on=date(2026, 4, 15))
    assert held(paying).ends_on == date(2026, 4, 30)
    go_back(paying, first)
    assert held(paying).ends_on == date(2026, 4, 30)
    go_back(paying, second)
    assert (held(paying).ends_on, held(paying).is_trial, str(held(paying).state)) == (
        *(date(2026, 4, 15), False),
        "ACTIVE",
    )


def test_a_plan_that_was_chosen_follows_on_what_is_left(larger):
    payment = pay(larger)
    choose(larger, "starter")
    assert held(larger).comes_on == date(2026, 5, 1)
    go_back(larger, payment)
    assert (held(larger).plan_to_come.code, held(larger).comes_on) == ("starter", date(2026, 4, 1))


# --- Its plan ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2026, 3, 25), date(2026, 4, 15)])
def test_a_month_that_was_paid_for_the_larger_plan_keeps_it_when_the_upgrade_before_it_is_disputed(paying, day):
    with on(date(2026, 3, 10)):
        upgrade = pay(paying, plan="standard")
    with on(date(2026, 3, 20)):
        assert pay(paying)["plan"] == "standard"
    with on(day):
        go_back(paying, upgrade)
    assert plans_on(paying, date(2026, 3, 25), date(2026, 4, 1), date(2026, 4, 30)) == (
        ["starter", "standard", "standard"] if day.month == 3 else ["standard"] * 3
    )
    with on(date(2026, 4, 30)):
        assert (held(paying).ends_on, held(paying).last_plan.code) == (date(2026, 4, 30), "standard")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_upgrade_of_a_plan_that_is_paid_for_no_longer_counts_no_longer(paying, order):
    upgrades = [pay(paying, plan="standard"), pay(paying, plan="unlimited")]
    assert plan_of(paying) == "unlimited"
    go_back(paying, upgrades[order[0]])
    assert plan_of(paying) == ("starter" if order[0] == 0 else "standard")
    go_back(paying, upgrades[order[1]])
    assert plan_of(paying) == "starter"
    for upgrade in upgrades:  # the disputes are won
        settle(paying, upgrade)
    assert plan_of(paying) == "unlimited"


def test_an_upgrade_counts_again_with_the_one_that_it_stands_on(paying):
    first = pay(paying, plan="standard")
    pay(paying, plan="unlimited")
    go_back(paying, first)
    assert plan_of(paying) == "starter"
    with on(date(2026, 3, 5)):
        settle(paying, first)
        assert plan_of(paying) == "unlimited"


def test_the_money_of_an_upgrade_that_counts_no_longer_is_taken_off_the_next_one(paying):
    first = pay(paying, plan="standard")
    second = pay(paying, plan="unlimited")
    go_back(paying, first)
    again = pay(paying, plan="unlimited")
    assert (again["base"], again["credit"]) == ("600.00", "540.00")  # 60 for March, and 480 with the second
    assert (second["base"], second["credit"], plan_of(paying)) == ("600.00", "120.00", "unlimited")


def test_each_plan_comes_in_its_turn_also_where_three_are_left_over(larger):
    choose(larger, "starter")
    pay(larger)
    upgrade = pay(larger, plan="unlimited")
    pay(larger)
    assert (held(larger).plan_to_come, held(larger).ends_on) == (None, date(2026, 5, 31))
    go_back(larger, upgrade)
    round_of(larger, date(2026, 4, 2))
    days = date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 31)
    with on(TODAY):
        assert held(larger).ends_on == date(2026, 5, 31)
    assert plans_on(larger, *days[1:]) == ["starter", "starter", "unlimited", "unlimited"]


# --- Its credits ------------------------------------------------------------------------------------------------------


@pytest.fixture
def lapsed(shop):
    with on(TODAY):
        hold(shop, days_left=-20)
        hold(shop, starts_on=held(shop).follows_on)  # nothing is due for what was before
        yield shop


def test_the_months_credits_go_back_with_the_money_and_return_with_it_each_time_once(lapsed):
    payment = pay(lapsed)
    for _ in range(2):
        for _ in range(2):
            go_back(lapsed, payment)
        assert left(lapsed) == (0, 0)
        for _ in range(2):
            settle(lapsed, payment)
        round_of(lapsed, TODAY)
        assert left(lapsed) == (200, 0)
    assert [amount for _, amount in lines(lapsed)] == [200, -200, 200, -200, 200]


def test_who_pays_again_on_another_day_has_the_credits_of_one_month(lapsed):
    for day in range(1, 6):
        with on(date(2026, 3, day)):
            payment = pay(lapsed)
            assert left(lapsed) == (200, 0)
            if day < 5:
                go_back(lapsed, payment)
                assert left(lapsed) == (0, 0)
    with lapsed.inside():
        event = lapsed.account.audit_events.filter(action="subscription.taken_back").latest("id")
    assert event.after["credits"] == 200


def test_what_was_spent_is_not_taken_and_does_not_come_again(lapsed):
    payment = pay(lapsed)
    spend(lapsed, "linking", 1)
    spent = 200 - left(lapsed)[0]
    go_back(lapsed, payment)
    assert (left(lapsed), spent > 0) == ((0, 0), True)
    settle(lapsed, payment)
    assert left(lapsed) == (200 - spent, 0)


def test_the_credits_of_every_month_that_had_begun_go_back(lapsed):
    payment = pay(lapsed, cycle="YEARLY")
    for day in (date(2026, 4, 2), date(2026, 5, 20)):
        round_of(lapsed, day)
    assert left(lapsed) == (600, 0)
    with on(date(2026, 5, 20)):
        go_back(lapsed, payment)
        assert left(lapsed) == (0, 0)


def test_a_month_that_was_paid_for_twice_keeps_its_credits(lapsed):
    first, _ = pay(lapsed), pay(lapsed)
    with on(date(2026, 4, 10)):
        services.remind_business(account_id=lapsed.id)
        assert left(lapsed) == (400, 0)
        go_back(lapsed, first)
        assert left(lapsed) == (200, 0)
        services.remind_business(account_id=lapsed.id)
        assert left(lapsed) == (200, 0)


def test_what_the_larger_plan_gave_more_goes_back_with_the_upgrade(paying):
    pay(paying, cycle="YEARLY")
    upgrade = pay(paying, plan="unlimited")  # February and March had their credits before
    for day in (date(2026, 4, 1), date(2026, 5, 1)):
        round_of(paying, day)
    with on(date(2026, 5, 2)):
        assert left(paying) == (2 * 50 + 2 * 1_000, 0)
        go_back(paying, upgrade)
        assert left(paying) == (4 * 50, 0)
        services.remind_business(account_id=paying.id)
        assert left(paying) == (4 * 50, 0)
        settle(paying, upgrade)
        assert left(paying) == (2 * 50 + 2 * 1_000, 0)


# --- What is told -----------------------------------------------------------------------------------------------------


def test_who_pays_is_told_that_the_money_went_back_each_time(paying):
    payment = pay(paying)
    go_back(paying, payment)
    settle(paying, payment)
    go_back(paying, payment)
    titles = told(paying)
    assert (titles.count("Your payment went back"), titles.count("Your payment has come")) == (2, 3)


def test_what_was_paid_for_is_on_record_though_it_went_back(paying):
    payment = pay(paying)
    granted_at = seen(paying, payment)["granted_at"]
    with on(TODAY + timedelta(days=1)):
        go_back(paying, payment)
        after = seen(paying, payment)
    assert (after["granted_at"], after["taken_back_at"] > granted_at) == (granted_at, True)
    assert timezone.localdate(timezone=paying.account.zone) == TODAY
