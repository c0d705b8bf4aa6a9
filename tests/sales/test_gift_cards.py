"""Gift cards: sold for money, spent by their code, and filled again by what comes back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from core import vault
from sales.api.gift_cards import GiftCardViewSet
from tests.answers import refused
from tests.conftest import open_shop
from tests.sales.owing import adds_up, cash_in_drawer, owe, paid, sold
from tests.sales.requests import refund

pytestmark = pytest.mark.django_db

CARDS = "/api/v1/sales/gift-cards/"


def sell_card(shop, amount="20", *, member=None, payments=None, **extra):
    body = {"id": str(uuid7()), "register": str(shop.register.pk), "amount": amount, **extra}
    return shop.client(member).post(CARDS, {**body, "payments": payments or paid(CASH=amount)})


def by_card(code: str, amount: str = "10"):
    return {"method": "GIFT_CARD", "amount": amount, "reference": code}


def look_up(shop, code: str):
    return shop.client(shop.cashier).post(f"{CARDS}look-up/", {"code": code})


def on_card(shop, card) -> str:
    return shop.client().get(f"{CARDS}{card['id']}/").json()["data"]["balance"]


def test_a_card_is_sold_for_money_and_its_code_is_told_once(one):
    card = sold(sell_card(one, member=one.cashier, payments=paid(CASH="30")))
    assert (card["amount"], card["balance"], card["change_due"]) == ("20.00", "20.00", "10.00")
    assert cash_in_drawer(one) == 20
    assert look_up(one, card["code"].lower().replace("-", " ")).json()["data"]["id"] == card["id"]
    shown = one.client().get(f"{CARDS}{card['id']}/").json()["data"]
    assert "code" not in shown
    assert shown["last_four"] == card["code"][-4:]
    with one.inside():
        assert one.account.gift_cards.get().code_hash == vault.digest(card["code"].replace("-", ""))
    adds_up(one)


def test_no_table_but_the_answer_that_is_kept_for_a_retry_says_the_code(one):
    card = sold(sell_card(one))
    sold(owe(one, None, payments=[by_card(card["code"])]))
    told = set()
    with one.inside(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for code in (card["code"], card["code"].replace("-", "")):
                cursor.execute(f"SELECT count(*) FROM {table} t WHERE strpos(t::text, %s) > 0", [code])
                told |= {table} if cursor.fetchone()[0] else set()
    assert told == {"idempotency_keys"}


def test_a_retry_sells_one_card_and_tells_the_code_again(one):
    body = {"id": str(uuid7()), "register": str(one.register.pk), "amount": "20", "payments": paid(CASH="20")}
    first, again = (one.client().post(CARDS, body) for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    assert cash_in_drawer(one) == 20


def overhear(shop, card, **extra):
    """What a colleague is told who saw the card in the list, and guesses what its sale was asked with."""
    row = next(row for row in shop.client(shop.cashier).get(CARDS).json()["results"] if row["id"] == card["id"])
    body = {"id": row["id"], "register": str(shop.register.pk), "amount": row["amount"], **extra}
    return shop.client(shop.cashier).post(CARDS, {**body, "payments": paid(CASH=row["amount"])})


def test_nobody_but_who_sold_a_card_is_told_its_code_again(one):
    sale = {"amount": "20.00", "payments": paid(CASH="20.00")}
    card = sold(sell_card(one, **sale))
    answer = overhear(one, card)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert card["code"].encode() not in answer.content
    again = sell_card(one, id=card["id"], **sale)
    assert (again.status_code, again.json()["data"]["code"]) == (201, card["code"])
    assert cash_in_drawer(one) == 20


def test_control_an_answer_that_tells_no_secret_is_a_colleagues_as_well(one, monkeypatch):
    monkeypatch.setattr(GiftCardViewSet, "tells_secrets", False)
    card = sold(sell_card(one, amount="20.00", payments=paid(CASH="20.00")))
    assert overhear(one, card).json()["data"]["code"] == card["code"]


@pytest.mark.parametrize(
    ("amount", "payments", "status", "code"),
    [
        ("20", paid(CASH="19.99"), 409, "payment_short"),
        ("20", paid(CARD="20.01"), 409, "payment_too_much"),
        ("0", paid(CASH="1"), 400, "invalid_input"),
        ("-1", paid(CASH="1"), 400, "invalid_input"),
        ("20", paid(CUSTOMER_CREDIT="20"), 400, "invalid_input"),
        ("20", paid(GIFT_CARD="20"), 400, "invalid_input"),
        ("1000000000000", paid(CASH="1"), 400, "invalid_input"),
    ],
)
def test_a_card_is_paid_for_in_money_and_in_full(one, amount, payments, status, code):
    refused(one, lambda: sell_card(one, amount, payments=payments), status, code)


def test_a_card_pays_with_other_tenders_and_twice_in_one_sale_and_never_more_than_is_on_it(one):
    card, other = sold(sell_card(one, "6")), sold(sell_card(one, "3"))
    code = card["code"]
    much = [by_card(code, "4"), by_card(code, "2.01"), *paid(CASH="3.99")]
    body = refused(one, lambda: owe(one, None, payments=much), 409, "gift_card_short")
    assert body["meta"] == {"balance": "6.00"}
    sale = sold(
        owe(one, None, payments=[by_card(code, "4"), by_card(other["code"], "3"), by_card(code, "2"), *paid(CASH="1")])
    )
    assert [each["reference"] for each in sale["payments"]] == [f"… {c[-4:]}" for c in (code, other["code"], code)] + [
        ""
    ]
    assert (on_card(one, card), on_card(one, other)) == ("0.00", "0.00")
    refused(one, lambda: owe(one, None, payments=[by_card(code, "0.01"), *paid(CASH="9.99")]), 409, "gift_card_short")
    adds_up(one)


def test_there_is_no_change_on_a_card(one):
    card = sold(sell_card(one))
    refused(one, lambda: owe(one, None, payments=[by_card(card["code"], "11")]), 409, "payment_too_much")


def test_a_card_that_is_blocked_or_over_pays_nothing(one):
    card = sold(sell_card(one))
    url, today = f"{CARDS}{card['id']}/", timezone.localdate(timezone=one.account.zone)
    buy = lambda: owe(one, None, payments=[by_card(card["code"])])  # noqa: E731
    cashier = one.client(one.cashier)
    refused(one, lambda: cashier.patch(url, {"is_blocked": True}), 403, "capability_missing")
    assert one.client().patch(url, {"is_blocked": True}).status_code == 200
    refused(one, buy, 409, "gift_card_blocked")
    over = {"is_blocked": False, "expires_on": (today - timedelta(days=1)).isoformat()}
    assert one.client().patch(url, over).status_code == 200
    body = refused(one, buy, 409, "gift_card_expired")
    assert body["meta"] == {"expires_on": over["expires_on"]}
    assert one.client().patch(url, {"expires_on": today.isoformat()}).status_code == 200
    sold(buy())
    refused(one, lambda: sell_card(one, expires_on=over["expires_on"]), 400, "invalid_input")


@pytest.mark.parametrize("code", ["", "0000-0000-0000-0000", "Ɛhun", "' OR 1=1 --"])
def test_a_code_that_is_none_pays_nothing(one, code):
    sold(sell_card(one))
    refused(one, lambda: owe(one, None, payments=[by_card(code)]), 409, "gift_card_unknown")


def test_a_strangers_card_is_as_unknown_as_none(one, stranger):
    card = sold(sell_card(stranger))
    refused(one, lambda: owe(one, None, payments=[by_card(card["code"])]), 409, "gift_card_unknown")
    assert look_up(one, card["code"]).json()["code"] == "gift_card_unknown"
    assert on_card(stranger, card) == "20.00"


def test_who_guesses_codes_is_stopped_and_a_right_one_gives_the_tries_back(one, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "gift_card": (3, 900)}
    card = sold(sell_card(one))
    for _ in range(2):
        assert look_up(one, "0" * 16).status_code == 409
    assert look_up(one, card["code"]).status_code == 200
    for _ in range(3):
        assert look_up(one, "0" * 16).status_code == 409
    assert (look_up(one, card["code"]).status_code, on_card(one, card)) == (429, "20.00")
    response = owe(one, None, member=one.cashier, payments=[by_card(card["code"])])
    assert (response.status_code, response.json()["code"]) == (429, "too_many_tries")


def test_s34_what_was_paid_by_cards_goes_back_to_them_on_each_what_it_paid(one):
    """S34."""
    first, second = sold(sell_card(one, "7")), sold(sell_card(one, "8"))
    with one.inside():
        one.account.gift_cards.update(expires_on=timezone.localdate(timezone=one.account.zone))
    payments = [by_card(first["code"], "7"), by_card(second["code"], "8"), *paid(CASH="5")]
    sale = sold(owe(one, None, quantity="2", payments=payments))
    assert refund(one, sale, "0.5").status_code == 201
    assert (on_card(one, first), on_card(one, second)) == ("5.00", "0.00")
    assert refund(one, sale, "0.9").status_code == 201
    assert (on_card(one, first), on_card(one, second)) == ("7.00", "7.00")
    back = sold(refund(one, sale, "0.6"))
    assert [(each["method"], each["amount"]) for each in back["payments"]] == [
        ("GIFT_CARD", "-1.00"),
        ("CASH", "-5.00"),
    ]
    assert (on_card(one, first), on_card(one, second)) == ("7.00", "8.00")
    adds_up(one)


def test_s41_a_card_in_a_currency_without_cents_has_none(db):
    """S41."""
    shop = open_shop("Dakar", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("10",))
    refused(shop, lambda: sell_card(shop, "10.50"), 400, "invalid_input")
    card = sold(sell_card(shop, "25"))
    assert (card["balance"], card["change_due"]) == ("25", "0")
    sold(owe(shop, None, payments=[by_card(card["code"], "10")]))
    with shop.inside():
        assert shop.account.gift_cards.get().balance == Decimal(15)
