"""`python -m fakes --port 8099`: the fake providers, until Ctrl-C."""

import argparse
import sys

from fakes.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="fakes")
    parser.add_argument("--port", type=int, default=8099, help="0 is any that is free")
    server = Server(parser.parse_args().port)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
