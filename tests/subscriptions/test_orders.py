"""What really is bought with money that comes, is told twice, goes back and returns: in any order one end."""

from contextlib import contextmanager
from datetime import date
from itertools import product

import pytest
from django.db import transaction
from uuid_utils.compat import uuid7

from tests.billing.conftest import fake  # noqa: F401 - the fixture
from tests.billing.crediting import left, post, rich, spend
from tests.subscriptions.paying import begin, held, hold, on, pay, settle

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 1)
HERE, GONE = {}, {"is_reversed": True}  # paid, told again, won; refunded, disputed, lost
ORDERS = list(product([HERE, GONE], repeat=4))


@contextmanager
def undone(shop):
    with shop.inside():
        yield
        transaction.set_rollback(True)


def in_trial(shop):
    hold(shop, is_trial=True, days_left=9)
    return begin(shop, plan="unlimited", cycle="YEARLY")


def in_grace(shop):
    hold(shop, days_left=-3)
    hold(shop, starts_on=held(shop).follows_on)  # no credits are due for what was before
    return begin(shop, cycle="QUARTERLY")


def before_another(shop):
    hold(shop, days_left=-3)
    payment = begin(shop)
    settle(shop, payment)
    pay(shop)
    return payment


def upgrade(shop):
    hold(shop, "starter", days_left=-3)
    pay(shop, plan="starter")
    return begin(shop, plan="standard")


def stands(shop):
    row = held(shop)
    plans = row.plan_today.code, row.last_plan.code, row.comes_on
    return *plans, str(row.state), row.cycle, row.starts_on, row.ends_on, left(shop)


def end_of(shop, payment, told):
    """Where it ends when the gateway has said this, in this order."""
    with undone(shop):
        for finding in told:
            settle(shop, payment, **finding)
        return stands(shop)


@pytest.mark.parametrize("standing", [in_trial, in_grace, before_another, upgrade])
def test_whatever_was_told_before_the_last_word_leaves_the_same_plan_days_and_credits(shop, standing):
    with on(TODAY):
        payment = standing(shop)
        ends = {False: end_of(shop, payment, [HERE]), True: end_of(shop, payment, [HERE, GONE])}
        assert ends[False] != ends[True]
        for order in ORDERS:
            assert end_of(shop, payment, order) == ends[order[-1] is GONE], order


def test_money_that_goes_back_leaves_what_was_there_before(shop):
    with on(TODAY):
        for standing in (in_trial, in_grace, upgrade):
            with undone(shop):
                payment = standing(shop)
                before = stands(shop)
                assert end_of(shop, payment, [HERE, GONE]) == before
                assert end_of(shop, payment, [GONE]) == before


@pytest.mark.parametrize("spent", [0, 90])
def test_whatever_was_told_of_a_pack_before_the_last_word_leaves_the_same_credits(shop, fake, spent):  # noqa: F811
    rich(shop, 7)
    body = {"id": str(uuid7()), "pack": "ghs-500", "gateway": "MOMO", "payer_phone": "0244123456"}
    made = post(shop, "purchases/", body)
    assert made.status_code == 201, made.content

    def end_of_pack(order):
        with undone(shop):
            settle(shop, body)
            if spent:
                spend(shop, "images", spent)
            for finding in order:
                settle(shop, body, **finding)
            with shop.inside():
                bought = shop.account.credit_purchases.get()
            return left(shop)[0], bought.is_granted, bought.missing, bought.granted_at is not None

    ends = {False: end_of_pack([HERE]), True: end_of_pack([GONE])}
    assert ends == {
        False: (507 - 5 * spent, True, 0, True),
        True: (0, False, 5 * spent - 7, True) if spent else (7, False, 0, True),
    }
    for order in ORDERS:
        assert end_of_pack(order) == ends[order[-1] is GONE], order
