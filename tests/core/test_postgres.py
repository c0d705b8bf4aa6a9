"""The embedded server, with real ones in folders of their own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from core import binaries, postgres
from core.errors import ServerError
from core.postgres import EmbeddedServer

PROJECT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands PostgreSQL to another user")

ENSURE = "import sys, pathlib; from core.postgres import EmbeddedServer as E; " + (
    "server = E(pathlib.Path(sys.argv[1])); "
)


@contextmanager
def scratch():
    # Where a system user may go too; pytest's own folders are closed to all but ourselves.
    folder = Path(tempfile.mkdtemp(prefix="makola-test-", dir="/var/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def folder():
    with scratch() as made:
        yield made


@pytest.fixture
def server(folder):
    made = EmbeddedServer(folder)
    yield made
    made.stop()


def ask(server, question):
    with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
        return connection.execute(question).fetchone()[0]


def run(server, statement):
    with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
        connection.execute(statement)


def is_up(server):
    try:
        return ask(server, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def postmaster(server):
    return psutil.Process(int((server.cluster / "postmaster.pid").read_text().split()[0]))


def python(server, code, **options):
    command = [sys.executable, "-c", ENSURE + code, str(server.data)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=PROJECT, **pipes, **options)


@contextmanager
def another_user(server, **options):
    """A process that uses the server until it is told to leave."""
    code = "\nwith server.running(): print('in', flush=True); input()"
    with python(server, code, **options) as process:
        assert process.stdout.readline() == "in\n"
        try:
            yield process
        finally:
            process.kill()


def test_eight_processes_at_once_make_one_server(server):
    code = "server.ensure(); print(server.cluster.joinpath('postmaster.pid').read_text().split()[0])"
    callers = [python(server, code) for _ in range(8)]
    pids = {caller.communicate()[0] for caller in callers}
    assert pids == {f"{postmaster(server).pid}\n"}


def test_eight_threads_at_once_make_one_server(server):
    together = threading.Barrier(8)

    def start(_):
        together.wait()
        server.ensure()
        return postmaster(server).pid

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(start, range(8)))) == 1


def test_what_was_committed_survives_a_killed_server(server):
    server.ensure()
    run(server, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    with psycopg.connect(server.admin_dsn()) as open_connection:
        open_connection.execute("INSERT INTO kept VALUES (0)")
        postmaster(server).kill()
        server.ensure()
        assert ask(server, "SELECT count(*) FROM kept") == 1000
        with pytest.raises(psycopg.OperationalError):
            open_connection.commit()


def a_zombie():
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, but not yet reaped
    return process


@pytest.mark.parametrize("content", ["", "12", "\0\n", "no number\n", f"{10**30}\n", "-1\n"])
def test_a_garbled_pid_file_is_no_obstacle(server, content):
    server.ensure()
    server.stop()
    (server.cluster / "postmaster.pid").write_text(content)
    server.ensure()
    assert is_up(server)


def test_a_pid_file_that_names_a_zombie_is_no_obstacle(server):
    server.ensure()
    server.stop()
    with a_zombie() as zombie:
        (server.cluster / "postmaster.pid").write_text(f"{zombie.pid}\n{server.cluster}\n")
        server.ensure()
    assert is_up(server)


def test_a_recycled_pid_is_neither_an_obstacle_nor_stopped(server):
    server.ensure()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as innocent:
        (server.cluster / "postmaster.pid").write_text(f"{innocent.pid}\n{server.cluster}\n")
        server.ensure()
        server.stop()
        assert innocent.poll() is None
        innocent.kill()


def test_a_server_whose_pid_file_was_garbled_is_still_found_and_stopped(server):
    server.ensure()
    running = postmaster(server)
    (server.cluster / "postmaster.pid").write_text("garbage")
    server.stop()
    assert not running.is_running() or running.status() == psutil.STATUS_ZOMBIE


def test_a_first_start_that_was_killed_is_repaired_by_the_next(server):
    with python(server, "server.ensure()") as starting:
        while not any(server.data.glob("initdb-*/base")):
            assert starting.poll() is None
        starting.kill()
    server.ensure()
    assert is_up(server)


def test_what_a_killed_first_start_left_is_cleared_away(server):
    (server.data / "initdb-left" / "base").mkdir(parents=True)
    server.data.chmod(0o711)
    server.ensure()
    assert not any(server.data.glob("initdb-*"))


def test_a_cluster_of_another_major_version_is_refused_with_advice(server):
    server.ensure()
    server.stop()
    (server.cluster / "PG_VERSION").write_text("14\n")
    with pytest.raises(ServerError, match=r"of PostgreSQL 14, .* dump it .* MAKOLA_DATA"):
        server.ensure()


def test_the_last_user_to_leave_stops_it(server):
    with server.running():
        with server.running():
            assert is_up(server)
        assert is_up(server)
    assert not is_up(server)


def test_it_stays_up_while_another_process_uses_it(server):
    with another_user(server) as other:
        with server.running():
            pass
        assert is_up(server)
        other.communicate("leave\n")
        assert not is_up(server)


def test_a_killed_user_is_not_waited_for(server):
    with server.running():
        with another_user(server) as other:
            other.kill()
        assert is_up(server)
    assert not is_up(server)


def test_ctrl_c_in_the_terminal_that_started_it_does_not_reach_it(server):
    with python(server, "server.ensure(); print('in', flush=True); input()", process_group=0) as it:
        it.stdout.readline()
        os.killpg(it.pid, signal.SIGKILL)
    assert is_up(server)


def test_nobody_gets_in_without_a_password_but_the_superuser_by_who_they_are(server):
    server.ensure()
    rules = "SELECT array_agg((type, database, user_name, auth_method, options)::text ORDER BY {})"
    listed = ask(server, rules.format("line_number") + " FROM pg_hba_file_rules")
    assert listed == [
        "(local,{all},{postgres},peer,{map=makola})",
        "(local,{all},{all},scram-sha-256,)",
    ]
    assert ask(server, "SHOW listen_addresses") == ""


def test_a_role_needs_its_password_and_the_superuser_cannot_use_one(server):
    server.ensure()
    run(server, "CREATE ROLE clerk LOGIN PASSWORD 'right'")
    clerk = server.admin_dsn().replace("user=postgres", "user=clerk")
    psycopg.connect(clerk, password="right").close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(clerk, password="wrong")
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(clerk)


@as_root
def test_another_user_of_the_machine_is_not_the_superuser(server, monkeypatch):
    server.ensure()
    run(server, "ALTER ROLE postgres PASSWORD 'known'")
    psql = server._programs(postgres._server_account()) / "psql"
    refused = subprocess.run(
        [psql, "--no-password", f"{server.admin_dsn()} password=known", "--command=SELECT 1"],
        check=False,
        user=54321,
        group=54321,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert 'Peer authentication failed for user "postgres"' in refused.stderr


def test_it_is_durable_checked_and_the_same_everywhere(server):
    server.ensure()
    settings = ("fsync", "data_checksums", "server_encoding", "TimeZone", "max_connections")
    shown = [ask(server, f"SHOW {setting}") for setting in settings]
    assert shown == ["on", "on", "UTF8", "UTC", "200"]


def test_a_path_too_long_for_a_socket_gets_a_short_one(folder):
    folder.chmod(0o711)
    server = EmbeddedServer(folder / ("long" * 20) / ("path" * 20))
    try:
        server.ensure()
        assert is_up(server)
        assert server.socket_directory.parent == Path("/tmp")
    finally:
        server.stop()
        server.socket_directory.rmdir()


def test_a_folder_for_the_socket_that_is_not_ours_is_refused(folder):
    folder.chmod(0o711)
    server = EmbeddedServer(folder / ("long" * 20) / ("path" * 20))
    server.socket_directory.symlink_to(folder)
    try:
        with pytest.raises(ServerError, match="not a folder of ours"):
            server.ensure()
    finally:
        server.socket_directory.unlink()


def test_without_programs_the_sentence_says_where_they_were_sought(server, monkeypatch):
    monkeypatch.setenv("MAKOLA_PG_BIN", "/nonexistent")
    with pytest.raises(ServerError, match="MAKOLA_PG_BIN is /nonexistent"):
        server.ensure()


@as_root
def test_a_folder_below_a_closed_one_is_refused_and_nothing_is_opened(folder):
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    folder.chmod(0o711)
    with pytest.raises(ServerError, match=f"{closed} is closed to the user"):
        EmbeddedServer(closed / "data").ensure()
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_a_folder_with_other_things_in_it_is_not_opened(folder):
    (folder / "letter").touch()
    with pytest.raises(ServerError, match="is closed to the user"):
        EmbeddedServer(folder).ensure()
    assert folder.stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_that_the_system_user_cannot_reach_are_copied(server, monkeypatch):
    with scratch() as closed:
        tree = binaries.find_binaries().parent
        package = closed / tree.parent.name
        shutil.copytree(tree, package / tree.name, symlinks=True)
        libraries = tree.parent.with_name(f"{tree.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, closed / libraries.name)
        monkeypatch.setenv("MAKOLA_PG_BIN", str(package / tree.name / "bin"))
        server.ensure()
    assert Path(postmaster(server).exe()).is_relative_to(server.data)


@as_root
def test_a_link_planted_where_the_data_of_root_would_lie_is_refused(folder):
    data = postgres.default_data_directory(folder)
    data.rmdir()
    data.symlink_to(folder)
    try:
        with pytest.raises(ServerError, match="not a folder of ours"):
            postgres.default_data_directory(folder)
    finally:
        data.unlink()
