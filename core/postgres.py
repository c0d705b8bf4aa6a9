"""A PostgreSQL of the project's own, so that a clone runs where no database is installed."""

import fcntl
import os
import pwd
import re
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import psutil
from psycopg import pq
from psycopg.conninfo import make_conninfo

from core import binaries
from core.errors import ServerError

Command = list[str | Path]

PATIENCE = 60.0  # seconds; recovery after a crash is the slowest thing waited for
SOCKET = ".s.PGSQL.5432"
TEMPORARY = Path("/tmp")  # noqa: S108  what is made in it is refused unless it is ours
PERSISTENT = Path("/var/tmp")  # noqa: S108
SOCKET_PATH_LIMIT = 107  # bytes, of the kernel's
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "fsync": "on",
    # A shop that has just imported its goods should not wait a minute for the planner to learn of them.
    "autovacuum_naptime": "5s",
}


@dataclass(frozen=True)
class EmbeddedServer:
    """One PostgreSQL whose every file lies in `data`, reached through a Unix socket only."""

    data: Path

    def __post_init__(self) -> None:
        # A process's working directory is reported resolved, and is compared with this.
        object.__setattr__(self, "data", self.data.expanduser().resolve())

    @property
    def cluster(self) -> Path:
        return self.data / "cluster"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    @property
    def name(self) -> str:
        """The mark that every process of this server bears in its title."""
        return f"makola-{binaries.digest(str(self.data))}"

    @property
    def socket_directory(self) -> Path:
        """In `data`, unless that path is too long for a socket or libpq would split it."""
        folder = self.data / "socket"
        length = len(os.fsencode(folder / SOCKET))
        plain = re.fullmatch(r"[\w./+-]+", str(folder), re.ASCII)
        return folder if plain and length < SOCKET_PATH_LIMIT else TEMPORARY / self.name

    def admin_dsn(self, database: str = "postgres") -> str:
        """The way in for the superuser, open to the operating-system user who runs this."""
        return make_conninfo(host=str(self.socket_directory), port=5432, user="postgres", dbname=database)

    @contextmanager
    def running(self) -> Iterator["EmbeddedServer"]:
        """Keep the server up meanwhile; the last user to leave stops it."""
        with _locked(self._folder() / "users", fcntl.LOCK_SH) as users:
            try:
                self.ensure()
                yield self
            finally:
                self._leave(users)

    def ensure(self) -> None:
        """Start the server unless it answers already, however many ask at once."""
        with _explained():
            starting = self._folder() / "start.lock"
            if not self._answers():
                with _locked(starting, fcntl.LOCK_EX):
                    self._start()

    def stop(self) -> None:
        """Stop the server at once and wait until its last process is gone."""
        if not self.cluster.exists():
            return
        with _explained(), _locked(self.data / "start.lock", fcntl.LOCK_EX):
            for process in filter(_is_postmaster, self._processes()):
                process.send_signal(signal.SIGINT)
            if not _wait(lambda: not self._processes()):
                raise ServerError(f"PostgreSQL does not stop: see {self.log}.")

    def _leave(self, users: int) -> None:
        # Asking for the exclusive lock gives up the shared one, also when it is refused.
        with suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.stop()

    def _folder(self) -> Path:
        with _explained():
            self.data.mkdir(parents=True, exist_ok=True)
            _refuse_foreign(self.data, owners={os.geteuid()})
            if not any(self.data.iterdir()):  # never one that holds something else, such as a home
                self.data.chmod(_folder_mode())
        return self.data

    def _answers(self) -> bool:
        dsn = make_conninfo(self.admin_dsn(), connect_timeout=5)
        return pq.PGconn.ping(dsn.encode()) == pq.Ping.OK

    def _processes(self) -> list[psutil.Process]:
        """The live processes of this cluster; the postmaster alone if its pid file is right."""
        named = self._named_by_pid_file()
        return [named] if named else [each for each in psutil.process_iter() if self._owns(each)]

    def _named_by_pid_file(self) -> psutil.Process | None:
        try:
            first_line = (self.cluster / "postmaster.pid").read_text().partition("\n")[0]
            process = psutil.Process(int(first_line))
        except (OSError, ValueError, psutil.Error):
            return None
        return process if self._owns(process) else None

    def _owns(self, process: psutil.Process) -> bool:
        try:
            if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
                return False
            return self._lies_in_cluster(process)
        except psutil.Error:
            return False

    def _lies_in_cluster(self, process: psutil.Process) -> bool:
        try:
            return process.cwd() == str(self.cluster)
        except psutil.AccessDenied:  # root in a container may not ask about other users' processes
            return any(self.name in word for word in process.cmdline())

    def _start(self) -> None:
        # One that is starting, recovering, stopping or orphaned is given its time first.
        if not _wait(lambda: self._answers() or not self._processes()):
            raise ServerError(f"PostgreSQL runs but does not answer: see {self.log}.")
        if not self._answers():
            self._launch()

    def _launch(self) -> None:
        account = _server_account()
        _refuse_closed(self.data, account)
        programs = self._programs(account)
        binaries.remove(self.data, "initdb-*")
        if not self.cluster.exists():
            self._make_cluster(programs, account)
        self._refuse_other_major(binaries.major(programs))
        self._make_socket_directory(account)
        self._remove_stale_files()
        pid = self._spawn(programs, account)
        _wait(lambda: self._answers() or not _is_alive(pid))
        if not self._answers():
            raise ServerError(self._complaint("did not start"))

    def _complaint(self, what: str) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-20:]
        telling = [line for line in lines if re.search("FATAL|PANIC|error:|cannot", line)] or lines
        return f"PostgreSQL {what}; {self.log} says: {''.join(telling[-1:])}"

    def _programs(self, account: pwd.struct_passwd) -> Path:
        """The folder of the programs, copied into `data` when `account` cannot reach them."""
        found = binaries.find_binaries()
        return found if _can_run(found / "postgres", account) else binaries.copy_programs(found, self.data)

    def _make_cluster(self, programs: Path, account: pwd.struct_passwd) -> None:
        # Under a name of its own, so that an orphan of a killed first start writes elsewhere.
        making = Path(tempfile.mkdtemp(prefix="initdb-", dir=self.data))
        os.chown(making, account.pw_uid, account.pw_gid)
        command: Command = [
            programs / "initdb",
            "--pgdata",
            making,
            *binaries.initdb_options(binaries.major(programs)),
        ]
        with self._open_log() as log:
            made = subprocess.run(command, stdout=log, stderr=log, check=False, **_as(account))
        if made.returncode != 0:
            raise ServerError(self._complaint("could not make its files"))
        making.rename(self.cluster)

    def _refuse_other_major(self, major: int) -> None:
        theirs = (self.cluster / "PG_VERSION").read_text().strip()
        if theirs != str(major):
            raise ServerError(
                f"The database in {self.data} is of PostgreSQL {theirs}, the programs of {major}: "
                f"set MAKOLA_PG_BIN to the programs of {theirs}, dump it with their pg_dump and "
                f"restore it here, or set MAKOLA_DATA to another folder to begin anew."
            )

    def _make_socket_directory(self, account: pwd.struct_passwd) -> None:
        folder = self.socket_directory
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        _refuse_foreign(folder, owners={os.geteuid(), account.pw_uid})
        os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(_folder_mode())

    def _remove_stale_files(self) -> None:
        socket = self.socket_directory / SOCKET
        for stale in (self.cluster / "postmaster.pid", socket, Path(f"{socket}.lock")):
            stale.unlink(missing_ok=True)

    def _spawn(self, programs: Path, account: pwd.struct_passwd) -> int:
        """Start the postmaster as nobody's child, in a session that no terminal interrupts."""
        settings = self._settings(programs, account)
        options = [f"--{name}={value}" for name, value in settings.items()]
        command: Command = [programs / "postgres", "-D", self.cluster, *options]
        detach: Command = ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *command]
        with self._open_log() as log:
            shell = subprocess.run(
                detach,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                check=True,
                **_as(account),
            )
        return int(shell.stdout)

    def _settings(self, programs: Path, account: pwd.struct_passwd) -> dict[str, str]:
        settings = SETTINGS | {
            "cluster_name": self.name,
            "unix_socket_directories": str(self.socket_directory),
            "hba_file": str(self._write("pg_hba.conf", _HBA)),
            "ident_file": str(self._write("pg_ident.conf", _ident(account))),
        }
        if any(programs.parent.glob("lib/**/pg_stat_statements.*")):
            settings["shared_preload_libraries"] = "pg_stat_statements"
        return settings

    def _write(self, name: str, text: str) -> Path:
        path = self.data / name
        path.write_text(text)
        path.chmod(0o644)
        return path

    def _open_log(self) -> BinaryIO:
        return open(self.log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600))


