"""How often strangers, and businesses, can make us ask the gateways and the phones of others."""

import hashlib
import hmac
import json

import pytest
from django.db import connection
from uuid_utils.compat import uuid7

from billing.references import reference_of
from core.errors import TooManyTries
from fakes.notices import Notice
from system import services as system
from tests.billing.payments import (
    PHONE,
    age,
    decide,
    deliver,
    events,
    forget_jobs,
    jobs,
    notice,
    post,
    prompted,
    pursue,
    run_jobs,
    start,
    state_of,
    taken,
)

pytestmark = pytest.mark.django_db
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def limited(settings):
    """Change limits by name."""

    def change(**wanted):
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, **wanted}

    return change


def unsigned(reference, blanks=0, **told):
    """What anybody can send in the name of MTN."""
    body = json.dumps({"externalId": reference, "status": "SUCCESSFUL", **told}).encode()
    return Notice("PUT", "", JSON, body + b" " * blanks)


def signed(secret, **data):
    body = json.dumps({"event": "charge.success", "data": data}).encode()
    return Notice("POST", "", {**JSON, "x-paystack-signature": sign(secret, body)}, body)


def sign(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()


def made_up(shop):
    return reference_of(shop.id, uuid7())


def refused(response):
    body = response.json()
    assert (response.status_code, body["code"]) == (429, "too_many_tries"), body
    assert 0 < int(response["Retry-After"]) <= 3600


# --- Notices ----------------------------------------------------------------------------------------------------------


def test_what_nobody_signed_is_one_row_and_one_question_however_often_it_comes(shop, fake, nobody):
    reference = made_up(shop)
    for blanks in range(10):
        deliver(nobody, unsigned(reference, blanks, amount=str(blanks)), "MOMO", shop.id)
    (event,) = events(shop)
    assert (event.reference, event.attempt_id) == (reference, None)
    assert jobs("trace_notice") == [(str(shop.id), str(event.pk))]


def test_an_attempt_is_asked_for_once_while_that_waits_whatever_comes(shop, fake, nobody):
    attempt = prompted(shop)
    forget_jobs()
    for blanks in range(10):
        deliver(nobody, unsigned(attempt.reference, blanks), "MOMO")
    assert (len(events(shop)), jobs()) == (1, [(str(shop.id), str(attempt.pk))])
    decide(fake, attempt)
    run_jobs()
    assert (state_of(shop, attempt), taken(shop)) == ("PAID", ["PAID"])


def test_a_notice_that_comes_again_after_we_asked_makes_us_ask_again(shop, fake, nobody):
    """MTN may tell that it waits before it tells that it is paid."""
    attempt = prompted(shop)
    told = unsigned(attempt.reference)
    for status in ("PENDING", "SUCCESSFUL"):
        forget_jobs()
        decide(fake, attempt, status)
        deliver(nobody, told, "MOMO")
        run_jobs()
    assert taken(shop) == ["PAID"]


def test_two_notices_signed_by_a_business_about_one_reference_are_one_question(shop, fake, nobody):
    for number in range(3):
        deliver(nobody, signed("fake", reference="page-77", number=number), "PAYSTACK", shop.id)
    assert (len(events(shop)), len(jobs("trace_notice"))) == (3, 1)


@pytest.mark.parametrize("gateway", ["MOMO", "PAYSTACK"])
def test_of_a_long_notice_its_beginning_is_kept(shop, fake, nobody, gateway):
    note = "ɛ" * 5_000
    told = unsigned(made_up(shop), note=note) if gateway == "MOMO" else signed("fake", reference="page-77", note=note)
    deliver(nobody, told, gateway, shop.id)
    (event,) = events(shop)
    assert (event.body, len(event.body)) == (told.body.decode()[:2048], 2048)


def test_what_strangers_make_up_is_limited_and_keeps_nobody_else_from_being_heard(
    shop, stranger, fake, nobody, limited
):
    limited(notice_unknown=(3, 3600))
    attempt = prompted(shop)
    forget_jobs()
    for _ in range(3):
        deliver(nobody, unsigned(made_up(shop)), "MOMO")
    for account in ("", shop.id, stranger.id):  # the reference says whose it is
        refused(post(nobody, unsigned(made_up(shop)), "MOMO", account))
    assert (len(events(shop)), len(jobs("trace_notice"))) == (3, 3)
    # Not what is asked for, another gateway's, another business's.
    decide(fake, attempt)
    deliver(nobody, notice(fake, attempt.reference), "MOMO")
    deliver(nobody, signed("fake", reference="page-77"), "PAYSTACK", shop.id)
    deliver(nobody, unsigned(made_up(stranger)), "MOMO")
    run_jobs()
    assert (state_of(shop, attempt), taken(shop)) == ("PAID", ["PAID"])


def test_what_is_refused_is_found_by_asking(shop, fake, nobody, limited):
    limited(notice=(1, 3600))
    attempts = [prompted(shop) for _ in range(2)]
    forget_jobs()
    for attempt in attempts:
        decide(fake, attempt)
    deliver(nobody, notice(fake, attempts[0].reference), "MOMO")
    refused(post(nobody, notice(fake, attempts[1].reference), "MOMO"))
    assert jobs() == [(str(shop.id), str(attempts[0].pk))]
    run_jobs()
    age(shop, attempts[1], minutes=1)
    pursue(attempts[1])  # as whoever looks after what is due
    assert [state_of(shop, attempt) for attempt in attempts] == ["PAID", "PAID"]


def test_a_business_that_signs_itself_is_limited_too(shop, fake, nobody, limited):
    limited(notice_unknown=(2, 3600))
    with shop.inside():
        keys = {"secret_key": "the-businesss", "email": "till@shop.example"}
        system.change_integration(by=shop.owner, provider="PAYSTACK", keys=keys)
    for number in range(2):
        deliver(nobody, signed("the-businesss", reference=f"page-{number}"), "PAYSTACK", shop.id)
    refused(post(nobody, signed("the-businesss", reference="page-2"), "PAYSTACK", shop.id))
    assert len(events(shop)) == 2


def test_a_business_that_is_none_costs_nothing(shop, fake, nobody, limited):
    limited(notice_unknown=(0, 3600))
    deliver(nobody, unsigned(reference_of(uuid7(), uuid7())), "MOMO", uuid7())
    refused(post(nobody, unsigned(made_up(shop)), "MOMO"))


def test_a_worker_does_what_strangers_make_after_everything_else(shop, fake, nobody):
    deliver(nobody, unsigned(made_up(shop)), "MOMO")
    start(shop)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (procrastinate_fetch_job_v2(NULL, NULL)).task_name")
        assert cursor.fetchone() == ("pursue_payment",)


# --- Phones -----------------------------------------------------------------------------------------------------------


def test_a_phone_is_asked_so_often_and_no_oftener_however_it_is_written(shop, stranger, fake, limited):
    limited(prompt_phone=(3, 900))
    for phone in ("0244123456", "+233244123456", "00233244123456"):
        start(shop, phone=phone)
    for phone in ("233244123456", PHONE):
        with pytest.raises(TooManyTries) as refusal:
            start(shop, "PAYSTACK", phone=phone)
        assert 0 < refusal.value.meta["retry_after"] <= 900
    with shop.inside():
        assert shop.account.payment_attempts.count() == 3
    assert len(jobs()) == 3
    start(shop, phone="0244123457")
    start(stranger)


def test_a_customer_who_mistypes_a_few_times_is_not_shut_out(shop, fake):
    for _ in range(8):
        attempt = prompted(shop)
        decide(fake, attempt, "FAILED", reason="WRONG_PIN")
        pursue(attempt)
    assert prompted(shop)


def test_all_the_phones_that_a_business_asks_are_limited_together(shop, stranger, fake, limited):
    limited(prompt=(3, 3600))
    for number in range(3):
        start(shop, phone=f"024412345{number}")
    with pytest.raises(TooManyTries):
        start(shop, phone="0244123459")
    start(stranger, phone="0244123459")


def test_what_a_phone_is_refused_counts_for_no_other(shop, fake, limited):
    limited(prompt_phone=(1, 900), prompt=(2, 3600))
    start(shop)
    for _ in range(3):
        with pytest.raises(TooManyTries):
            start(shop)
    start(shop, phone="0244123457")


def test_a_page_asks_no_phone(shop, fake, limited):
    limited(prompt_phone=(0, 900), prompt=(0, 3600))
    start(shop, "STRIPE", phone="")
    with pytest.raises(TooManyTries):
        start(shop, "PAYSTACK")


def test_a_flood_of_the_till_is_refused_with_the_time_to_wait_and_a_retry_is_none(shop, fake, limited):
    limited(prompt_phone=(1, 900))
    client, ours = shop.client(shop.cashier), "/api/v1/sales/mobile-payments/"
    asked = {"register": str(shop.register.pk), "amount": "5", "phone": PHONE, "gateway": "MOMO"}
    first = {**asked, "id": str(uuid7())}
    assert client.post(ours, first).status_code == 201
    for _ in range(3):
        again = client.post(ours, first)
        assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    other = {**asked, "id": str(uuid7())}
    refused(client.post(ours, other))
    refused(client.post(ours, other))  # nothing of it was kept
    with shop.inside():
        assert (shop.account.mobile_payments.count(), shop.account.payment_attempts.count()) == (1, 1)
    assert len(jobs()) == 1
