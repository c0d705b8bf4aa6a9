from datetime import date

import pytest

from tests.subscriptions.paying import held, hold, on, pay

TODAY = date(2026, 3, 1)


@pytest.fixture
def paying(shop):
    """A business that has paid for the starter plan, from the first to the last day of March."""
    with on(TODAY):
        hold(shop, "starter", days_left=-3)
        pay(shop, plan="starter")
        assert (held(shop).starts_on, held(shop).ends_on) == (TODAY, date(2026, 3, 31))
        yield shop


@pytest.fixture
def larger(shop):
    """A business that has paid for the standard plan, from the first to the last day of March."""
    with on(TODAY):
        hold(shop, days_left=-3)
        pay(shop)
        yield shop
