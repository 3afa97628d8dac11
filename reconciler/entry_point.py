"""Where a process begins: signals are caught first, then all else is imported."""

from __future__ import annotations

from reconciler import interrupts


def main() -> None:
    """Run the command line, and exit."""
    interrupts.hold()
    from reconciler.cli import main as run

    run()
