"""What customers paid of what they owe while the till was offline."""

from datetime import datetime

import pytest

from tests.sales.drawer import close, ok, report, start
from tests.sales.offline import ago, codes, customer, customer_payment, fields_of, problems, sale, sync, verdicts
from tests.sales.owing import add_customer, balance, debts, entries, owe, paid, sold


def test_s35_what_is_paid_beyond_a_debt_offline_is_kept(one):
    """S35."""
    known = add_customer(one)
    assert owe(one, known).status_code == 201
    item = customer_payment(one, str(known.pk), "25", "MOBILE_MONEY", paid_at=ago(hours=1))
    [answer] = sync(one, item, member=one.cashier)
    assert answer["verdict"] == "ACCEPTED"
    assert [(entry["kind"], entry["amount"]) for entry in answer["row"]["entries"]] == [
        ("PAID", "-10.00"),
        ("OVERPAID", "15.00"),
    ]
    [payment] = answer["row"]["payments"]
    assert (payment["id"], payment["method"], payment["amount"]) == (item["id"], "MOBILE_MONEY", "25.00")
    [again] = sync(one, item)
    assert (again["verdict"], again["row"]) == ("DUPLICATE", answer["row"])
    assert balance(one, known) == ("0.00", "15.00")
    assert problems(one) == []


def test_a_debt_that_was_paid_meanwhile_leaves_the_money_to_the_others(one):
    known = add_customer(one)
    for _ in range(2):
        sold(owe(one, known))
    with one.inside():
        first, second = one.account.debts.order_by("id").values_list("pk", flat=True)
    chosen = {"debts": [{"debt": str(first), "amount": "10"}]}
    accepted = sync(one, *(customer_payment(one, str(known.pk), "10", paid_at=ago(hours=h), **chosen) for h in (2, 1)))
    assert [(answer["verdict"], codes(answer)) for answer in accepted] == [
        ("ACCEPTED", []),
        ("ACCEPTED_WITH_EXCEPTION", ["debt_overpaid"]),
    ]
    assert debts(one, known) == [(10, 10), (10, 10)]
    too_much = customer_payment(one, str(known.pk), "1", debts=[{"debt": str(second), "amount": "5"}])
    assert codes(sync(one, too_much)[0]) == ["debt_overpaid"]
    assert balance(one, known) == ("0.00", "1.00")
    assert problems(one) == []


def test_s38_a_debt_that_was_paid_before_the_z_comes_as_an_addendum(one):
    """S38."""
    known, shift = add_customer(one), start(one, opened_at=ago(hours=5))
    sold(owe(one, known))
    ok(close(one, shift, ("50", 1), closed_at=ago(hours=1)))
    z, later = report(one, shift, "z"), start(one, "0")
    kept = sale(one, sold_at=ago(hours=2), shift=shift["id"], customer=str(known.pk), keep_change=True)
    kept["content"]["payments"] = paid(CASH="11")
    by_cash = customer_payment(one, str(known.pk), "4", paid_at=ago(hours=2), shift=shift["id"])
    by_card = customer_payment(one, str(known.pk), "6", "CARD", paid_at=ago(hours=2), shift=shift["id"])
    assert {answer["verdict"] for answer in sync(one, by_cash, by_card, kept)} == {"ACCEPTED"}
    after = report(one, shift, "z")
    addenda = {each["id"]: each for each in after.pop("addenda")}
    assert {**after, "addenda": []} == z
    told = {pk: (each["kind"], each["cash"], each["receipt_number"], each["total"]) for pk, each in addenda.items()}
    assert told == {
        kept["id"]: ("SALE", "11.00", "R1-000002", "10.00"),
        by_cash["id"]: ("CUSTOMER_PAYMENT", "4.00", None, None),
        by_card["id"]: ("CUSTOMER_PAYMENT", "0.00", None, None),
    }
    assert datetime.fromisoformat(addenda[by_cash["id"]]["occurred_at"]).isoformat() == by_cash["content"]["paid_at"]
    assert report(one, later, "x")["expected"] == "0.00"
    assert balance(one, known) == ("0.00", "1.00")
    assert problems(one) == []


def test_who_owes_is_known_in_the_same_batch_and_a_stranger_is_unknown(one, stranger):
    known, theirs = customer(), add_customer(stranger)
    answers = sync(one, customer_payment(one, known["id"], "5"), known, customer_payment(one, str(theirs.pk), "5"))
    assert verdicts(answers) == [
        ("customer", "ACCEPTED"),
        ("customer_payment", "ACCEPTED"),
        ("customer_payment", "REJECTED"),
    ]
    assert (fields_of(answers[2]), answers[2]["is_final"]) == ([("customer", "does_not_exist")], False)
    assert balance(stranger, theirs) == ("0.00", "0.00")
    assert problems(one) == []


@pytest.mark.parametrize(
    ("payments", "field"),
    [
        (paid(CASH="0"), "payments.0.amount"),
        (paid(CASH="-1"), "payments.0.amount"),
        (paid(CASH="0.001"), "payments.0.amount"),
        (paid(CASH="1e99"), "payments.0.amount"),
        (paid(WALLET="5"), "payments.0.method"),
        (paid(CASH="1", CARD="1"), "payments"),
        ([], "payments"),
    ],
)
def test_what_is_no_payment_is_kept_to_be_looked_at_and_changes_nothing(one, payments, field):
    known = add_customer(one)
    sold(owe(one, known))
    item = customer_payment(one, str(known.pk), "1")
    item["content"]["payments"] = payments
    [answer] = sync(one, item)
    assert (answer["verdict"], fields_of(answer)[0][0]) == ("REJECTED", field)
    assert (balance(one, known), len(entries(one, known))) == (("10.00", "0.00"), 1)
