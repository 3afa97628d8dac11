"""`python -m tests.campaign --runs N --seed S`: exits 1 where a run broke a rule, and names its seed."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from .figures import Figures
from .worker import play, prepare

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .oracle import Violation

_SHOWN = 1000  # characters of what shows a violation; --keep has all of it


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the runs, and tell of them."""
    options = _options(arguments)
    last = options.first + options.runs
    numbers = [options.only] if options.only is not None else list(range(options.first, last))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.workers, context, initializer=prepare) as pool:
        jobs = [pool.submit(play, options.seed, number, options.keep) for number in numbers]
        return tell(
            options.seed, ((number, *job.result()) for number, job in zip(numbers, jobs, strict=True))
        )


def tell(seed: int, played: Iterable[tuple[int, Figures, Sequence[Violation]]]) -> int:
    """Print each violation with what plays its run again, then the sums; returns 1 where a rule broke."""
    total = Figures()
    for number, counted, violations in played:
        total.add(counted)
        for one in violations:
            place = f"--seed {seed} --only {number}"
            _say(f"VIOLATION {place}: {one.rule}: {one.process}: {one.detail[:_SHOWN]}")
    for line in total.lines():
        _say(line)
    return 1 if total.violations else 0


def _say(text: str) -> None:
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
    sys.stdout.flush()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first run, to go on with a seed")
    parser.add_argument("--only", type=int, help="play one run of the seed again")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder for all that is known about runs that failed")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
