"""What the people of a business are told of their subscription."""

from datetime import date
from typing import NamedTuple

from accounts.models import Account, Membership
from core.amounts import currency_exponent, show_money
from subscriptions.models import Invoice, Subscription, SubscriptionPayment
from system import services as system

PAYMENT, REMINDER = "subscription.payment", "subscription.reminder"  # NOTIFICATIONS says who is told


class Reminder(NamedTuple):
    """What is to be said while so many days are left, from `most` down to `least`; negative ones are days of grace."""

    name: str
    most: int
    least: int
    title: str


# One at a time: who was not told of the one before, because no worker ran, is told the one that is true today.
REMINDERS = (
    Reminder("7 days", 7, 4, "Your subscription ends soon"),
    Reminder("3 days", 3, 2, "Your subscription ends in a few days"),
    Reminder("1 day", 1, 0, "Your subscription is about to end"),
    Reminder("ended", -1, -3, "Your subscription has ended"),
    Reminder("grace", -4, -7, "Your days of grace are running out"),
)


def find_reminder(days_left: int) -> Reminder | None:
    return next((each for each in REMINDERS if each.least <= days_left <= each.most), None)


def remind(*, account: Account, held: Subscription, today: date) -> int:
    """Tell who may pay, once for each reminder of what is paid for; how many were told."""
    reminder = find_reminder((held.ends_on - today).days)
    if reminder is None:
        return 0
    return system.notify(
        account=account,
        kind=REMINDER,
        key=f"{held.ends_on} {reminder.name}",
        title=reminder.title,
        text=_sentence(held, today),
    )


def tell_of_payment(*, by: Membership, payment: SubscriptionPayment, held: Subscription, paper: Invoice) -> None:
    system.notify(
        account=by.account,
        kind=PAYMENT,
        key=str(paper.pk),
        title="Your payment has come",
        text=f"{_money(payment)} paid for {payment.plan} until {held.ends_on}. Invoice {paper.number}.",
        by=by,
    )


def tell_of_refusal(*, by: Membership, payment: SubscriptionPayment) -> None:
    system.notify(
        account=by.account,
        kind=PAYMENT,
        key=f"{payment.pk} not used",
        title="Your payment was not used",
        text=f"{_money(payment)} for {payment.plan} came when it could not be used any more, for another plan had been"
        " paid for, or the days were over. It will be sent back to whoever paid.",
        by=by,
    )


def tell_of_taking_back(*, by: Membership, payment: SubscriptionPayment, held: Subscription, paper: Invoice) -> None:
    system.notify(
        account=by.account,
        kind=PAYMENT,
        key=str(paper.pk),
        title="Your payment went back",
        text=f"{_money(payment)} went back to whoever paid, so you have {held.plan_today} until {held.ends_on}."
        f" Credit note {paper.number}.",
        by=by,
    )


def _sentence(held: Subscription, today: date) -> str:
    if today <= held.ends_on:
        return f"{held.plan_on(today)} is paid for until {held.ends_on}. Pay for the next period to go on selling."
    return (
        f"{held.plan_on(today)} was paid for until {held.ends_on}. Until {held.grace_ends_on} you can look at it all"
        " and close the shifts that are open. Pay to go on selling."
    )


def _money(payment: SubscriptionPayment) -> str:
    return f"{show_money(payment.total, currency_exponent(payment.currency))} {payment.currency}"
