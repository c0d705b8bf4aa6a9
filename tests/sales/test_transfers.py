"""The inbox of money that came and pays no sale."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from billing.gateways import Finding, Outcome
from billing.gateways.momo import resource_of
from billing.references import reference_of
from fakes import control
from sales import customer_ledger, services
from sales.customer_ledger import Entry
from sales.models import Debt, EntryKind
from tests.billing import payments
from tests.conftest import open_shop
from tests.places import add_member, add_place, approved_by, give_pin
from tests.sales.phones import TRANSFERS, add_customer, ask, books, cancel, pays, transfers, wallet
from tests.sales.requests import SALES

pytestmark = pytest.mark.django_db


def arrived(shop, amount="10", *, reference="MP-77", phone="+233244123456", currency="GHS", register=None):
    """Money that nobody asked for; its row."""
    finding = Finding(Outcome.PAID, amount=Decimal(amount), currency=currency, payer_phone=phone)
    with shop.inside():
        services.keep_transfer(account=shop.account, gateway="PAYSTACK", reference=reference, finding=finding)
        rows = shop.account.incoming_transfers.filter(reference=reference)
        if register:
            rows.update(register=register)
        return str(rows.get().pk)


def post(shop, transfer, verb, member=None, headers=None, **body):
    return shop.client(member).post(f"{TRANSFERS}{transfer}/{verb}/", body, **(headers or {}))


def match(shop, transfer, customer, **extra):
    return post(shop, transfer, "match", **{"customer": customer, "register": str(shop.register.pk), **extra})


def code(response):
    return response.status_code, response.json()["code"]


def owes(shop, customer, *debts):
    """Debts of (amount, days until due), in this order."""
    today = timezone.localdate(timezone=shop.account.zone)
    with shop.inside():
        row = shop.account.customers.locked().get(pk=customer)
        for amount, days in debts:
            debt = Debt(
                account_id=shop.id,
                customer=row,
                source="sale",
                source_id=uuid7(),
                amount=Decimal(amount),
                due_on=today + timedelta(days=days),
                occurred_at=timezone.now(),
            )
            entry = Entry(EntryKind.SOLD_ON_CREDIT, Decimal(amount), debt)
            customer_ledger.post([entry], by=shop.owner, customer=row, source=shop.register, occurred_at=timezone.now())


def open_debts(shop):
    with shop.inside():
        return [debt.open_amount for debt in shop.account.debts.order_by("due_on")]


@pytest.mark.parametrize("provider", ["momo", "paystack"])
def test_s39_a_confirmation_for_an_unknown_reference_is_in_the_inbox_once(shop, fake, nobody, provider):
    """S39."""
    reference = reference_of(shop.id, uuid7())
    facts = {"provider": provider, "reference": reference, "amount": "7.00", "currency": "GHS", "phone": "0244123456"}
    key = {"key": resource_of(reference)} if provider == "momo" else {}
    control.transfer(fake.ledger, **facts, **key)
    for status in ("SUCCESSFUL", "PENDING"):
        payments.deliver(nobody, payments.notice(fake, reference, status=status), provider)
    payments.run_jobs()
    (row,) = transfers(shop, state="WAITING")
    assert (row["reference"], row["amount"], row["currency"], row["cause"]) == (reference, "7.00", "GHS", "UNKNOWN")
    assert (row["payer_phone"], row["is_seen"], row["register"]) == ("0244123456", False, None)


def test_a_transfer_is_matched_to_a_customers_wallet_once(shop):
    efua, transfer = add_customer(shop), arrived(shop)
    told = match(shop, transfer, efua)
    assert told.status_code == 200, told.content
    assert (told.json()["data"]["state"], told.json()["data"]["is_seen"]) == ("MATCHED", True)
    assert wallet(shop, efua) == (Decimal(10), Decimal(0), [("WALLET", "TOPPED_UP", Decimal(10))])
    before = books(shop)
    assert code(match(shop, transfer, efua)) == (409, "transfer_decided")
    assert code(post(shop, transfer, "dismiss", reason="No")) == (409, "transfer_decided")
    assert books(shop) == before
    with shop.inside():
        (payment,) = shop.account.payments.all()
        assert (payment.reference, payment.register_id) == ("MP-77", shop.register.pk)
        assert shop.account.audit_events.filter(action="transfer.matched").count() == 1


def test_a_retry_with_the_same_key_is_the_same_match(shop):
    efua, transfer = add_customer(shop), arrived(shop)
    key = {"HTTP_IDEMPOTENCY_KEY": "once"}
    first, again = (
        post(shop, transfer, "match", headers=key, customer=efua, register=str(shop.register.pk)) for _ in range(2)
    )
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (200, 200, "true")
    assert wallet(shop, efua)[0] == Decimal(10)


def test_a_transfer_pays_debts_oldest_first_and_the_rest_is_kept(shop):
    efua, transfer = add_customer(shop), arrived(shop, "10")
    owes(shop, efua, ("4", 20), ("3", 5), ("2", 30))
    assert match(shop, transfer, efua, pays_debt=True).status_code == 200
    assert open_debts(shop) == [0, 0, 0]
    have, owed, entries = wallet(shop, efua)
    assert (have, owed) == (Decimal(1), Decimal(0))
    assert entries[3:] == [
        ("DEBT", "PAID", Decimal(-3)),
        ("DEBT", "PAID", Decimal(-4)),
        ("DEBT", "PAID", Decimal(-2)),
        ("WALLET", "OVERPAID", Decimal(1)),
    ]


def test_a_transfer_pays_part_of_a_debt(shop):
    efua, transfer = add_customer(shop), arrived(shop, "10")
    owes(shop, efua, ("6", 5), ("20", 6))
    assert match(shop, transfer, efua, pays_debt=True).status_code == 200
    assert (open_debts(shop), wallet(shop, efua)[:2]) == ([0, Decimal(16)], (Decimal(0), Decimal(16)))


def test_a_late_payment_is_matched_to_the_register_that_asked_for_it(one, fake):
    payment = ask(one)
    cancel(one, payment)
    pays(one, fake, payment)
    (row,) = transfers(one)
    efua = add_customer(one)
    assert post(one, row["id"], "match", customer=efua).status_code == 200
    with one.inside():
        booked = one.account.payments.get()
        assert (str(booked.attempt_id), booked.register_id) == (payment["id"], one.register.pk)


def test_what_has_no_register_is_booked_where_somebody_says(shop):
    efua, transfer = add_customer(shop), arrived(shop)
    told = post(shop, transfer, "match", customer=efua)
    assert (code(told), told.json()["errors"][0]["field"]) == ((400, "invalid_input"), "register")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"customer": str(uuid7())}, "customer"),
        ({"register": str(uuid7())}, "register"),
        ({"customer": None}, "customer"),
        ({"pays_debt": "yes"}, "pays_debt"),
        ({"amount": "9"}, "amount"),
    ],
)
def test_a_match_that_is_not_right_changes_nothing(shop, body, field):
    efua, transfer = add_customer(shop), arrived(shop)
    before = books(shop)
    told = match(shop, transfer, **{"customer": efua, **body})
    assert (code(told), told.json()["errors"][0]["field"]) == ((400, "invalid_input"), field)
    assert books(shop) == before


def test_what_is_no_amount_of_the_business_is_not_credited(shop):
    efua = add_customer(shop)
    for reference, facts in {"a": {"currency": "NGN"}, "b": {"amount": "0"}, "c": {"amount": "-3"}}.items():
        transfer = arrived(shop, reference=reference, **facts)
        before = books(shop)
        assert code(match(shop, transfer, efua)) == (409, "transfer_not_creditable")
        assert books(shop) == before
        assert post(shop, transfer, "dismiss", reason="Sent back").status_code == 200


def test_francs_with_decimals_are_not_credited(db):
    francs = open_shop("Chez Awa", country="CI", currency="XOF", time_zone="Africa/Abidjan")
    awa = add_customer(francs)
    assert code(match(francs, arrived(francs, "10.50", currency="XOF"), awa)) == (409, "transfer_not_creditable")
    assert match(francs, arrived(francs, "10", currency="XOF", reference="b"), awa).status_code == 200
    assert wallet(francs, awa)[0] == 10


def test_a_transfer_is_dismissed_with_a_reason(shop):
    transfer = arrived(shop)
    assert code(post(shop, transfer, "dismiss")) == (400, "invalid_input")
    assert code(post(shop, transfer, "dismiss", reason="")) == (400, "invalid_input")
    told = post(shop, transfer, "dismiss", reason="Sent back — Ɛfua's aunt").json()["data"]
    assert (told["state"], told["reason"], told["is_seen"]) == ("DISMISSED", "Sent back — Ɛfua's aunt", True)
    assert told["decided_by"] == str(shop.owner.pk)
    assert code(match(shop, transfer, add_customer(shop))) == (409, "transfer_decided")


def test_news_is_news_until_somebody_has_seen_it(shop):
    transfer = arrived(shop)
    for _ in range(2):
        assert post(shop, transfer, "see", shop.cashier).json()["data"]["is_seen"] is True
    assert transfers(shop, is_seen="false") == []
    with shop.inside():
        assert shop.account.audit_events.filter(action="transfer.seen").count() == 1


def test_whose_the_money_is_a_cashier_cannot_say_alone(shop):
    efua, transfer = add_customer(shop), arrived(shop)
    body = {"customer": efua, "register": str(shop.register.pk)}
    for verb, facts in (("match", body), ("dismiss", {"reason": "No"})):
        assert code(post(shop, transfer, verb, shop.cashier, **facts)) == (403, "capability_missing")
    manager = give_pin(shop, add_member(shop, Role.MANAGER, name="Adwoa"))
    told = post(shop, transfer, "match", shop.cashier, headers=approved_by(manager), **body)
    assert told.status_code == 200, told.content
    assert wallet(shop, efua)[0] == 10


def test_a_strangers_transfer_and_a_strangers_customer_are_not_there(shop, stranger):
    theirs, transfer = add_customer(stranger), arrived(shop)
    before = books(shop), books(stranger)
    assert code(match(shop, transfer, theirs)) == (400, "invalid_input")
    assert code(match(stranger, transfer, theirs)) == (404, "not_found")
    assert code(post(stranger, transfer, "see")) == (404, "not_found")
    assert stranger.client().get(f"{TRANSFERS}{transfer}/suggestions/").status_code == 404
    assert (books(shop), books(stranger)) == before


def test_to_who_works_elsewhere_a_transfer_is_not_there(shop):
    there = add_place(shop)
    kofi = add_member(shop, Role.MANAGER, there.storefront, name="Kofi")
    placed, unplaced = arrived(shop, register=shop.register), arrived(shop, reference="b")
    assert shop.client(kofi).get(TRANSFERS).json()["results"] == []
    for transfer in (placed, unplaced):
        assert code(post(shop, transfer, "dismiss", kofi, reason="No")) == (404, "not_found")


# --- Suggestions ------------------------------------------------------------------------------------------------------


def suggested(shop, transfer, member=None):
    response = shop.client(member).get(f"{TRANSFERS}{transfer}/suggestions/")
    assert response.status_code == 200, response.content
    return [(row["kind"], row["id"], row["amount"]) for row in response.json()["data"]]


def test_whose_it_might_be_is_suggested_by_phone_and_by_amount(one, fake):
    efua, other = add_customer(one), add_customer(one, "Kwame", "0501112223")
    owes(one, other, ("10", 3), ("10.01", 4))
    asked, _ = ask(one), ask(one, "9.99")
    by_hand = {"method": "MOBILE_MONEY", "amount": "10", "reference": "MP-1"}
    sold = one.client().post(SALES, one.basket(payments=[by_hand])).json()["data"]
    one.client().post(SALES, one.basket())  # in cash
    transfer = arrived(one)  # of 10.00, from Efua's phone, written in another way
    with one.inside():
        debt = one.account.debts.get(amount=10)
    assert suggested(one, transfer) == [
        ("CUSTOMER", efua, "0.00"),
        ("DEBT", str(debt.pk), "10.00"),
        ("MOBILE_PAYMENT", asked["id"], "10.00"),
        ("SALE", sold["id"], "10.00"),
    ]


def test_what_was_long_ago_elsewhere_or_paid_is_not_suggested(one, fake):
    add_customer(one, "Kwame", "0501112223")
    used = ask(one)
    pays(one, fake, used)
    sale = one.client().post(SALES, one.basket(payments=[{**by(used)}]))
    assert sale.status_code == 201, sale.content
    long_ago = ask(one)
    transfer = arrived(one, phone="123")
    with one.inside():
        one.account.payment_attempts.filter(pk=long_ago["id"]).update(created_at=timezone.now() - timedelta(days=2))
    assert suggested(one, transfer) == []


def by(payment):
    return {"method": "MOBILE_MONEY", "amount": payment["amount"], "attempt": payment["id"]}


def test_a_limited_member_is_told_of_no_other_place(one, fake):
    there = add_place(one)
    asked = ask(there)
    transfer = arrived(one, register=one.register, phone="")
    kofi = add_member(one, Role.CASHIER, one.storefront, name="Kofi")
    assert suggested(one, transfer) == [("MOBILE_PAYMENT", asked["id"], "10.00")]
    assert suggested(one, transfer, kofi) == []
