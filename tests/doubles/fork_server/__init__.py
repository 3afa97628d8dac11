"""
Python processes that are forked in milliseconds instead of started.

A server has imported the whole package and what it needs. A fork of it is a process of its own, with its own
pid, folder, environment, streams, signals and exit code; what a fresh interpreter alone decides (PYTHON*
variables, the locale, a stream that is closed before Python runs, the end of all modules) needs a real one.
"""

from .client import ForkServer, Process, Stream

__all__ = ["SHARED", "ForkServer", "Process", "Stream"]

SHARED = ForkServer()  # of a whole run of tests; the conftest ends it
