"""The nightly round of all businesses, also where several workers go it at once."""

import pytest
from django.utils import timezone

from subscriptions import services
from tests.conftest import open_shop
from tests.races import at_once
from tests.subscriptions.paying import hold
from tests.subscriptions.test_reminders import ENDED, SOON, heard


@pytest.fixture
def many(committed):
    """Businesses that stand differently, committed."""
    left = {"soon": 7, "later": 30, "ended": -1, "long ago": -40}
    shops = {name: open_shop(f"Shop {name}", prices=("10.00",), stock="0") for name in left}
    for name, shop in shops.items():
        hold(shop, days_left=left[name])
    return shops


def test_the_round_reaches_every_business_that_has_something_to_be_told(many):
    assert services.remind_and_grant(now=timezone.now()) == 2
    assert services.remind_and_grant(now=timezone.now()) == 0
    assert {name: heard(shop) for name, shop in many.items()} == {
        "soon": [SOON],
        "later": [],
        "ended": [ENDED],
        "long ago": [],
    }


def test_rounds_that_go_at_once_tell_each_business_once(many):
    results = at_once([lambda: services.remind_and_grant(now=timezone.now())] * 4)
    assert sum(results) == 2, results
    assert {name: heard(shop) for name, shop in many.items() if heard(shop)} == {"soon": [SOON], "ended": [ENDED]}
