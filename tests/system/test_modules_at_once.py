"""The first look at the switches makes their one row, whoever looks. The control is without the rule beneath."""

import threading

from system import services
from tests.races import at_once, count_of, meeting_before, without

READERS = 4


def look_all_at_once(shop):
    """Everybody finds no row, and makes one."""
    barrier = threading.Barrier(READERS)

    def look():
        with shop.inside():
            account = shop.account.__class__.across_accounts.get()
            by = account.memberships.get(pk=shop.owner.pk)
            by.account = account
            with meeting_before("INSERT", barrier):
                return services.open_module_settings(by=by).pk

    return at_once([look] * READERS)


def rows(shop):
    with shop.inside():
        return list(shop.account.module_settings.__class__.across_accounts.values_list("pk", flat=True))


def test_all_who_ask_first_are_shown_the_same_row(busy):
    found = look_all_at_once(busy)
    assert rows(busy) == [found[0]]
    assert found == [found[0]] * READERS


def test_without_the_rule_there_would_be_a_row_for_each(busy):
    with without("account_module_settings_account_id_key"):
        found = look_all_at_once(busy)
        assert len(set(found)) == READERS
        assert count_of(found, Exception) == 0
