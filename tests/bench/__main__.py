"""Seeds once, serves, asks, and writes .bench/report.md; `--quick` shows in seconds that all of it works."""

import argparse
import os
import signal
import sys
import warnings
from pathlib import Path

from core import postgres

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / ".bench"
UNCOLLECTED = "ignore:No directory at"  # static files: none are asked for


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="few data, few requests")
    name = "quick" if arguments.parse_args().quick else "full"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # as an exit, it stops what was started
    configure(database="makola_bench" if name == "full" else "makola_bench_quick")
    from tests.bench import run  # only now may Django read its settings

    report = run.PLANS[name].carry_out()
    HOME.mkdir(exist_ok=True)
    (HOME / ("report.md" if name == "full" else "quick.md")).write_text(report)
    sys.stdout.write(report)


def configure(*, database: str) -> None:
    """The settings of production, on an embedded server that nothing else uses. Before Django reads them."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "app.settings",
        "DEBUG": "false",
        "ACCOUNT_EMAIL_VERIFICATION": "optional",
        "RATE_LIMITS": "anonymous=1000000/60,login=1000000/60,login_address=1000000/60",
        "DATABASE_URL": "",
        "MAKOLA_EMBEDDED": "true",
        "MAKOLA_DATA": str(postgres.default_data_directory(HOME)),
        "MAKOLA_DATABASE": database,
        "LOG_LEVEL": "WARNING",
        "SECURE_SSL_REDIRECT": "false",
        "PYTHONWARNINGS": UNCOLLECTED,
    }
    warnings.filterwarnings("ignore", UNCOLLECTED.partition(":")[2])


if __name__ == "__main__":
    main()
