"""Those who change people wait for one another, and then act as who they are by then."""

from contextlib import contextmanager
from functools import partial
from threading import Barrier

import pytest

from accounts.models import Account, Membership
from core import tenancy
from tests.accounts.people import INVITATIONS, accept, hire, invite, leave, now, roles_of, seat_of
from tests.accounts.tills import told
from tests.conftest import open_shop
from tests.races import at_once, meeting_before, one_behind_another

pytestmark = pytest.mark.usefixtures("committed")


@contextmanager
def held(rows, shop):
    """Locked, until whoever comes meanwhile waits for them."""
    with shop.inside():
        assert list(rows(shop).select_for_update(no_key=True))
        yield


def business(shop):
    return Account.across_accounts.filter(pk=shop.id)


def offers(shop):
    return shop.account.invitations.all()


def change(client, member, body):
    return told(client.patch(seat_of(member), body))


def post(client, path):
    return told(client.post(path))


# --- Who loses the right while waiting --------------------------------------------------------------------------------


DEEDS = {
    "promote": lambda client, member: change(client, member, {"role": "ADMIN"}),
    "rename": lambda client, member: change(client, member, {"name": "Mine"}),
    "deactivate": lambda client, member: post(client, f"{seat_of(member)}deactivate/"),
    "hand over": lambda client, member: post(client, f"{seat_of(member)}hand-over/"),
    "take the PIN": lambda client, member: post(client, f"{seat_of(member)}remove-pin/"),
}


def at_the_last_moment(shop, other, loss, deed):
    """What one owner hears who takes the right from another, and what the other hears, who came right behind."""
    first = partial(loss, shop.client(shop.owner), other)
    second = partial(DEEDS[deed], shop.client(other), shop.cashier)
    return one_behind_another([first, second], held=held(business, shop))


def demote(client, member):
    return change(client, member, {"role": "CASHIER"})


def deactivate(client, member):
    return post(client, f"{seat_of(member)}deactivate/")


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize(
    ("loss", "refusal"), [(demote, (403, "capability_missing")), (deactivate, (403, "no_business"))]
)
def test_whoever_has_lost_the_right_while_waiting_does_nothing_with_it(loss, refusal, deed):
    shop = open_shop("Ama Provisions")
    other = hire(shop, "OWNER")
    assert at_the_last_moment(shop, other, loss, deed) == [(200, None), refusal]
    assert roles_of(shop)[shop.cashier.pk] == ("CASHIER", True)
    assert (now(shop, shop.cashier).name, now(shop, shop.cashier).version) == (shop.cashier.name, 1)
    assert now(shop, other).role in ("CASHIER", "OWNER")


@pytest.mark.parametrize("loss", [demote, deactivate])
def test_control_who_is_not_looked_at_again_does_it_all_the_same(loss, monkeypatch):
    monkeypatch.setattr(Membership, "refresh_from_db", lambda *_, **__: None)
    shop = open_shop("Ama Provisions")
    other = hire(shop, "OWNER")
    assert at_the_last_moment(shop, other, loss, "promote") == [(200, None)] * 2
    assert roles_of(shop)[shop.cashier.pk] == ("ADMIN", True)


# --- One invitation, two who decide about it --------------------------------------------------------------------------


def offer(shop):
    """The token of an invitation for a person without a seat, and its path."""
    leaver = open_shop("Stranger Stores")
    leave(leaver, leaver.cashier)
    token = invite(shop, leaver.cashier.user.email)
    with shop.inside():
        return token, f"{INVITATIONS}{shop.account.invitations.get().pk}/"


def seats_taken(shop):
    return len(roles_of(shop)) - 2


def state_of(shop, path):
    return shop.client().get(path).json()["data"]["state"]


def take(token):
    return told(accept(token))


@pytest.mark.parametrize("first", ["accept", "revoke"])
def test_s15_an_invitation_that_is_accepted_and_revoked_at_once_is_what_came_first(first):
    """S15."""
    shop = open_shop("Ama Provisions")
    token, path = offer(shop)
    deeds = [partial(take, token), partial(post, shop.client(), f"{path}revoke/")]
    wanted = [(201, None), (409, "invitation_closed")]
    if first == "revoke":
        deeds.reverse()
        wanted = [(200, None), (404, "invitation_unknown")]
    assert one_behind_another(deeds, held=held(offers, shop)) == wanted
    is_taken = first == "accept"
    assert (seats_taken(shop), state_of(shop, path)) == (is_taken, "ACCEPTED" if is_taken else "REVOKED")


def test_s15_control_without_the_lock_an_invitation_is_accepted_and_revoked(monkeypatch):
    """S15."""
    shop = open_shop("Ama Provisions")
    token, path = offer(shop)
    monkeypatch.setattr(tenancy.OwnedQuerySet, "locked", lambda rows: rows.order_by("pk"))
    both_have_read = Barrier(2)

    def run(deed):
        with meeting_before('UPDATE "invitations"', both_have_read):
            return deed()

    deeds = [partial(take, token), partial(post, shop.client(), f"{path}revoke/")]
    assert at_once([partial(run, deed) for deed in deeds]) == [(201, None), (200, None)]
    with shop.inside():
        invitation = shop.account.invitations.get()
    assert invitation.accepted_at
    assert invitation.revoked_at
