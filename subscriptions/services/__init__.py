"""The writers of subscriptions: what is held, what is paid for it, and what it covers."""

from subscriptions.services.exporting import start_export
from subscriptions.services.holding import (
    cancel_subscription,
    choose_next_plan,
    renew_subscription,
    resume_subscription,
    start_trial,
    suspend_subscription,
    unsuspend_subscription,
)
from subscriptions.services.limits import check_limit, find_room
from subscriptions.services.payments import make_offer, start_subscription_payment, verify_subscription_payment
from subscriptions.services.reminders import remind_and_grant, remind_business
from subscriptions.services.settling import receive_subscription_payment, take_back_subscription_payment

__all__ = [
    "cancel_subscription",
    "check_limit",
    "choose_next_plan",
    "find_room",
    "make_offer",
    "receive_subscription_payment",
    "remind_and_grant",
    "remind_business",
    "renew_subscription",
    "resume_subscription",
    "start_export",
    "start_subscription_payment",
    "start_trial",
    "suspend_subscription",
    "take_back_subscription_payment",
    "unsuspend_subscription",
    "verify_subscription_payment",
]
