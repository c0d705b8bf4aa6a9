"""What the platform tells everybody: written by its own staff alone, in nobody's name."""

from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connections, transaction
from django.db.models import QuerySet

from system import services as system
from tests.conftest import open_shop
from tests.races import one_behind_another
from tests.test_access import platform_staff, with_headers

SYSTEM = "/api/v1/system/settings/system/"
UNREAD = "/api/v1/system/notifications/unread/"


@pytest.fixture
def platform(committed):
    """The headers of the platform's staff, by role. What they wrote is gone afterwards."""
    yield platform_staff()
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM platform_settings")


def told(client):
    answer = client.get(SYSTEM)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def test_what_staff_write_every_till_is_told_and_every_mail_ends_with(platform, mailoutbox):
    shop, operator = open_shop("Ama Provisions"), with_headers(platform["OPERATOR"])
    assert told(operator) == {"maintenance_notice": "", "mail_footer": "", "version": 1}
    assert shop.client().get(UNREAD).json()["data"]["maintenance"] == ""
    changed = operator.patch(SYSTEM, {"maintenance_notice": "Tonight at ten", "mail_footer": "Makola, Accra"})
    assert changed.status_code == 200, changed.content
    assert operator.patch(SYSTEM, {"maintenance_notice": "Tonight at eleven"}).status_code == 200
    assert told(with_headers(platform["SUPPORT"])) == {
        "maintenance_notice": "Tonight at eleven",
        "mail_footer": "Makola, Accra",
        "version": 3,
    }
    for client in (shop.client(), shop.client(shop.cashier)):
        assert client.get(UNREAD).json()["data"]["maintenance"] == "Tonight at eleven"
    with shop.inside():
        system.notify(account=shop.account, kind="till.unmatched", key="1", title="Money", text="It waits.")
    assert mailoutbox[0].body.endswith("\n\nMakola, Accra\n")


def test_who_changed_it_is_in_the_platforms_history(platform):
    operator = with_headers(platform["OPERATOR"])
    operator.patch(SYSTEM, {"maintenance_notice": "Tonight"})
    operator.patch(SYSTEM, {"maintenance_notice": "Tonight"})
    with connections["staff"].cursor() as cursor:
        cursor.execute("SELECT before, after FROM audit_events WHERE action = 'platformsettings.changed'")
        assert [str(row) for row in cursor.fetchall()] == [
            """('{"maintenance_notice": ""}', '{"maintenance_notice": "Tonight"}')"""
        ]


@pytest.mark.parametrize(
    "body", [{"grace_days": 9}, {"version": 7}, {"mail_footer": "x" * 501}, {"mail_footer": None}, []]
)
def test_what_is_no_such_setting_changes_nothing(platform, body):
    operator = with_headers(platform["OPERATOR"])
    refused = operator.patch(SYSTEM, body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input"), refused.content
    assert told(operator) == {"maintenance_notice": "", "mail_footer": "", "version": 1}


def test_of_two_operators_who_read_the_same_the_second_does_not_overwrite_the_first(platform):
    one, other = with_headers(platform["OPERATOR"]), with_headers(platform["OPERATOR"])
    tag = other.get(SYSTEM)["ETag"]
    changed = one.patch(SYSTEM, {"maintenance_notice": "Tonight"}, HTTP_IF_MATCH=one.get(SYSTEM)["ETag"])
    assert (changed.status_code, changed["ETag"]) == (200, '"2"'), changed.content
    late = other.patch(SYSTEM, {"maintenance_notice": ""}, HTTP_IF_MATCH=tag)
    assert (late.status_code, late.json()["code"]) == (412, "stale_version")
    now = {"maintenance_notice": "Tonight", "mail_footer": "", "version": 2}
    assert late.json()["meta"]["current"] == told(other) == now
    for tag in ('W/"2"', "*", '"1", "4"'):
        again = other.patch(SYSTEM, {"mail_footer": f"After {tag}"}, HTTP_IF_MATCH=tag)
        assert again.status_code == 200, again.content


def both_change_what_they_read(platform):
    """Two who have read the same come to the row one behind another; what they are answered."""
    tag = with_headers(platform["OPERATOR"]).patch(SYSTEM, {"maintenance_notice": "Tonight"})["ETag"]

    def change(footer):
        client = with_headers(platform["OPERATOR"])
        return client.patch(SYSTEM, {"mail_footer": footer}, HTTP_IF_MATCH=tag).status_code

    with connections["owner"].cursor() as cursor:

        @contextmanager
        def held():
            with transaction.atomic(using="owner"):
                cursor.execute("SELECT FROM platform_settings FOR UPDATE")
                yield

        return one_behind_another([partial(change, "Accra"), partial(change, "Kumasi")], held=held())


def test_of_two_who_change_at_once_what_they_read_one_is_told_so(platform):
    assert both_change_what_they_read(platform) == [200, 412]
    assert told(with_headers(platform["SUPPORT"]))["mail_footer"] == "Accra"


def test_without_the_lock_both_would_believe_that_theirs_is_said(platform, monkeypatch):
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
    assert both_change_what_they_read(platform) == [200, 200]


def test_nobody_else_reads_or_writes_it_nor_do_staff_in_a_businesss_name(platform):
    shop = open_shop("Ama Provisions")
    named = with_headers(platform["OPERATOR"], HTTP_X_ACCOUNT_ID=str(shop.id))
    support = with_headers(platform["SUPPORT"])
    for client, code in ((shop.client(), "capability_missing"), (named, "own_affair"), (support, "capability_missing")):
        refused = client.patch(SYSTEM, {"maintenance_notice": "Send money"})
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    assert told(support)["maintenance_notice"] == ""
