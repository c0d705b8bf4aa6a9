"""Papers that are made from the code say what the code says."""

import re
from collections import Counter
from io import StringIO
from pathlib import Path

from django.apps import apps
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent


def test_the_catalogue_of_errors_is_up_to_date():
    printed = StringIO()
    call_command("list_errors", stdout=printed)
    assert (ROOT / "docs/errors.md").read_text() == printed.getvalue(), "run manage.py list_errors > docs/errors.md"


def test_the_catalogue_tells_what_every_violated_constraint_says():
    catalogue = (ROOT / "docs/errors.md").read_text()
    rows = dict(re.findall(r"^\| 409 \| `(\w+)` \| (.*) \|$", catalogue, re.MULTILINE))
    constraints = [each for model in apps.get_models() for each in model._meta.constraints]
    told = {(each.violation_error_code, str(each.get_violation_error_message())) for each in constraints}
    told = {(code, sentence) for code, sentence in told if code}
    assert {("barcode_taken", "A pack has this barcode."), ("sku_taken", "Another product has this SKU.")} <= told
    assert not [(code, sentence) for code, sentence in told if sentence not in rows[code].split(" / ")]


def test_the_catalogue_has_one_row_for_each_code_and_the_codes_of_fields():
    rows = re.findall(r"^\| (?:(\d+) \| )?`(\w+)` \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    assert Counter(rows).most_common(1)[0][1] == 1
    assert {
        ("401", "second_factor_required"),
        ("403", "approval_required"),
        ("405", "method_not_allowed"),
        ("415", "unsupported_media_type"),
        ("429", "too_many_tries"),
    } <= set(rows)
    assert {"required", "null", "invalid", "unknown_field", "offset", "currency", "in_future"} <= {
        code for status, code in rows if not status
    }


def test_no_error_is_declared_that_nothing_raises():
    found = [path for path in ROOT.glob("[a-z]*/**/*.py") if path.relative_to(ROOT).parts[0] != "tests"]
    sources = {path: path.read_text() for path in found}
    declared = {
        (path, name)
        for path, text in sources.items()
        if path.name == "errors.py"
        for name in re.findall(r"^class (\w+)\(", text, re.MULTILINE)
    }
    assert len(declared) > 50
    for path, name in declared:
        raised = re.compile(rf"\b{name}\b")
        assert any(raised.search(text) for other, text in sources.items() if other != path), f"{path}: {name}"


def test_the_readme_names_every_setting_of_ours():
    readme = (ROOT / "README.md").read_text()
    sources = [path for folder in ("app", "core") for path in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 20
    for path in sources:
        for name in re.findall(r"""["'](MAKOLA_\w+)["']""", path.read_text()):
            assert f"`{name}`" in readme, f"{path.name}: {name}"
