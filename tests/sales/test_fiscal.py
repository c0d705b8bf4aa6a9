"""Receipts that a tax authority certifies: no sale waits for it, and each is certified once, however it behaves."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from fakes.fiscal import Authority, Mood, serving
from sales import services
from sales.fiscal import AuthorityAway, Verdict
from sales.models import FiscalDocument
from sales.services import fiscal
from tests.answers import refused
from tests.conftest import Shop, open_shop
from tests.printer import printed
from tests.races import PATIENCE, at_once
from tests.sales.requests import REFUNDS, SALES, refund, sell

LATER = timedelta(days=1)


@pytest.fixture
def authority(settings):
    found = Authority()
    with serving(found) as address:
        settings.FISCAL_URL = address
        yield found


@pytest.fixture
def bound(committed) -> Shop:
    """A business whose receipts have to be certified; committed, for the worker has connections of its own."""
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="500")
    bind(shop)
    return shop


def bind(shop: Shop) -> None:
    with shop.inside():
        type(shop.account).across_accounts.filter(pk=shop.id).update(is_fiscal=True)
    shop.account.is_fiscal = True


def documents(shop: Shop) -> list[FiscalDocument]:
    with shop.inside():
        return list(shop.account.fiscal_documents.order_by("id"))


def states(shop: Shop) -> list[tuple[str, str]]:
    return [(each.state, each.number) for each in documents(shop)]


def send(after: timedelta = timedelta(0)) -> int:
    """A round of the worker, so much later."""
    return services.certify_due(now=timezone.now() + after)


def receipt_of(shop: Shop, row, collection=SALES):
    return shop.client().get(f"{collection}{row['id']}/receipt/").json()["data"]


# --- The outbox -------------------------------------------------------------------------------------------------------


def test_a_business_that_is_not_bound_tells_the_authority_nothing(busy, authority):
    shop = busy
    sale = sell(shop)
    refund(shop, sale)
    assert documents(shop) == []
    assert receipt_of(shop, sale)["fiscal"] is None
    assert send(LATER) == 0
    assert authority.received == []


@pytest.mark.django_db
def test_the_owner_binds_the_business(shop):
    url = "/api/v1/accounts/account/"
    assert shop.client().patch(url, {"is_fiscal": True}).json()["data"]["is_fiscal"] is True
    refused(shop, lambda: shop.client(shop.cashier).patch(url, {"is_fiscal": False}), 403, "capability_missing")
    sell(shop)
    assert states(shop) == [("PENDING", "")]


@pytest.mark.django_db
def test_a_sale_that_fails_leaves_nothing_to_certify(shop):
    bind(shop)
    body = shop.basket(payments=[])
    refused(shop, lambda: shop.client().post(SALES, body), 409, "payment_short")
    assert documents(shop) == []


@pytest.mark.django_db
def test_one_sale_is_told_of_once_also_when_it_is_sent_twice(shop):
    bind(shop)
    body = shop.basket()
    for _ in range(2):
        assert shop.client().post(SALES, body).status_code == 201
    assert states(shop) == [("PENDING", "")]
    with shop.inside(), pytest.raises(IntegrityError, match="one_fiscal_document_per_sale"):
        fiscal.open_document(by=shop.owner, sale=shop.account.sales.get())


def test_a_sale_and_its_refund_are_certified_each_and_their_receipts_say_so(bound, authority):
    sale = sell(bound)
    given = refund(bound, sale).json()["data"]
    before = receipt_of(bound, sale)["fiscal"]
    assert (before["state"], before["number"]) == ("PENDING", "")
    assert send() == 2
    assert states(bound) == [("CERTIFIED", "GRA-00000001"), ("CERTIFIED", "GRA-00000002")]
    assert all(each.decided_at for each in documents(bound))
    first, second = authority.received
    assert (first["kind"], first["receipt_number"], first["total"], first["tax_total"]) == (
        "SALE",
        "R1-000001",
        sale["total"],
        sale["tax_total"],
    )
    assert (second["kind"], second["receipt_number"], second["total"]) == ("REFUND", "R1-000001", given["total"])
    assert {tax["code"] for tax in first["taxes"]} == {"VAT", "NHIL", "GETFUND"}
    for row, collection, number in ((sale, SALES, "GRA-00000001"), (given, REFUNDS, "GRA-00000002")):
        assert receipt_of(bound, row, collection)["fiscal"]["number"] == number
        response = bound.client().get(f"{collection}{row['id']}/receipt/escpos/")
        paper = printed(b"".join(response.streaming_content))
        assert f"Certified {number}" in paper.lines
        assert paper.codes[0] == f"https://authority.example/{number}"
    assert send(LATER) == 0
    assert len(authority.received) == 2


# --- However it behaves -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.FORGETS_TO_ANSWER, Mood.MUMBLES])
def test_an_authority_that_gives_no_verdict_is_asked_again_after_longer_pauses_and_certifies_once(
    bound, authority, mood
):
    sale = sell(bound)
    authority.mood = mood
    now, pauses = timezone.now(), []
    for _ in range(10):
        services.certify_due(now=now)
        (document,) = documents(bound)
        assert (document.state, document.number) == ("PENDING", "")
        assert document.last_error
        pauses.append(document.next_try_at - now)
        assert services.certify_due(now=document.next_try_at - timedelta(seconds=1)) == 0
        now = document.next_try_at
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=30), timedelta(hours=1))
    assert sell(bound)["receipt_number"] == "R1-000002"
    authority.mood = Mood.CERTIFIES
    services.certify_due(now=now)
    assert documents(bound)[0].tries == 11
    assert receipt_of(bound, sale)["fiscal"]["state"] == "CERTIFIED"
    assert len(authority.numbers) == 2
    assert len({document["id"] for document in authority.received}) == 2


def test_an_authority_that_is_not_there_stops_no_sale_and_no_round(bound, settings):
    settings.FISCAL_URL = "http://127.0.0.1:9"  # where nobody listens
    sales = [sell(bound) for _ in range(3)]
    assert send() == 0
    assert [each.tries for each in documents(bound)] == [1, 0, 0]
    assert states(bound) == [("PENDING", "")] * 3
    assert receipt_of(bound, sales[0])["fiscal"]["last_error"] == "ConnectionError"


def test_without_an_address_of_the_authority_documents_wait(bound, settings):
    settings.FISCAL_URL = ""
    sell(bound)
    assert send(LATER) == 0
    assert documents(bound)[0].tries == 0


def test_what_is_rejected_stays_rejected_and_says_why(bound, authority):
    authority.mood = Mood.REJECTS
    sale = sell(bound)
    send()
    authority.mood = Mood.CERTIFIES
    assert send(LATER) == 0
    found = receipt_of(bound, sale)["fiscal"]
    assert (found["state"], found["last_error"]) == ("REJECTED", "Unknown taxpayer")
    page = bound.client().get(f"{SALES}{sale['id']}/receipt/html/").content.decode()
    assert "Not certified" in page


def test_what_is_provisional_is_asked_for_again_until_it_is_decided(bound, authority):
    authority.mood = Mood.PONDERS
    sale = sell(bound)
    send()
    assert states(bound) == [("PROVISIONAL", "TMP-1")]
    assert "Provisional TMP-1" in bound.client().get(f"{SALES}{sale['id']}/receipt/html/").content.decode()
    assert documents(bound)[0].decided_at is None
    send(LATER)
    assert states(bound) == [("CERTIFIED", "GRA-00000001")]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "CERTIFIED",
        {},
        {"state": "CERTIFIED"},
        {"state": "CERTIFIED", "number": 5},
        {"state": "CERTIFIED", "number": "x" * 65},
        {"state": "CERTIFIED", "number": "1", "code": "x" * 501},
        {"state": "CERTIFIED", "number": "1\x00"},
        {"state": "PENDING", "number": "1"},
        {"state": ["CERTIFIED"], "number": "1"},
        {"state": "REJECTED", "reason": {"text": "no"}},
    ],
)
def test_what_is_no_verdict_is_not_taken_for_one(answer):
    with pytest.raises(AuthorityAway):
        Verdict.read(answer)


# --- At the same instant ----------------------------------------------------------------------------------------------


@contextmanager
def asking(authority: Authority, rounds: int = 1) -> Iterator[None]:
    """While so many rounds of workers wait for the authority's answer."""
    authority.mood = Mood.DAWDLES
    with ThreadPoolExecutor(rounds) as pool:
        results = []
        try:
            for later in range(rounds):
                results.append(pool.submit(at_once, [lambda later=later: send(later * LATER)]))
                assert authority.asked.acquire(timeout=PATIENCE)
            yield
        finally:
            authority.go_on.set()
    assert [result.result() for result in results] == [[1]] * rounds


