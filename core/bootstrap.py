"""From a clone to something that runs: a virtual environment, its packages and a .env file.

It runs before any of them exists, by whatever Python the machine has: the standard library only,
and no syntax that an old Python cannot read, so that it can say that it is too old.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("Makola needs Python 3.11 or newer: install one and run `make PYTHON=python3.11 run`.")

import fcntl
import hashlib
import importlib.util
import os
import secrets
import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"
PASSWORDS = ("MAKOLA_OWNER_PASSWORD", "MAKOLA_APP_PASSWORD", "MAKOLA_STAFF_PASSWORD")


def main() -> None:
    requirements = "requirements-dev.txt" if "--dev" in sys.argv[1:] else "requirements.txt"
    waiting = os.open(str(PROJECT), os.O_RDONLY)
    fcntl.flock(waiting, fcntl.LOCK_EX)  # two terminals at once make one environment
    if not is_whole():
        make_venv()
    install(PROJECT / requirements)
    write_env(PROJECT / ".env")


def is_whole() -> bool:
    """Whether there is an environment, finished, whose Python still runs and is new enough."""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    return succeeds(PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))")


def make_venv() -> None:
    say("Making a virtual environment in .venv.")
    if VENV.is_symlink():
        VENV.unlink()
    shutil.rmtree(str(VENV), ignore_errors=True)
    VENV.mkdir()
    UNFINISHED.touch()
    if shutil.which("uv"):
        run("uv", "venv", "--quiet", "--allow-existing", "--python", sys.executable, VENV)
    else:
        refuse_without_venv()
        run(sys.executable, "-m", "venv", VENV)
    UNFINISHED.unlink()


def refuse_without_venv() -> None:
    # Debian ships the one without the other, and says so only halfway through.
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        sys.exit(
            "This Python cannot make virtual environments: install that part of it first, "
            "on Debian and Ubuntu with `apt install python3-venv`."
        )


def install(requirements: Path) -> None:
    """Install what the file pins, unless just that was installed before."""
    stamp = VENV / (".installed-" + requirements.name)
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Installing " + requirements.name + ", which takes a minute the first time.")
    run(*installer(), "--quiet", "--requirement", requirements)
    stamp.write_text(wanted)


def installer() -> "list[object]":
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--python", PYTHON]
    if not succeeds(PYTHON, "-m", "pip", "--version"):  # made by uv, which is no longer here
        run(PYTHON, "-m", "ensurepip", "--default-pip")
    return [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]


def write_env(path: Path) -> None:
    """Write the secrets once, whole or not at all, for their owner's eyes only."""
    if path.exists():
        return
    lines = [name + "=" + secrets.token_urlsafe(48) for name in ("SECRET_KEY", *PASSWORDS)]
    draft = VENV / ".env"
    draft.unlink(missing_ok=True)
    with open(os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(["DEBUG=true", *lines, ""]))
    draft.rename(path)
    say("Wrote .env with new secrets.")


def succeeds(*command: object) -> bool:
    words = [str(word) for word in command]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def run(*command: object) -> None:
    words = [str(word) for word in command]
    if subprocess.run(words, check=False).returncode != 0:
        sys.exit("This did not succeed, for the reason above: " + " ".join(words))


def say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted; the next run begins where this one stopped.")
