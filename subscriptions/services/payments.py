"""To pay for a plan: the server reckons the price, and leaves the rest to the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from accounts.models import Membership
from billing import services as billing
from billing.models import OPEN
from core import errors
from core.amounts import ZERO, prorate
from subscriptions import pricing
from subscriptions.checker import SubscriptionChecker
from subscriptions.errors import PlanComesLater, PlanTaken
from subscriptions.models import Cycle, PaymentKind, Subscription, SubscriptionPayment, SubscriptionPlan
from subscriptions.policy import Resource
from subscriptions.pricing import Quote, Tariff
from subscriptions.queries import count_used
from subscriptions.services import limits, plans
from subscriptions.services.locking import lock_subscription

PURPOSE = "subscription"
_NO_PLAN = errors.FieldError("plan", "required", "There is none yet: say which.")


@dataclass(frozen=True)
class Offer:
    """What a payment would be for, and cost."""

    kind: PaymentKind
    quote: Quote
    replaces: SubscriptionPlan | None = None
    days: tuple[date | None, date | None] = (None, None)  # for which a larger plan is paid


def start_subscription_payment(
    *,
    by: Membership,
    gateway: str,
    plan: str | None = None,
    cycle: str | None = None,
    return_url: str = "",
    id: UUID | None = None,  # noqa: A002 - the client's own id
) -> SubscriptionPayment:
    """Have a page made on which it is paid: one cycle more, or at once a larger plan for the days that are paid for.

    Without a plan it is the one with which the subscription goes on. Several payments may be open at once, and each
    that is paid grants its own cycle; of upgrades the last one counts, and those before are cancelled. Raises
    InvalidInput for a plan that is not offered, PlanNotSold, PlanComesLater, PlanTaken, LimitReached,
    GatewayNotConfigured.
    """
    waiting = _lock_open_upgrades(by)
    lock_subscription(account=by.account)
    offer = make_offer(by=by, gateway=gateway, plan=plan, cycle=cycle)
    if offer.kind == PaymentKind.UPGRADE:
        for attempt in waiting:
            billing.cancel_payment(by=by, attempt=attempt)
    payment = _reckoned(by, offer, id or uuid7())
    payment.starts_on, payment.ends_on = offer.days
    payment.attempt = billing.start_payment(
        by=by,
        id=payment.pk,
        gateway=gateway,
        purpose=PURPOSE,
        subject_id=payment.pk,
        amount=payment.total,
        currency=payment.currency,
        payer_email=_email_of(by),
        return_url=return_url,
    )
    payment.save(force_insert=True)
    return payment


def verify_subscription_payment(*, by: Membership, payment: SubscriptionPayment) -> SubscriptionPayment:
    """Have the gateway asked as soon as a worker is free, as when the payer is back from its page."""
    attempt = by.account.payment_attempts.locked().get(pk=payment.attempt_id)
    payment.attempt = billing.check_payment(by=by, attempt=attempt)
    return payment


def make_offer(*, by: Membership, gateway: str = "", plan: str | None = None, cycle: str | None = None) -> Offer:
    """What is to be paid now, with the storefronts that there are, and the taxes and fees of today.

    Raises what `start_subscription_payment` raises, but for the gateway.
    """
    held = SubscriptionChecker(by.account).held
    today = by.account.today
    wanted = _wanted(held, plan)
    if held is None or wanted != held.plan_on(today):
        limits.refuse_smaller(by=by, plan=wanted)
    tariff = pricing.read_tariff(wanted, country=by.account.country)
    storefronts = count_used(by.account, Resource.STOREFRONTS)
    if held is None or held.is_trial or today > held.ends_on or wanted == held.last_plan:
        chosen = cycle or (held.cycle if held else Cycle.MONTHLY)
        priced = pricing.quote(tariff, storefronts=storefronts, day=today, gateway=gateway, cycle=chosen)
        return Offer(PaymentKind.RENEWAL, priced)
    if wanted == held.plan_on(today):
        raise PlanTaken(plan=held.last_plan.code, next_from=str(held.next_from))
    return _upgrade(by, held, tariff, storefronts, gateway)


def _wanted(held: Subscription | None, plan: str | None) -> SubscriptionPlan:
    if plan is not None:
        return plans.find_plan(code=plan, kept=held.last_plan if held else None)
    if held is None:
        raise errors.InvalidInput(errors=[_NO_PLAN])
    return held.last_plan


def _upgrade(by: Membership, held: Subscription, tariff: Tariff, storefronts: int, gateway: str) -> Offer:
    """The larger plan for the days from today that are paid for, less what was paid for them. Raises PlanComesLater.

    Days that were given keep the plan with which they were.
    """
    today, base, extra, credit = held.today, ZERO, ZERO, ZERO
    paid = list(by.account.subscription_payments.granted().filter(ends_on__gte=today))
    if not paid or any(payment.currency != tariff.plan.currency for payment in paid):
        raise PlanComesLater(ends_on=held.ends_on.isoformat())
    for payment in paid:
        whole = (payment.ends_on - payment.starts_on).days + 1
        part = (payment.ends_on - max(payment.starts_on, today)).days + 1
        credit += prorate(payment.net, part, whole, tariff.exponent)
        if payment.kind == PaymentKind.RENEWAL:
            prices = pricing.price_of(tariff, storefronts=storefronts, cycle=payment.cycle)
            base += prorate(prices[0], part, whole, tariff.exponent)
            extra += prorate(prices[1], part, whole, tariff.exponent)
    if base + extra <= credit:
        raise PlanComesLater(ends_on=held.ends_on.isoformat())
    priced = pricing.with_charges(
        tariff,
        storefronts=storefronts,
        day=today,
        gateway=gateway,
        cycle=held.cycle,
        base=base,
        extra=extra,
        credit=credit,
    )
    first = max(today, min(payment.starts_on for payment in paid))
    last = max(payment.ends_on for payment in paid)
    return Offer(PaymentKind.UPGRADE, priced, held.plan_on(first), (first, last))


def _lock_open_upgrades(by: Membership) -> Sequence[Any]:
    """The attempts of upgrades that may still be paid, locked: before the subscription, in the order of locks."""
    waiting = by.account.subscription_payments.filter(kind=PaymentKind.UPGRADE, attempt__state__in=OPEN)
    ids = list(waiting.values_list("attempt_id", flat=True))
    rows = by.account.payment_attempts.filter(pk__in=ids).locked() if ids else ()
    return [attempt for attempt in rows if attempt.is_open]


def _reckoned(by: Membership, offer: Offer, key: UUID) -> SubscriptionPayment:
    quote = offer.quote
    return SubscriptionPayment(
        id=key,
        account_id=by.account_id,
        kind=offer.kind,
        plan=quote.plan,
        replaces=offer.replaces,
        cycle=quote.cycle,
        storefronts=quote.storefronts,
        currency=quote.currency,
        base=quote.base,
        extra=quote.extra,
        credit=quote.credit,
        taxes=quote.shown_taxes,
        tax_total=quote.tax_total,
        fee=quote.fee,
        total=quote.total,
    )


def _email_of(by: Membership) -> str:
    person = by.user or by.staff
    return person.email if person else ""