def test_no_sale_waits_while_the_authority_thinks(bound, authority):
    sell(bound)
    with asking(authority):
        assert sell(bound)["receipt_number"] == "R1-000002"
        assert refund(bound, _first(bound)).status_code == 201
        assert states(bound)[0] == ("PENDING", "")
    assert states(bound)[0] == ("CERTIFIED", "GRA-00000001")


def _first(shop: Shop):
    row = shop.client().get(SALES).json()["results"][-1]["id"]
    return shop.client().get(f"{SALES}{row}/").json()["data"]


def test_of_four_workers_one_sends_each_document(bound, authority):
    for _ in range(5):
        sell(bound)
    at_once([send] * 4)
    assert {state for state, _ in states(bound)} == {"CERTIFIED"}
    assert len(authority.received) == 5
    assert [each.tries for each in documents(bound)] == [1] * 5


def test_while_one_worker_asks_another_finds_nothing_due(bound, authority):
    sell(bound)
    with asking(authority):
        assert send() == 0
    assert len(authority.received) == 1


def test_control_without_the_pause_that_is_noted_first_two_ask_at_once_and_still_one_number_is_given(
    bound, authority, monkeypatch
):
    sell(bound)
    monkeypatch.setattr(fiscal, "SHORTEST", timedelta(0))
    with asking(authority, rounds=2):
        pass
    assert len(authority.received) == 2
    assert states(bound) == [("CERTIFIED", "GRA-00000001")]


def test_a_verdict_that_comes_late_changes_nothing_that_is_decided(bound, authority):
    sell(bound)
    (document,) = documents(bound)
    send()
    for verdict in (Verdict("REJECTED", reason="Late"), Verdict("CERTIFIED", "GRA-99"), None):
        with bound.inside():
            fiscal._keep(bound.id, document.pk, verdict, "late")
    assert states(bound) == [("CERTIFIED", "GRA-00000001")]
    assert documents(bound)[0].last_error == ""


def test_the_documents_of_many_businesses_are_sent_in_one_round(bound, authority):
    other = open_shop("Kofi Stores", prices=("10.00",), stock="10")
    bind(other)
    sell(bound)
    sell(other)
    assert send() == 2
    assert [state for shop in (bound, other) for state, _ in states(shop)] == ["CERTIFIED"] * 2
    assert {document["business"] for document in authority.received} == {"Ama Provisions", "Kofi Stores"}
