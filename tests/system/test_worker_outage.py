"""A worker whose connections to the database are cut, as by a restart of the server, goes on by itself."""

from core.provision import APP_ROLE
from tests import works
from tests.database import administrator

_CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = %s AND pid <> ALL(%s)"
)


def done(shop):
    """What the background does for the business now, once it is done."""
    with shop.inside():
        task = works.start(shop.owner)

    def is_done():
        with shop.inside():
            return shop.account.tasks.get(pk=task.pk).state == "DONE"

    works.wait_until(is_done)


def connected():
    with administrator() as admin:
        found = admin.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s", [APP_ROLE]).fetchall()
        return [pid for (pid,) in found]


def cut(but):
    """All that the worker has open, busy or idle; how many they were."""
    with administrator() as admin:
        return admin.execute(_CUT, [APP_ROLE, but]).fetchone()[0]


def test_s45_a_worker_whose_connections_are_cut_does_what_comes_next(busy):
    """S45."""
    ours = connected()
    with works.worker() as process:
        done(busy)
        assert cut(ours) > 0
        done(busy)
        assert process.poll() is None
