"""Credits over the API: what is refused, and that a refusal changes nothing."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from uuid_utils.compat import uuid7

from accounts.roles import Role
from tests.access import member, put_in_state
from tests.billing.crediting import age, answer, get, grant, left, lines, post, refund, reserve, rich, spend
from tests.conftest import open_shop
from tests.system.test_modules import switch

pytestmark = pytest.mark.django_db


def test_the_balance_says_what_there_is_promised_and_left(shop):
    assert get(shop, "balance/").json()["data"] == {"balance": 0, "reserved": 0, "available": 0, "is_low": True}
    rich(shop, 100)
    reservation = reserve(shop)
    assert get(shop, "balance/").json()["data"] == {"balance": 100, "reserved": 8, "available": 92, "is_low": False}
    age(shop, reservation, minutes=15)
    assert get(shop, "balance/").json()["data"]["available"] == 100


def test_what_is_deducted_is_our_price_and_in_the_ledger(shop):
    rich(shop, 100)
    asked = str(uuid7())
    answered = post(shop, "deduct/", {"id": asked, "operation": "content", "amount": 151}, key=False)
    assert answered.status_code == 201
    line = answered.json()["data"]
    assert (line["id"], line["amount"], line["balance_after"]) == (asked, -2, 98)
    assert (line["operation"], line["units"], line["kind"]) == ("content_generation", 151, "SPENT")
    page = get(shop, "transactions/").json()["results"]
    assert [row["amount"] for row in page] == [-2, 100]
    assert get(shop, f"transactions/{asked}/").json()["data"] == line


def test_s43_a_retry_is_told_the_first_answer_and_charged_once(shop):
    """S43."""
    rich(shop, 100)
    body, key = {"operation": "linking"}, str(uuid7())
    first = post(shop, "deduct/", body, key=key)
    again = post(shop, "deduct/", body, key=key)
    assert again["Idempotency-Replayed"] == "true"
    assert again.json()["data"] == first.json()["data"]
    assert answer(post(shop, "deduct/", {"operation": "clustering"}, key=key)) == (422, "idempotency_key_reused")
    assert left(shop) == (92, 0)


def test_an_id_that_is_taken_is_not_paid_for_again_under_another_key(shop):
    rich(shop, 100)
    body = {"id": str(uuid7()), "operation": "linking"}
    assert post(shop, "deduct/", body).status_code == 201
    assert post(shop, "deduct/", body).status_code == 409
    assert left(shop) == (92, 0)


@pytest.mark.parametrize("path", ["deduct/", "reservations/"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"operation": "gardening"}, (400, "unknown_operation")),
        ({"operation": ""}, (400, "invalid_input")),
        ({"operation": None}, (400, "invalid_input")),
        ({"operation": "x" * 41}, (400, "invalid_input")),
        ({}, (400, "invalid_input")),
        ({"operation": "images"}, (400, "invalid_amount")),
        ({"operation": "images", "amount": -3}, (400, "invalid_amount")),
        ({"operation": "content", "amount": 0}, (400, "invalid_amount")),
        ({"operation": "content", "amount": 10**12}, (400, "invalid_amount")),
        ({"operation": "content", "amount": 10**30}, (400, "invalid_input")),
        ({"operation": "content", "amount": 1.5}, (400, "invalid_input")),
        ({"operation": "content", "amount": "1e2"}, (400, "invalid_input")),
        ({"operation": "content", "amount": "١٥"}, (400, "invalid_input")),
        ({"operation": "content", "amount": True}, (400, "invalid_input")),
        ({"operation": "linking", "credits": 1}, (400, "invalid_input")),
        ({"operation": "linking", "key": "a"}, (400, "invalid_input")),
        ({"operation": "site_structure_generation"}, (402, "insufficient_credits")),
    ],
)
def test_s42_what_makes_no_sense_is_refused_and_costs_nothing(shop, path, body, told):
    """S42."""
    rich(shop, 49)
    refused = post(shop, path, body)
    assert answer(refused) == told, refused.content
    if told[0] == 402:
        assert refused.json()["meta"] == {"required": 50, "available": 49}
    assert left(shop) == (49, 0)
    assert lines(shop) == [("ADDED", 49)]


def test_to_spend_needs_a_key_or_an_id(shop):
    rich(shop, 49)
    for path in ("deduct/", "reservations/"):
        assert answer(post(shop, path, {"operation": "linking"}, key=False)) == (400, "idempotency_key_required")
    assert left(shop) == (49, 0)


def test_s44_a_module_that_is_off_spends_nothing_and_the_price_list_says_so(shop):
    """S44."""
    rich(shop, 100)
    switch(shop, linker=False)
    for path in ("deduct/", "reservations/"):
        assert answer(post(shop, path, {"operation": "linking"})) == (403, "module_disabled")
    assert answer(get(shop, "quote/", operation="linking")) == (403, "module_disabled")
    off = [row["operation"] for row in get(shop, "costs/").json()["data"] if not row["is_enabled"]]
    assert off == ["linking"]
    assert left(shop) == (100, 0)


def test_who_has_not_paid_looks_and_does_not_spend(shop):
    rich(shop, 100)
    reservation = reserve(shop)
    put_in_state(shop, "GRACE")
    assert get(shop, "balance/").status_code == 200
    for path in ("deduct/", "reservations/", f"reservations/{reservation.pk}/commit/"):
        assert answer(post(shop, path, {"operation": "linking"})) == (402, "subscription_expired")
    assert left(shop) == (100, 8)


def test_a_cashier_neither_sees_nor_spends_credits_and_a_manager_does_not_buy(shop):
    rich(shop, 100)
    assert answer(get(shop, "balance/", shop.cashier)) == (403, "capability_missing")
    assert answer(post(shop, "deduct/", {"operation": "linking"}, member=shop.cashier)) == (403, "capability_missing")
    manager = member(shop, Role.MANAGER)
    assert post(shop, "deduct/", {"operation": "linking"}, member=manager).status_code == 201
    bought = post(shop, "purchases/", {"pack": "ghs-500", "gateway": "MOMO"}, member=manager)
    assert answer(bought) == (403, "capability_missing")
    assert left(shop) == (92, 0)


def test_a_strangers_credits_are_not_there(shop, stranger):
    rich(shop, 100)
    rich(stranger, 100)
    reservation, line = reserve(stranger), spend(stranger)
    for path in (f"reservations/{reservation.pk}/commit/", f"reservations/{reservation.pk}/release/"):
        assert answer(post(shop, path)) == (404, "not_found")
    assert answer(get(shop, f"transactions/{line.pk}/")) == (404, "not_found")
    assert answer(get(shop, f"reservations/{reservation.pk}/")) == (404, "not_found")
    assert (left(shop), left(stranger)) == ((100, 0), (92, 8))


# --- Reservations -----------------------------------------------------------------------------------------------------


def test_a_reservation_is_made_paid_in_part_and_over(shop):
    rich(shop, 100)
    made = post(shop, "reservations/", {"operation": "content", "amount": 1000, "minutes": 5}).json()["data"]
    assert (made["operation"], made["credits"], made["state"]) == ("content_generation", 10, "OPEN")
    took = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert took == timedelta(minutes=5)
    paid = post(shop, f"reservations/{made['id']}/commit/", {"amount": 450})
    assert (paid.status_code, paid.json()["data"]["amount"]) == (200, -5)
    assert get(shop, f"reservations/{made['id']}/").json()["data"]["state"] == "COMMITTED"
    assert answer(post(shop, f"reservations/{made['id']}/release/")) == (409, "reservation_over")
    assert left(shop) == (95, 0)


def test_a_retry_of_a_step_is_told_the_first_answer(shop):
    rich(shop, 100)
    reservation, key = reserve(shop), str(uuid7())
    first, again = (post(shop, f"reservations/{reservation.pk}/commit/", key=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again["Idempotency-Replayed"] == "true"
    assert answer(post(shop, f"reservations/{reservation.pk}/commit/")) == (409, "reservation_over")
    assert left(shop) == (92, 0)


def test_a_reservation_that_has_run_out_is_shown_so(shop):
    rich(shop, 100)
    reservation = reserve(shop)
    age(shop, reservation, minutes=15)
    assert get(shop, f"reservations/{reservation.pk}/").json()["data"]["state"] == "EXPIRED"
    assert answer(post(shop, f"reservations/{reservation.pk}/commit/")) == (409, "reservation_over")
    for minutes in (0, -1, 24 * 60 + 1, "soon"):
        assert answer(post(shop, "reservations/", {"operation": "linking", "minutes": minutes}))[0] == 400
    assert left(shop) == (100, 0)


# --- Quotes and usage -------------------------------------------------------------------------------------------------


def test_a_quote_is_the_price_and_whether_there_is_enough(shop):
    rich(shop, 10)
    told = get(shop, "quote/", operation="content", amount=1001).json()["data"]
    assert told == {
        "operation": "content_generation", "amount": 1001, "credits": 11, "available": 10, "is_enough": False
    }  # fmt: skip
    assert get(shop, "quote/", operation="linking").json()["data"]["is_enough"] is True
    assert answer(get(shop, "quote/", operation="content")) == (400, "invalid_amount")
    assert answer(get(shop, "quote/")) == (400, "invalid_input")
    assert answer(get(shop, "quote/", operation="linking", credits="1")) == (400, "unknown_parameter")
    assert left(shop) == (10, 0)


def test_usage_is_by_operation_and_day_of_the_business():
    shop = rich(open_shop("Kiritimati Stores", time_zone="Pacific/Kiritimati"))  # fourteen hours ahead
    moment = datetime(2031, 3, 6, 9, 30, tzinfo=ZoneInfo("UTC"))
    with time_machine.travel(moment, tick=True):
        rich(shop)
        line = spend(shop, "images", 2)
        spend(shop, "images", 3)
    with time_machine.travel(moment + timedelta(hours=1), tick=True):  # the next day over there
        spend(shop, "linking")
        refund(shop, line)
        grant(shop, 5, moment.date())
    rows = get(shop, "usage/", first_on="2031-03-06", last_on="2031-03-07").json()["data"]
    assert [tuple(row.values()) for row in rows] == [
        ("2031-03-06", "image_generation", 2, 5, 25, 0),
        ("2031-03-07", "image_generation", 0, 0, 0, 10),
        ("2031-03-07", "linking", 1, 0, 8, 0),
    ]
    assert get(shop, "usage/", first_on="2031-03-08", last_on="2031-03-08").json()["data"] == []
    for span in ({"first_on": "2031-03-07", "last_on": "2031-03-06"}, {"first_on": "2031-03-07"}, {}):
        assert answer(get(shop, "usage/", **span)) == (400, "invalid_input")


def test_a_business_in_francs_buys_and_spends_whole_credits():
    shop = rich(open_shop("Boutique Awa", country="SN", currency="XOF", time_zone="Africa/Dakar"), 10)
    packs = get(shop, "packs/").json()["data"]
    assert [(pack["code"], pack["price"], pack["currency"]) for pack in packs] == [
        ("xof-500", "2500", "XOF"), ("xof-2000", "9000", "XOF"), ("xof-10000", "40000", "XOF")
    ]  # fmt: skip
    assert post(shop, "deduct/", {"operation": "content", "amount": 101}).json()["data"]["balance_after"] == 8
    assert answer(post(shop, "purchases/", {"pack": "ghs-500", "gateway": "PAYSTACK"})) == (400, "invalid_input")
