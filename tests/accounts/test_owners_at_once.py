"""S14: however many owners go at the same instant, one stays."""

from functools import partial
from threading import Barrier

import pytest

from accounts import services
from accounts.services import members
from tests.accounts.people import hire, roles_of, seat_of
from tests.accounts.tills import AUTH, told
from tests.conftest import open_shop
from tests.races import at_once, meeting_before

pytestmark = pytest.mark.usefixtures("committed")


def owners(shop):
    return sum(role == "OWNER" and is_active for role, is_active in roles_of(shop).values())


def demote(client, member):
    return told(client.patch(seat_of(member), {"role": "ADMIN"}))


def close(client, member):
    return told(client.post(f"{seat_of(member)}deactivate/"))


def leave(client, member):
    return told(client.post(f"{AUTH}leave/"))


@pytest.mark.parametrize("act", [demote, close, leave])
def test_s14_two_owners_who_put_each_other_out_at_the_same_instant_leave_one(act):
    """S14."""
    shop = open_shop("Ama Provisions")
    other = hire(shop, "OWNER")
    clients = shop.client(shop.owner), shop.client(other)
    aims = (shop.owner, other) if act is leave else (other, shop.owner)
    outcomes = at_once([partial(act, client, aim) for client, aim in zip(clients, aims, strict=True)])
    assert owners(shop) == 1
    assert sum(status < 300 for status, _ in outcomes) == 1
    (refused,) = [outcome for outcome in outcomes if outcome[0] >= 300]
    # Second in the queue: no longer an owner, out while waiting, out already, or the last.
    assert refused in [
        (403, "capability_missing"),
        (403, "no_business"),
        (401, "credential_invalid"),
        (409, "last_owner"),
    ]


def test_s14_of_four_owners_who_leave_at_once_one_stays():
    """S14."""
    shop = open_shop("Ama Provisions")
    everyone = [shop.owner, *(hire(shop, "OWNER", name) for name in ("Yaa", "Esi", "Adwoa"))]
    outcomes = at_once([partial(leave, shop.client(each), each) for each in everyone])
    assert sorted(outcomes, key=str) == [(204, None)] * 3 + [(409, "last_owner")]
    assert owners(shop) == 1


def test_s14_control_without_the_lock_on_the_account_nobody_is_left(monkeypatch):
    """S14."""
    shop = open_shop("Ama Provisions")
    other = hire(shop, "OWNER")
    monkeypatch.setattr(members, "lock_account", lambda _: None)
    both_have_counted = Barrier(2)

    def go(member):
        with shop.inside(), meeting_before('UPDATE "business_memberships"', both_have_counted):
            services.leave_business(by=member)
        return "left"

    assert at_once([partial(go, shop.owner), partial(go, other)]) == ["left", "left"]
    assert owners(shop) == 0
