"""A business with a second place, and people who work at one of them."""

from dataclasses import replace

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Role
from inventory import services as inventory
from inventory.models import Location
from sales import services as sales
from tests.conftest import PASSWORD, Shop, receive

PIN = "83619274"


def add_place(shop: Shop, name: str = "Kumasi") -> Shop:
    """The same business, seen from another storefront, which has a register, and 50 of every product."""
    with shop.inside():
        storefront = inventory.add_location(by=shop.owner, kind="STOREFRONT", name=name)
        register = sales.add_register(by=shop.owner, storefront=storefront, code=name[:3].upper(), name="Till")
        there = replace(shop, storefront=storefront, register=register)
        receive(there, "50")
    return there


def add_member(shop: Shop, role: Role, *places: Location, name: str = "Yaa", is_limited: bool = False) -> Membership:
    """One more person, limited to the places if there are any or it is said so."""
    with shop.inside():
        member = accounts.add_member(
            account=shop.account, name=name, email=f"{name.lower()}@x.example", password=PASSWORD, role=role
        )
    return limit(shop, member, *places) if places or is_limited else member


def limit(shop: Shop, member: Membership, *places: Location) -> Membership:
    """Let a member work at these places only; the member as a request has them."""
    with shop.inside():
        locked = shop.account.memberships.locked().get(pk=member.pk)
        accounts.change_member(by=shop.owner, member=locked, locations=[place.pk for place in places])
    member.is_limited, member.location_ids = True, frozenset(place.pk for place in places)
    return member


def give_pin(shop: Shop, member: Membership, pin: str = PIN) -> Membership:
    with shop.inside():
        accounts.change_pin(by=member, password=PASSWORD, pin=pin)
    return member


def approved_by(member: Membership, pin: str = PIN) -> dict[str, str]:
    """The headers by which somebody approves a write."""
    return {"HTTP_X_APPROVER": str(member.pk), "HTTP_X_APPROVER_PIN": pin}
