"""The peer as a process of its own: `python -m tests.doubles.peer --state FILE --script FILE --log FILE`."""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path

from . import Fault, Peer


def main() -> None:
    options = _options()
    peer = Peer(
        key=options.key,
        generation=options.generation,
        is_strict=options.strict,
        unknown_filters=options.unknown_filters,
        config_semantics=options.config_semantics,
        page_size=options.page_size,
        slots=options.slots,
        state_file=options.state,
        log_file=options.log,
    )
    if options.script is not None:
        peer.inject(*map(Fault.from_json, json.loads(options.script.read_text())))
    # Blocked before any thread starts, so that only sigwait ever meets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with peer.running(options.port) as base_url:
        print(f"ready {base_url.rpartition(':')[2]}", flush=True)  # noqa: T201 - the caller reads the port here
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.peer", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="JSON list of audiences; read at start, kept up to date")
    parser.add_argument("--script", type=Path, help="JSON list of faults")
    parser.add_argument(
        "--log", type=Path, help="JSON Lines, appended; read it with tests.doubles.peer.read_log"
    )
    parser.add_argument("--key", default="sk_test")
    parser.add_argument("--generation", type=int, default=1)
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--unknown-filters", default="store")
    parser.add_argument("--config-semantics", default="replace")
    parser.add_argument("--page-size", type=int)
    parser.add_argument("--slots", type=int)
    return parser.parse_args()


main()
