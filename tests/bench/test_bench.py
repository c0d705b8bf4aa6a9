import re
import subprocess
import sys

from django.conf import settings


def test_a_short_run_fills_every_cell():
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    rows = [line.strip("| ").split(" | ") for line in run.stdout.splitlines() if line.startswith("| ")]
    measured = [row for row in rows if len(row) > 1 and not row[0].startswith(("---", "web ms", "clients"))]
    assert {len(row) for row in measured} == {5, 8}
    assert all(cell.strip() for row in measured for cell in row)
    sales = next(row for row in measured if row[0] == "sale of 3 lines")
    assert sales[4] == "4.5 + 1.8, 12"
    assert float(sales[1]) > 0
    assert re.fullmatch("[✓✗]", sales[5])