def default_data_directory(project: Path) -> Path:
    """The folder of the project's server: inside it, or for root where a system user reaches."""
    if os.geteuid() != 0:
        return project / ".postgres"
    folder = PERSISTENT / f"makola-{binaries.digest(str(project.resolve()))}"
    with _explained():
        # Made at once: from then on nobody else can put a folder or a link of theirs in its place.
        with suppress(FileExistsError):
            folder.mkdir(mode=0o711)
        _refuse_foreign(folder, owners={0})
    return folder


_HBA = """\
local all postgres peer map=makola
local all all scram-sha-256
"""


def _ident(account: pwd.struct_passwd) -> str:
    names = {account.pw_name, _account(os.geteuid()).pw_name}
    return "".join(f'makola "{name}" postgres\n' for name in sorted(names))


def _server_account() -> pwd.struct_passwd:
    """Who runs PostgreSQL, which refuses to run as root."""
    if os.geteuid() != 0:
        return _account(os.geteuid())
    known = {each.pw_name: each for each in pwd.getpwall()}
    account = known.get("postgres") or known.get("nobody")
    if account is None:
        raise ServerError("PostgreSQL does not run as root: add a system user named postgres.")
    return account


def _account(user: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(user)
    except KeyError:
        raise ServerError(f"User {user} has no name, which PostgreSQL needs: add one or set DATABASE_URL.") from None


def _as(account: pwd.struct_passwd) -> dict[str, Any]:
    """The arguments that run a child as `account`, with none of our environment's secrets."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    arguments: dict[str, Any] = {"cwd": "/", "env": environment}
    if account.pw_uid != os.geteuid():
        arguments |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return arguments


def _folder_mode() -> int:
    return 0o711 if os.geteuid() == 0 else 0o700


def _refuse_foreign(folder: Path, *, owners: set[int]) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise ServerError(f"{folder} is not a folder of ours: remove it or set MAKOLA_DATA.")


def _refuse_closed(folder: Path, account: pwd.struct_passwd) -> None:
    for each in (*reversed(folder.parents), folder):
        if subprocess.run(["test", "-x", each], check=False, **_as(account)).returncode != 0:
            raise ServerError(
                f"{each} is closed to the user {account.pw_name}, as whom PostgreSQL runs: "
                f"set MAKOLA_DATA to a folder that every user can reach, such as one in /var/tmp."
            )


def _can_run(program: Path, account: pwd.struct_passwd) -> bool:
    try:
        command: Command = [program, "--version"]
        run = subprocess.run(command, capture_output=True, check=False, **_as(account))
    except PermissionError:
        return False
    return run.returncode == 0


def _is_postmaster(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return not "".join(process.cmdline()[:1]).startswith("postgres:")  # the title of a backend
    return False


def _is_alive(pid: int) -> bool:
    with suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def _wait(arrived: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not arrived():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def _locked(path: Path, mode: int) -> Iterator[int]:
    with _explained():
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, mode)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (OSError, psutil.Error, subprocess.SubprocessError) as problem:
        raise ServerError(f"The embedded PostgreSQL could not be used: {problem}.") from problem
