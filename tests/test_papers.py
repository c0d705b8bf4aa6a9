"""Papers that are made from the code say what the code says."""

import re
from collections import Counter
from io import StringIO
from pathlib import Path

from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent


def test_the_catalogue_of_errors_is_up_to_date():
    printed = StringIO()
    call_command("list_errors", stdout=printed)
    assert (ROOT / "docs/errors.md").read_text() == printed.getvalue(), "run manage.py list_errors > docs/errors.md"


def test_the_catalogue_has_one_row_for_each_code_and_the_codes_of_fields():
    rows = re.findall(r"^\| (?:(\d+) \| )?`(\w+)` \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    assert Counter(rows).most_common(1)[0][1] == 1
    assert {("405", "method_not_allowed"), ("415", "unsupported_media_type")} <= set(rows)
    assert {"required", "null", "invalid", "unknown_field", "offset", "currency", "in_future"} <= {
        code for status, code in rows if not status
    }


def test_the_readme_names_every_setting_of_ours():
    readme = (ROOT / "README.md").read_text()
    sources = [path for folder in ("app", "core") for path in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 20
    for path in sources:
        for name in re.findall(r"""["'](MAKOLA_\w+)["']""", path.read_text()):
            assert f"`{name}`" in readme, f"{path.name}: {name}"
