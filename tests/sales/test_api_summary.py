"""The summary of days, by the shop's own calendar."""

from datetime import UTC, datetime

import pytest
from uuid_utils.compat import uuid7

from tests.answers import refused
from tests.conftest import open_shop
from tests.sales.requests import SALES, back, sell

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Africa/Accra", "2026-03-10"), ("Asia/Tokyo", "2026-03-11"), ("America/New_York", "2026-03-10")],
)
def test_a_sale_at_half_past_eleven_utc_counts_on_the_day_of_the_shops_own_calendar(zone, day):
    shop = open_shop("Night Shop", time_zone=zone, prices=("10.00",))
    sell(shop, sold_at="2026-03-10T23:30:00Z")
    early = sell(shop, sold_at="2026-03-10T00:30:00Z")
    url = f"{SALES}{early['id']}/refunds/"
    body = back(early["lines"][0]["id"], id=str(uuid7()), refunded_at="2026-03-10T23:45:00Z")
    assert shop.client().post(url, body).status_code == 201
    rows = shop.client().get(f"{SALES}summary/", {"first_on": day, "last_on": day}).json()["data"]
    assert [row["day"] for row in rows] == [day]
    early_is_same_day = {"Africa/Accra": True, "Asia/Tokyo": False, "America/New_York": False}[zone]
    count = 2 if early_is_same_day else 1
    assert (rows[0]["sale_count"], rows[0]["sale_total"]) == (count, f"{10 * count}.00")
    assert (rows[0]["refund_count"], rows[0]["refund_total"]) == (1, "10.00")
    assert rows[0]["tax_total"] == ("1.67" if early_is_same_day else "0.00")


def test_the_summary_has_the_first_day_the_last_and_none_outside(one):
    for day in (1, 2, 3, 4):
        sell(one, sold_at=datetime(2026, 3, day, 12, tzinfo=UTC).isoformat())
    rows = one.client().get(f"{SALES}summary/", {"first_on": "2026-03-02", "last_on": "2026-03-03"}).json()["data"]
    assert [(row["day"], row["sale_total"]) for row in rows] == [("2026-03-02", "10.00"), ("2026-03-03", "10.00")]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "invalid_input"),
        ({"first_on": "2026-03-01"}, "invalid_input"),
        ({"first_on": "01.03.2026", "last_on": "2026-03-01"}, "invalid_input"),
        ({"first_on": "2026-03-01", "last_on": "2026-03-01", "page": "1"}, "unknown_parameter"),
    ],
)
def test_a_summary_of_no_days_is_400(one, query, code):
    refused(one, lambda: one.client().get(f"{SALES}summary/", query), 400, code)
