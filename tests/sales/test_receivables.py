"""Statements and ages of what is owed: the ledger, and nothing but the ledger."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from sales import customer_ledger, receivables, services
from sales.customer_ledger import Entry
from sales.models import Debt, EntryKind
from tests.conftest import open_shop
from tests.places import add_member
from tests.sales.owing import add_customer, owe, pay, pay_out, sold
from tests.sales.requests import CUSTOMERS

pytestmark = pytest.mark.django_db

AGEING = "/api/v1/sales/receivables/ageing/"
FIRST = date(2026, 1, 1)
DAYS = 200


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=UTC) + timedelta(days=day)


def statement(shop, customer, first, last, member=None):
    query = {"first_on": str(first), "last_on": str(last)}
    return shop.client(member).get(f"{CUSTOMERS}{customer.pk}/statement/", query)


def test_a_statement_is_the_ledger_from_its_opening_to_its_closing_balance(one):
    customer, today = add_customer(one), timezone.localdate(timezone=one.account.zone)
    early = (timezone.now() - timedelta(days=5)).isoformat()
    sold(owe(one, customer, sold_at=early))
    sold(owe(one, customer, quantity="2"))
    sold(pay(one, customer, "35"))
    sold(pay_out(one, customer, "1.50"))
    sold(pay(one, customer, "4", action="top-up", paid_at=early))
    shown = statement(one, customer, today, today).json()["data"]
    assert shown["opening"] == {"debt": "10.00", "wallet": "4.00"}
    assert [(line["kind"], line["amount"], *line["balance"].values()) for line in shown["lines"]] == [
        ("SOLD_ON_CREDIT", "20.00", "30.00", "4.00"),
        ("PAID", "-10.00", "20.00", "4.00"),
        ("PAID", "-20.00", "0.00", "4.00"),
        ("OVERPAID", "5.00", "0.00", "9.00"),
        ("PAID_OUT", "-1.50", "0.00", "7.50"),
    ]
    assert shown["closing"] == {"debt": "0.00", "wallet": "7.50"}
    held = one.client().get(f"{CUSTOMERS}{customer.pk}/").json()["data"]
    assert (held["debt"], held["wallet"]) == ("0.00", "7.50")
    whole = statement(one, customer, today - timedelta(days=30), today).json()["data"]
    rows = one.client().get(f"{CUSTOMERS}{customer.pk}/entries/", {"page_size": "4"}).json()
    rest = one.client().get(rows["next"]).json()
    of_ledger = [(row["id"], row["amount"]) for row in [*rows["results"], *rest["results"]]]
    assert sorted((line["id"], line["amount"]) for line in whole["lines"]) == sorted(of_ledger)
    assert (whole["opening"], rest["next"]) == ({"debt": "0.00", "wallet": "0.00"}, None)
    empty = statement(one, customer, today - timedelta(days=3), today - timedelta(days=1)).json()["data"]
    assert empty["lines"] == []
    assert empty["opening"] == empty["closing"] == {"debt": "10.00", "wallet": "4.00"}


@pytest.mark.parametrize("span", [("2026-02-01", "2026-01-31"), ("2020-01-01", "2021-01-03"), ("x", "2026-01-01")])
def test_a_statement_is_of_a_year_at_most(one, span):
    assert statement(one, add_customer(one), *span).status_code == 400


def test_who_may_not_read_debts_reads_neither_statement_nor_ages(one):
    customer, cashier = add_customer(one), one.client(one.cashier)
    for url in (f"{CUSTOMERS}{customer.pk}/entries/", AGEING, f"{CUSTOMERS}{customer.pk}/statement/"):
        answer = cashier.get(url)
        assert (answer.status_code, answer.json()["code"]) == (403, "capability_missing")
    manager = one.client(add_member(one, Role.MANAGER))
    assert manager.get(AGEING).status_code == 200


def test_what_is_owed_is_shown_by_how_long_it_has_been_due_page_by_page(one):
    for name, terms in (("Ama", 30), ("Kofi", 0)):
        customer = add_customer(one, name=name, terms_days=terms)
        sold(owe(one, customer, sold_at=(timezone.now() - timedelta(days=6)).isoformat()))
        sold(pay(one, customer, "4"))
    shown = one.client().get(AGEING, {"page_size": "1", "page": "2"}).json()["data"]
    nothing = {"not_due": "0.00", "days_1_to_30": "0.00", "days_31_to_60": "0.00", "days_61_to_90": "0.00"}
    ages = {**nothing, "over_90_days": "0.00"}
    assert (shown["count"], shown["total"]) == (
        2,
        {**ages, "not_due": "6.00", "days_1_to_30": "6.00", "total": "12.00"},
    )
    (kofi,) = shown["customers"]
    assert {**kofi, "customer": None} == {
        **ages, "days_1_to_30": "6.00", "total": "6.00", "customer": None, "name": "Kofi",
    }  # fmt: skip
    yesterday = timezone.localdate(timezone=one.account.zone) - timedelta(days=1)
    past = one.client().get(AGEING, {"on": str(yesterday)}).json()["data"]
    assert (past["total"]["total"], past["count"]) == ("20.00", 2)
    later = one.client().get(AGEING, {"on": str(yesterday + timedelta(days=200))}).json()["data"]
    assert later["total"]["over_90_days"] == "12.00"
    assert one.client().get(AGEING, {"on": "1999-01-01"}).status_code == 400


def test_the_ages_of_a_stranger_are_their_own(one, stranger):
    stranger.products = stranger.products[:1]
    sold(owe(stranger, add_customer(stranger)))
    assert one.client().get(AGEING).json()["data"]["count"] == 0


def test_a_payment_before_the_debt_by_the_shops_clock_makes_nobody_owe_less_than_nothing(one):
    customer = add_customer(one)
    sold(owe(one, customer))
    sold(pay(one, customer, "4", paid_at=(timezone.now() - timedelta(days=2)).isoformat()))
    today = timezone.localdate(timezone=one.account.zone)
    for days, total in ((0, "6.00"), (1, "0.00"), (2, "0.00"), (3, "0.00")):
        shown = one.client().get(AGEING, {"on": str(today - timedelta(days=days))}).json()["data"]
        assert shown["total"]["total"] == total


# --- Against a plain recomputation ------------------------------------------------------------------------------------

amounts = st.integers(1, 5_000).map(lambda cents: Decimal(cents) / 100)
deeds = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from(["owe", "owe", "settle", "give up", "keep", "spend"]),
        st.integers(0, DAYS), st.integers(0, 23), amounts, st.integers(0, 120),
    ),
    max_size=30,
)  # fmt: skip


def live(shop, customers, history):
    """Post what can be of a history; of each entry (customer, debt, day, amount), of each debt when it is due."""
    posted, due = [], {}
    for who, deed, day, hour, amount, terms in sorted(history, key=lambda each: (each[2], each[3])):
        customer, moment = customers[who], at(day, hour)
        debts = list(customer.debts.order_by("due_on", "id"))
        open_debts = [debt for debt in debts if debt.open_amount]
        if deed == "owe":
            facts = {"source": "sale", "source_id": uuid4(), "due_on": moment.date() + timedelta(days=terms)}
            debt = Debt(account=shop.account, customer=customer, amount=amount, occurred_at=moment, **facts)
            entry = Entry(EntryKind.SOLD_ON_CREDIT, amount, debt)
            due[debt.pk] = debt.due_on
        elif deed in ("settle", "give up") and open_debts:
            kind = EntryKind.PAID if deed == "settle" else EntryKind.WRITTEN_OFF
            entry = Entry(kind, -min(amount, open_debts[0].open_amount), open_debts[0])
        elif deed == "spend" and customer.wallet:
            entry = Entry(EntryKind.SPENT, -min(amount, customer.wallet))
        else:
            entry = Entry(EntryKind.TOPPED_UP, amount)
        customer_ledger.post([entry], by=shop.owner, customer=customer, source=customer, occurred_at=moment)
        posted.append((customer, entry.debt and entry.debt.pk, day, entry.amount))
    return posted, due


def bucket_of(days_over: int) -> str:
    if days_over <= 0:
        return "not_due"
    if days_over > 90:
        return "over_90_days"
    return f"days_{(days_over - 1) // 30 * 30 + 1}_to_{(days_over - 1) // 30 * 30 + 30}"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=deeds, day=st.integers(0, DAYS + 100), span=st.integers(0, 60))
def test_ages_and_statements_of_any_history_are_what_a_plain_sum_makes_of_it(db, history, day, span):
    with transaction.atomic():
        shop = open_shop(f"Shop {uuid4().hex}", prices=(), stock="0")
        with shop.inside():
            customers = [services.add_customer(by=shop.owner, name=name) for name in ("Ama", "Kofi", "Yaa")]
            posted, due = live(shop, customers, history)
            on = FIRST + timedelta(days=day)
            wanted = defaultdict(lambda: defaultdict(Decimal))
            for customer, debt, when, amount in posted:
                if debt and when <= day:
                    wanted[customer.pk][bucket_of((on - due[debt]).days)] += amount
                    wanted[customer.pk]["total"] += amount
            rows = receivables.age_debts(shop.account, on=on)
            found = {
                row["customer_id"]: {name: row[name] for name in ("total", *receivables.BUCKETS) if row[name]}
                for row in rows
            }
            plain = {pk: {name: sum_ for name, sum_ in each.items() if sum_} for pk, each in wanted.items()}
            assert found == {pk: each for pk, each in plain.items() if each}
            whole = receivables.sum_ages(rows)
            assert whole["total"] == sum((each["total"] for each in found.values()), Decimal(0))
            for customer in customers:
                check_statement(shop, customer, posted, first=day, last=day + span)
        transaction.set_rollback(True)


def check_statement(shop, customer, posted, *, first, last):
    first_on, last_on = FIRST + timedelta(days=first), FIRST + timedelta(days=last)
    made = receivables.state_account(customer, shop.account, first_on=first_on, last_on=last_on)
    mine = [(debt, when, amount) for who, debt, when, amount in posted if who == customer]
    for balance, until in ((made.opening, first - 1), (made.closing, last)):
        assert balance.debt == sum((a for debt, when, a in mine if debt and when <= until), Decimal(0))
        assert balance.wallet == sum((a for debt, when, a in mine if not debt and when <= until), Decimal(0))
    assert [line.entry.amount for line in made.lines] == [a for _, when, a in mine if first <= when <= last]
