"""The first command after a clone, on copies of it whose requirements ask for nothing."""

import ast
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "core" / "bootstrap.py"
NAMES = {
    "DEBUG",
    "SECRET_KEY",
    "MAKOLA_OWNER_PASSWORD",
    "MAKOLA_APP_PASSWORD",
    "MAKOLA_STAFF_PASSWORD",
}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "core").mkdir()
    shutil.copy(SOURCE, tmp_path / "core")
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    (tmp_path / "requirements-dev.txt").write_text("# nothing either\n")
    return tmp_path


def command(project, *options):
    return [sys.executable, str(project / "core" / "bootstrap.py"), *options]


def bootstrap(project, *options):
    return subprocess.run(command(project, *options), check=False, capture_output=True, text=True)


def entries(project):
    return dict(line.split("=", 1) for line in (project / ".env").read_text().splitlines())


def test_a_clone_gets_an_environment_and_secrets_of_its_own(project):
    first = bootstrap(project)
    assert first.returncode == 0, first.stderr
    subprocess.run([project / ".venv/bin/python", "-c", ""], check=True)
    assert entries(project).keys() == NAMES
    assert len(set(entries(project).values())) == len(NAMES)
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600

    secrets = (project / ".env").read_text()
    again = bootstrap(project)
    assert (again.returncode, again.stdout) == (0, "")
    assert (project / ".env").read_text() == secrets


def test_an_interrupted_environment_is_made_again_and_changed_requirements_are_installed(project):
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/.unfinished").touch()
    (project / ".venv/bin/leftover").touch()
    assert bootstrap(project).returncode == 0
    assert not (project / ".venv/bin/leftover").exists()

    (project / "requirements.txt").write_text("# changed\n")
    assert "Installing requirements.txt" in bootstrap(project).stdout
    assert "Installing requirements-dev.txt" in bootstrap(project, "--dev").stdout
    assert bootstrap(project).stdout == bootstrap(project, "--dev").stdout == ""


def test_two_at_once_do_not_disturb_one_another(project):
    both = [subprocess.Popen(command(project), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(each.communicate()[0] for each in both)
    assert [each.returncode for each in both] == [0, 0]
    assert said.count("Making a virtual environment") == said.count("Wrote .env") == 1


def test_requirements_that_cannot_be_installed_are_no_success_and_are_tried_again(project):
    (project / "requirements.txt").write_text("./no-such-folder\n")
    for _ in range(2):
        failed = bootstrap(project)
        assert failed.returncode == 1
        assert failed.stderr.splitlines()[-1].startswith("This did not succeed")
    assert not (project / ".env").exists()


def test_a_python_of_long_ago_can_read_it_to_be_told_that_it_is_too_old():
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 4))
    assert [type(node) for node in tree.body[:3]] == [ast.Expr, ast.Import, ast.If]
