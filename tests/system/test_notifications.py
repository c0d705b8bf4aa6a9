"""Notices: each member who holds the right is told once, in the app and by mail, and only of what is theirs to know."""

import threading
from functools import partial

import pytest
from django.db import transaction
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.roles import Role
from system import services as system
from system.models import Notification
from tests.conftest import open_shop
from tests.places import add_member, add_place
from tests.races import at_once, meeting_before, without

NOTIFICATIONS = "/api/v1/system/notifications/"
KIND = "till.unmatched"


def tell(shop, key="1", *, kind=KIND, **more):
    with shop.inside():
        return system.notify(account=shop.account, kind=kind, key=key, title="Money", text="It waits.", **more)


def listed(shop, member=None, query=""):
    answer = shop.client(member).get(NOTIFICATIONS + query)
    assert answer.status_code == 200, answer.content
    return [row["about"] for row in answer.json()["results"]]


def unread(shop, member=None):
    return shop.client(member).get(f"{NOTIFICATIONS}unread/").json()["data"]["unread"]


def test_who_holds_the_right_is_told_in_the_app_and_by_mail_and_nobody_else(committed, mailoutbox):
    shop, stranger = open_shop("Ama Provisions"), open_shop("Stranger Stores")
    manager, gone = add_member(shop, Role.MANAGER, name="Yaa"), add_member(shop, Role.MANAGER, name="Efua")
    with shop.inside():
        accounts.deactivate_member(by=shop.owner, member=shop.account.memberships.locked().get(pk=gone.pk))
    assert tell(shop, by=shop.cashier) == 2
    assert [listed(shop), listed(shop, manager), listed(shop, shop.cashier)] == [["1"], ["1"], []]
    assert listed(stranger) == []
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted([shop.owner.user.email, manager.user.email])
    assert {mail.subject for mail in mailoutbox} == {"Money"}
    assert all("It waits." in mail.body and shop.account.name in mail.body for mail in mailoutbox)


def test_the_same_key_of_a_kind_tells_nobody_twice_also_not_who_came_later(committed, mailoutbox):
    shop = open_shop("Ama Provisions")
    assert tell(shop) == 1
    late = add_member(shop, Role.MANAGER, name="Yaa")
    assert tell(shop) == 0
    assert tell(shop, kind="till.paid_late") == 2
    assert tell(shop, "2") == 2
    assert listed(shop, late) == ["2", "1"]
    assert len(mailoutbox) == 5


def test_what_is_undone_was_told_to_nobody(committed, mailoutbox):
    shop = open_shop("Ama Provisions")
    with transaction.atomic():
        assert tell(shop) == 1
        transaction.set_rollback(True)
    assert listed(shop) == []
    assert mailoutbox == []
    assert tell(shop) == 1


def test_eight_at_once_tell_each_member_once(committed, mailoutbox):
    shop = open_shop("Ama Provisions")
    add_member(shop, Role.MANAGER, name="Yaa")
    told = at_once([partial(tell, shop)] * 8)
    assert sorted(told) == [0] * 7 + [2]
    assert len(mailoutbox) == 2


def test_without_the_rule_some_are_told_twice(committed):
    """The control of the race."""
    shop = open_shop("Ama Provisions")

    barrier = threading.Barrier(2)

    def tell_together():
        with meeting_before('INSERT INTO "notifications"', barrier):
            return tell(shop)

    with without("told_once"):
        assert at_once([tell_together] * 2) == [1, 1]


def test_a_member_who_works_elsewhere_is_told_nothing_of_a_place(shop):
    there = add_place(shop)
    here = add_member(shop, Role.MANAGER, shop.storefront, name="Yaa")
    both = add_member(shop, Role.MANAGER, shop.storefront, there.storefront, name="Efua")
    assert tell(shop, "there", places=[there.storefront.pk]) == 2
    assert tell(shop, "both", places=[there.storefront.pk, shop.storefront.pk]) == 3
    assert tell(shop, "nowhere", places=[]) == 1
    assert tell(shop, "all") == 3
    assert listed(shop, here) == ["all", "both"]
    assert listed(shop, both) == ["all", "both", "there"]
    assert listed(shop) == ["all", "nowhere", "both", "there"]


def test_a_notice_is_read_once_and_all_the_others_at_once(shop):
    for key in ("1", "2", "3"):
        tell(shop, key)
    manager = add_member(shop, Role.MANAGER, name="Yaa")
    tell(shop, "4")
    assert unread(shop) == 4
    with shop.inside():
        pk = shop.account.notifications.get(member=shop.owner, key="2").pk
    first = shop.client().post(f"{NOTIFICATIONS}{pk}/read/").json()["data"]
    again = shop.client().post(f"{NOTIFICATIONS}{pk}/read/").json()["data"]
    assert first["read_at"] is not None
    assert again == first
    assert (unread(shop), listed(shop, query="?is_read=true"), listed(shop, query="?is_read=false")) == (
        3,
        ["2"],
        ["4", "3", "1"],
    )
    assert shop.client().post(f"{NOTIFICATIONS}read-all/").status_code == 204
    assert (unread(shop), unread(shop, manager)) == (0, 1)
    assert shop.client().get(f"{NOTIFICATIONS}{pk}/").json()["data"] == first


def test_nobody_reads_or_sees_what_a_colleague_was_told(shop):
    tell(shop)
    manager = add_member(shop, Role.MANAGER, name="Yaa")
    with shop.inside():
        pk = shop.account.notifications.get().pk
    for method, path in (("get", ""), ("post", "read/")):
        for member in (manager, shop.cashier):
            refused = getattr(shop.client(member), method)(f"{NOTIFICATIONS}{pk}/{path}")
            assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert unread(shop) == 1


def test_who_has_lost_the_right_is_shown_nothing_more_of_its_kind(shop):
    manager = add_member(shop, Role.MANAGER, name="Yaa")
    tell(shop)
    with shop.inside():
        locked = shop.account.memberships.locked().get(pk=manager.pk)
        accounts.change_member(by=shop.owner, member=locked, role=Role.CASHIER)
    assert (listed(shop, manager), unread(shop, manager)) == ([], 0)


def test_a_kind_that_nobody_declared_is_a_mistake_of_ours(shop):
    with pytest.raises(KeyError):
        tell(shop, kind="till.nonsense")
    with shop.inside():
        assert not Notification.across_accounts.filter(account=shop.account).exists()


def test_a_filter_that_is_none_is_refused(shop):
    for query, code in (("?is_read=perhaps", "invalid_input"), ("?nonsense=1", "unknown_parameter")):
        refused = shop.client().get(NOTIFICATIONS + query)
        assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert shop.client().get(f"{NOTIFICATIONS}?cursor={uuid7()}").status_code == 200
