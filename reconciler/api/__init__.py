"""The vendor's API: the only package that knows the wire. Its modules are imported where they are used."""

import sys

# httpx imports its own command line too and, where it is installed, rich with that: a sixth of the time
# that a plan of one file takes. Without it httpx says, to whoever calls that, that there is none.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # how Python marks a module as absent

AUDIENCES = "/v1/intent/audiences"
