"""The bytecode of the tests: made once, where each worker would make all of it for itself."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def keep() -> None:
    """Let this process and those that it starts keep what they compile, whatever the shell says."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def prepare(processes: int) -> None:
    """Import the test files that have none, in forks, so that pytest rewrites and keeps them."""
    missing = [file for file in sorted(_HERE.rglob("test_*.py")) if not is_kept(file)]
    shares = [share for number in range(processes) if (share := missing[number::processes])]
    for child in [_forked(share) for share in shares]:
        os.waitpid(child, 0)


def is_kept(file: Path) -> bool:
    # The name is pytest's own choice; where it chooses another one, all files are imported.
    kept = Path(f"{cache_from_source(file).removesuffix('.pyc')}-pytest-{pytest.__version__}.pyc")
    return kept.exists() and kept.stat().st_mtime >= file.stat().st_mtime


def _forked(files: list[Path]) -> int:
    child = os.fork()
    if not child:
        with suppress(BaseException):
            _import_all(files)
        os._exit(0)
    return child


def _import_all(files: list[Path]) -> None:
    # What compiling warns of must stay unkept, so that the worker that collects it sees it as an error.
    warnings.simplefilter("error")
    for file in files:
        # A file that fails here fails in its worker too, which can say why.
        with suppress(Exception, pytest.skip.Exception):
            import_module(".".join(file.relative_to(_HERE.parent).with_suffix("").parts))
