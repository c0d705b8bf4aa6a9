import http.client
import json
import threading
from collections import Counter
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.db import IntegrityError

from inventory import sums
from sales import sums as sales_sums
from sales.api import sync as sync_api
from sales.services import sync as sync_service
from tests.conftest import Shop
from tests.races import at_once, count_of, meeting_before
from tests.sales.drawer import start
from tests.sales.offline import (
    SYNC,
    ago,
    cash_event,
    customer,
    customer_payment,
    refund_of,
    sale,
    shift_close,
    shift_hand_over,
    shift_open,
    sync,
)
from tests.sales.owing import add_customer

pytestmark = pytest.mark.usefixtures("committed")


def booked(shop: Shop):
    """How many sales, and what is left on the shelf."""
    with shop.inside():
        return shop.account.sales.count(), shop.account.stock_products.get().quantity


def assert_everything_agrees():
    assert list(sums.find_disagreements(using="owner")) == []
    assert list(sales_sums.find_disagreements(using="owner")) == []


def test_s40_two_devices_that_send_the_same_batch_at_once_sell_each_sale_once(busy):
    """S40. Both have seen that nothing of it was there."""
    batch, barrier = [sale(busy) for _ in range(5)], threading.Barrier(2)

    def send():
        with meeting_before("UPDATE registers", barrier):
            return {answer["id"]: answer["verdict"] for answer in sync(busy, *batch)}

    first, second = at_once([send] * 2)
    for item in batch:
        assert {first[item["id"]], second[item["id"]]} == {"ACCEPTED", "DUPLICATE"}
    assert booked(busy) == (5, Decimal(495))
    assert_everything_agrees()


def test_s40_what_is_sold_online_while_it_is_synced_is_sold_once(busy):
    """S40."""
    item, barrier = sale(busy), threading.Barrier(2)

    def online():
        with meeting_before("UPDATE registers", barrier):
            return busy.client().post("/api/v1/sales/sales/", {**item["content"], "id": item["id"]}).status_code

    def offline():
        with meeting_before("UPDATE registers", barrier):
            return sync(busy, item)[0]["verdict"]

    assert tuple(at_once([online, offline])) in {(201, "DUPLICATE"), (409, "ACCEPTED")}
    assert booked(busy) == (1, Decimal(499))


def test_two_devices_that_both_sold_the_last_ones_find_what_was_lacking(busy):
    batches = [[sale(busy, "300")], [sale(busy, "300")]]
    answers = at_once([lambda batch=batch: sync(busy, *batch)[0] for batch in batches])
    assert Counter(answer["verdict"] for answer in answers) == {"ACCEPTED": 1, "ACCEPTED_WITH_EXCEPTION": 1}
    assert booked(busy) == (2, Decimal(0))
    assert_everything_agrees()


def test_s40_a_batch_that_was_cut_in_the_middle_is_sent_again_as_it_was(server, busy):
    """S40."""
    batch = [sale(busy) for _ in range(40)]
    body = json.dumps({"items": batch})
    headers = {"Authorization": busy.bearer(), "Content-Type": "application/json"}
    cut = http.client.HTTPConnection(urlsplit(server).netloc, timeout=60)
    cut.request("POST", SYNC, body, headers)
    answer = cut.getresponse()
    assert answer.read(200).startswith(b'{"success":true,"data":[{"kind":"sale"')
    answer.close()
    cut.close()
    again = http.client.HTTPConnection(urlsplit(server).netloc, timeout=60)
    again.request("POST", SYNC, body, headers)
    verdicts = [result["verdict"] for result in json.load(again.getresponse())["data"]]
    again.close()
    assert len(verdicts) == 40
    assert set(verdicts) <= {"ACCEPTED", "DUPLICATE"}
    assert verdicts[0] == "DUPLICATE"
    assert booked(busy) == (40, Decimal(460))
    assert_everything_agrees()


# --- A day of two devices ---------------------------------------------------------------------------------------------


def send_at_once(busy: Shop, *batch, before: str):
    """The verdicts of two devices that have both seen that nothing of it was there."""
    barrier = threading.Barrier(2)

    def send():
        with meeting_before(before, barrier):
            return [answer["verdict"] for answer in sync(busy, *batch)]

    return sorted(at_once([send] * 2))


def of_a_day(busy: Shop):
    """One thing of each kind that a shift can bring, and the statement before which nothing of it has been done."""
    shift, known = start(busy, opened_at=ago(hours=5)), add_customer(busy)
    [sold] = sync(busy, sale(busy))
    return [
        (customer(), 'INSERT INTO "customers"'),
        (sale(busy), "UPDATE registers"),
        (refund_of(sold["row"], sold["row"]["lines"][0]["id"]), 'SELECT "sales"'),
        (cash_event(shift["id"], "DROP", "30"), 'SELECT "shifts"'),
        (customer_payment(busy, str(known.pk), "5"), 'SELECT "registers"'),
        (shift_hand_over(shift["id"], "50"), 'SELECT "shifts"'),
        (shift_close(shift["id"], ("50", 1)), 'SELECT "shifts"'),
        (shift_open(busy), 'SELECT "registers"'),
    ]


def test_s40_two_devices_that_bring_the_same_do_it_once(busy):
    """S40."""
    for item, statement in of_a_day(busy):
        assert send_at_once(busy, item, before=statement) == [["ACCEPTED"], ["DUPLICATE"]], item["kind"]
    with busy.inside():
        account = busy.account
        made = (account.customers, account.sales, account.refunds, account.cash_events, account.shifts)
        assert [rows.count() for rows in made] == [2, 2, 1, 1, 2]
        assert (account.hand_overs.count(), account.payments.count()) == (1, 4)
        assert not busy.account.sync_issues.exists()
    assert_everything_agrees()


def test_control_who_does_not_look_again_rejects_what_another_device_was_quicker_with(busy, monkeypatch):
    monkeypatch.setattr(sync_api, "ATTEMPTS", 1)
    found = [send_at_once(busy, item, before=statement) for item, statement in of_a_day(busy)]
    assert found == [[["ACCEPTED"], ["REJECTED"]]] * 8


def reject_at_once(busy: Shop):
    """What two devices are told that bring a sale for which nothing was paid, and of which neither saw a note."""
    item, barrier = sale(busy, payments=[]), threading.Barrier(2)

    def send():
        with meeting_before('INSERT INTO "sync_issues"', barrier):
            return sync(busy, item)[0]["verdict"]

    return at_once([send] * 2)


def test_what_two_devices_bring_in_vain_is_noted_once(busy):
    assert reject_at_once(busy) == ["REJECTED"] * 2
    with busy.inside():
        assert busy.account.sync_issues.get().content["payments"] == []


def test_control_a_second_note_of_the_same_would_cut_an_answer(busy, monkeypatch):
    monkeypatch.setattr(sync_service, "_INSTEAD", {})
    found = reject_at_once(busy)
    assert (count_of(found, "REJECTED"), count_of(found, IntegrityError)) == (1, 1)
