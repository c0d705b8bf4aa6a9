"""In the days of grace, what was begun before is finished, and nothing new begun."""

from datetime import timedelta

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from tests.access import put_in_state
from tests.answers import refused
from tests.sales.drawer import SHIFTS, add_register, close, move, ok, post, report, start
from tests.sales.requests import CUSTOMERS, SALES, refund, sell
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db


def days_ago(days: int) -> str:
    return (timezone.now() - timedelta(days=days)).isoformat()


def test_a_shift_that_began_before_sells_refunds_moves_cash_and_closes(shop):
    shift = start(shop, opened_at=days_ago(2))
    put_in_state(shop, "GRACE")
    sale = sell(shop, member=shop.cashier)
    ok(refund(shop, sale), 201)
    ok(move(shop, shift, "DROP", "20"), 201)
    ok(post(shop, f"{shift['id']}/hand-over/", {"counted": "30"}, member=shop.cashier))
    assert report(shop, shift, "x")["sales"]["count"] == 1
    ok(close(shop, shift, ("30", 1)))
    assert report(shop, shift, "z")["z_number"] == 1
    client = shop.client()
    refused(shop, lambda: client.post(SALES, shop.basket()), 402, "subscription_expired")


def test_what_was_sold_before_grace_comes_late_to_the_shift_that_was_open_then(shop):
    shift = start(shop, opened_at=days_ago(3))
    ok(close(shop, shift, closed_at=days_ago(2)))
    put_in_state(shop, "GRACE")
    client, sold_at = shop.client(), (timezone.now() - timedelta(hours=60)).isoformat()
    assert sell(shop, sold_at=sold_at, shift=shift["id"])["shift"] == shift["id"]
    refused(shop, lambda: client.post(SALES, shop.basket(sold_at=sold_at)), 402, "subscription_expired")
    refused(shop, lambda: client.post(SALES, shop.basket(shift=shift["id"])), 409, "shift_closed")


def test_nothing_new_begins(shop):
    other = add_register(shop, "R2")
    shift = start(shop, opened_at=days_ago(2))
    put_in_state(shop, "GRACE")
    client, told = shop.client(), []
    for call in (
        lambda: post(shop, "", {"register": str(other.pk)}),
        lambda: client.post(SALES, shop.basket(register=str(other.pk))),
        lambda: client.post(CUSTOMERS, {"id": str(uuid7()), "name": "Efua"}),
        lambda: client.post(
            "/api/v1/sales/registers/", {"storefront": str(shop.storefront.pk), "code": "R3", "name": "Till"}
        ),
    ):
        told.append(refused(shop, call, 402, "subscription_expired"))
    assert all({**body, "request_id": ""} == {**told[0], "request_id": ""} for body in told)
    ok(close(shop, shift))


def test_a_shift_that_began_in_grace_sells_nothing_and_is_closed(shop):
    sale = sell(shop)
    shift = start(shop)
    put_in_state(shop, "GRACE")
    client = shop.client()
    refused(shop, lambda: client.post(SALES, shop.basket()), 402, "subscription_expired")
    refused(shop, lambda: refund(shop, sale), 402, "subscription_expired")
    assert ok(close(shop, shift, ("50", 1)))["difference"] == "0.00"


def test_grace_begins_at_midnight_of_the_shops_calendar(shop):
    midnight = timezone.localtime(timezone=shop.account.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    put_in_state(shop, "GRACE")  # since today, for yesterday was the last day
    with shop.inside():
        for seconds, status in ((-1, 201), (0, 402)):
            shift = shop.account.shifts.create(
                register=shop.register, opened_by=shop.owner, opened_at=midnight + timedelta(seconds=seconds)
            )
            shop.account.registers.filter(pk=shop.register.pk).update(open_shift_id=shift.pk)
            assert shop.client().post(SALES, shop.basket()).status_code == status


def test_after_grace_nothing_is_finished_any_more_and_everything_can_be_read(shop):
    shift = start(shop, opened_at=days_ago(2))
    put_in_state(shop, "EXPIRED")
    client = shop.client()
    for call in (
        lambda: client.post(SALES, shop.basket()),
        lambda: move(shop, shift, "DROP", "20"),
        lambda: close(shop, shift, ("50", 1)),
    ):
        refused(shop, call, 402, "subscription_expired")
    assert report(shop, shift, "x")["expected"] == "50.00"
    assert ok(client.get(f"{SHIFTS}{shift['id']}/"))["is_open"]


def test_a_sale_in_grace_stays_within_what_a_sale_may_cost(shop):
    start(shop, opened_at=days_ago(2))
    put_in_state(shop, "GRACE")
    client = shop.client()
    sell(shop)
    assert len(statements(lambda: ok(client.post(SALES, shop.basket()), 201))) <= 12
