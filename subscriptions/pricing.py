"""What a plan costs: the tier of its storefronts, the taxes of the day one upon another, and the gateway's fee."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.amounts import ZERO, currency_exponent, round_money, show_money
from core.dated import in_force_on
from subscriptions.errors import PlanNotSold
from subscriptions.models import ServiceCharge, SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration


@dataclass(frozen=True)
class Tariff:
    """A plan with all that its price depends on."""

    plan: SubscriptionPlan
    tiers: Sequence[SubscriptionPricingTier]
    taxes: Sequence[TaxConfiguration]
    charges: Sequence[ServiceCharge]

    @property
    def exponent(self) -> int:
        return currency_exponent(self.plan.currency)


@dataclass(frozen=True)
class TaxLine:
    code: str
    name: str
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Quote:
    """A price in its parts, each rounded once; they sum to the total."""

    plan: SubscriptionPlan
    cycle: str
    storefronts: int
    base: Decimal
    extra: Decimal  # for the storefronts beyond those that the tier begins with
    credit: Decimal  # what was paid for the same days before
    taxes: tuple[TaxLine, ...]
    fee: Decimal

    @property
    def currency(self) -> str:
        return self.plan.currency

    @property
    def net(self) -> Decimal:
        return self.base + self.extra - self.credit

    @property
    def tax_total(self) -> Decimal:
        return sum((tax.amount for tax in self.taxes), ZERO)

    @property
    def total(self) -> Decimal:
        return self.net + self.tax_total + self.fee

    @property
    def shown_taxes(self) -> list[dict[str, str]]:
        exponent = currency_exponent(self.currency)
        return [
            {"code": tax.code, "name": tax.name, "rate": f"{tax.rate:.4f}", "amount": show_money(tax.amount, exponent)}
            for tax in self.taxes
        ]


def read_tariff(plan: SubscriptionPlan, *, country: str) -> Tariff:
    """What a business of this country pays for the plan, whenever it does, in three statements."""
    return Tariff(
        plan=plan,
        tiers=tuple(plan.tiers.order_by("cycle", "min_storefronts")),
        taxes=tuple(TaxConfiguration.objects.filter(country=country)),
        charges=tuple(ServiceCharge.objects.filter(currency=plan.currency)),
    )


def quote(tariff: Tariff, *, storefronts: int, day: date, gateway: str, cycle: str) -> Quote:
    """The price of one cycle. A business without a storefront pays as with one.

    Raises PlanNotSold where the plan has no tier for so many storefronts in this cycle.
    """
    base, extra = price_of(tariff, storefronts=storefronts, cycle=cycle)
    return with_charges(
        tariff, storefronts=storefronts, day=day, gateway=gateway, cycle=cycle, base=base, extra=extra, credit=ZERO
    )


def price_of(tariff: Tariff, *, storefronts: int, cycle: str) -> tuple[Decimal, Decimal]:
    """The tier's price, and that of the storefronts beyond its first. Raises PlanNotSold."""
    count = max(storefronts, 1)
    tier = next((tier for tier in tariff.tiers if tier.cycle == cycle and tier.holds(count)), None)
    if tier is None:
        raise PlanNotSold(plan=tariff.plan.code, cycle=cycle, storefronts=count)
    extra = tier.per_extra * (count - tier.min_storefronts)
    return round_money(tier.base, tariff.exponent), round_money(extra, tariff.exponent)


def with_charges(
    tariff: Tariff,
    *,
    storefronts: int,
    day: date,
    gateway: str,
    cycle: str,
    base: Decimal,
    extra: Decimal,
    credit: Decimal,
) -> Quote:
    """The quote of these amounts, with the taxes and the fee that are in force on the day."""
    net = base + extra - credit
    in_force = in_force_on(day, tariff.taxes, kind=lambda tax: tax.code)
    taxes = tuple(_stack(net, in_force.values(), tariff.exponent))
    taxed = net + sum((tax.amount for tax in taxes), ZERO)
    charge = in_force_on(day, tariff.charges, kind=lambda row: row.gateway).get(gateway)
    fee = round_money(taxed * charge.rate + charge.fixed, tariff.exponent) if charge and taxed else ZERO
    return Quote(tariff.plan, cycle, max(storefronts, 1), base, extra, credit, taxes, fee)


def _stack(net: Decimal, taxes: Iterable[TaxConfiguration], exponent: int) -> Iterable[TaxLine]:
    above = ZERO
    for tax in sorted(taxes, key=lambda tax: (tax.position, tax.code)):
        amount = round_money((net + above if tax.compounds else net) * tax.rate, exponent)
        above += amount
        yield TaxLine(tax.code, tax.name, tax.rate, amount)
