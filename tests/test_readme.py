"""The README's section for frontend developers is about the API that there is."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVERYWHERE = {"view_not_declared"}  # our own fault, not the page's


def rows(text):
    return set(re.findall(r"^\| (\d{3}) \| `(\w+)` \|", text, re.MULTILINE))


def told():
    section = (ROOT / "README.md").read_text().split("### What can go wrong")[1]
    return rows(section.split("\n## ")[0])


def test_every_error_that_the_readme_names_is_in_the_catalogue():
    assert len(told()) > 25
    assert told() <= rows((ROOT / "docs/errors.md").read_text())


def test_the_readme_tells_every_refusal_of_signing_in_and_of_staying_signed_in():
    """All 401, and whatever else the errors of accounts are that its own services and views raise while signing in."""
    catalogue = rows((ROOT / "docs/errors.md").read_text())
    declared = dict(
        re.findall(r'^class (\w+)\(.*?code = "(\w+)"', source("accounts/errors.py"), re.DOTALL | re.MULTILINE)
    )
    signing_in = [
        "accounts/permissions.py",
        "accounts/middleware.py",
        "accounts/authentication.py",
        "accounts/api/views/signing_in.py",
        "accounts/api/views/oneself.py",
        *(f"accounts/services/{name}.py" for name in ("sessions", "credentials", "passwords", "mfa", "devices")),
    ]
    raised = {code for name, code in declared.items() if any(f"raise {name}" in source(path) for path in signing_in)}
    assert {"refresh_reused", "wrong_pin", "link_invalid"} <= raised
    expected = raised | {code for status, code in catalogue if status == "401"}
    assert expected - EVERYWHERE <= {code for _, code in told()}


def source(path):
    return (ROOT / path).read_text()
