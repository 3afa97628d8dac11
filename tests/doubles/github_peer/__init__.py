"""
A fake of GitHub's REST API, of the events that it sends and of the runner that runs workflows; none of it
shares code with the reconciler.

Kinds of fault, with their parameters. Each is `when="before"` by default, so that nothing is stored, but for
those marked (a), which only come after the work is done.

- Limits: `rate_limit` (status 403 or 429; seconds until the reset; retry_after), `secondary_limit` (status;
  retry_after).
- Another answer: `status` (status, message, retry_after), `html` (status 502 by default: GitHub's page when
  it is down), `redirect` (location, status 301 by default: the repository was renamed).
- Another document: `empty_list` (a), as from a replica that lags behind; `cut_json` (a).
- Another way: `delay` (seconds; before or after the work, which is done in any case), `drop`, `reset`.

`events` writes the payloads that start a run, `runner` runs a workflow's job or a composite action on them:
both take what they need from a Peer (`documents`, `urls`, and `actions_token` as the runner's `grant`).

What the fake does not know (a route, a query parameter, a GraphQL query), it does not answer for GitHub: the
line is dropped, and `Peer.running` raises NotImplementedError at its end.
"""

from __future__ import annotations

from .accounts import ACTIONS, account, read_only
from .entries import Entry
from .faults import KINDS, Fault
from .repository import Comment, Issue, Repository
from .server import Peer

__all__ = [
    "ACTIONS",
    "KINDS",
    "Comment",
    "Entry",
    "Fault",
    "Issue",
    "Peer",
    "Repository",
    "account",
    "read_only",
]
