"""How late a till may sell, and that none sells in the future."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.errors import CapabilityMissing
from core import errors
from tests.sales.calls import give_back, lines_of, sell
from tests.traces import refused_with

pytestmark = pytest.mark.django_db


def test_a_till_that_was_offline_sells_up_to_a_week_late(shop):
    late = timezone.now() - timedelta(days=6, hours=23)
    assert sell(shop, "1", by=shop.cashier, sold_at=late).sold_at == late


def test_s37_an_older_date_would_choose_its_taxes_and_needs_a_right(shop):
    """S37."""
    old = timezone.now() - timedelta(days=7, hours=1)
    error = refused_with(shop, CapabilityMissing, lambda: sell(shop, "1", by=shop.cashier, sold_at=old))
    assert error.meta == {"capability": "sale:backdate"}
    assert sell(shop, "1", sold_at=old).sold_at == old


def test_a_sale_cannot_be_in_the_future_whoever_sells(shop):
    error = refused_with(
        shop, errors.InvalidInput, lambda: sell(shop, "1", sold_at=timezone.now() + timedelta(days=1.1))
    )
    assert [(e.field, e.code) for e in error.errors] == [("sold_at", "in_future")]


def test_a_sale_before_any_shop_was_here_is_refused_whoever_sells(shop):
    old = datetime(1, 1, 1, tzinfo=UTC)
    error = refused_with(shop, errors.InvalidInput, lambda: sell(shop, "1", sold_at=old))
    assert [(e.field, e.code) for e in error.errors] == [("sold_at", "too_old")]


@pytest.mark.parametrize(("days", "code"), [(1.1, "in_future"), (-3, "before_sale")])
def test_a_refund_is_neither_in_the_future_nor_before_its_sale(shop, days, code):
    sale = sell(shop, "1")
    (line,) = lines_of(shop, sale)
    moment = timezone.now() + timedelta(days=days)
    error = refused_with(
        shop, errors.InvalidInput, lambda: give_back(shop, sale, [(line, "1", "SHELF")], refunded_at=moment)
    )
    assert [(e.field, e.code) for e in error.errors] == [("refunded_at", code)]
