"""`python -m fakes --port 8099`: the fake providers, until Ctrl-C."""

import argparse
import sys

from fakes.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="fakes")
    parser.add_argument("--port", type=int, default=8099, help="0 is any that is free")
    parser.add_argument("--webhooks", default="", help="such as http://127.0.0.1:8000/api/v1/billing/webhooks/")
    told = parser.parse_args()
    server = Server(told.port)
    server.ledger.webhooks = told.webhooks
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
