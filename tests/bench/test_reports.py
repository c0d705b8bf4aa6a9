import re
import subprocess
import sys

from django.conf import settings

from reports.catalogue import REPORTS


def test_a_short_run_measures_every_report_and_explains_the_dearest():
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.reports", "--lines", "3000"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    measured = re.findall(r"^\| ([\w-]+) \| (\d+\.\d\d) \| (\d+\.\d\d) \| (\d+) \|$", run.stdout, re.MULTILINE)
    assert [name for name, *_ in measured] == list(REPORTS)
    rows = {name: int(count) for name, _, _, count in measured}
    assert (rows["sales-by-product"], rows["tax"]) == (3000, 3)
    assert rows["fast-stock"] == 3000 - 20  # for one line in a sale of fifty came back
    assert len(re.findall(r"^## [\w-]+, the year$", run.stdout, re.MULTILINE)) == 3
    assert "actual time" in run.stdout
