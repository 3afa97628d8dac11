"""
A fake of the vendor's API that goes wrong on request, on real sockets; it shares no code with the
reconciler.

`Bodies` says what a server does with a config by its generation: `is_strict` keeps the second one's published
bounds, and `unknown_filters` refuses, strips or stores. The second generation answers `POST
/v1/intent/audiences/validate` alike; faults meet it with `method="POST"` or `route="validate"`.

Kinds of fault, with their parameters. (b) marks those whose default is `when="before"`: nothing is stored.

- Time and neighbours: `delay` (b; seconds; only `when="before"` delays the store too, which comes even if
  the client has gone), `edit` (changes, target; after the answer is made and before it is sent, or before
  the store), `refuse` (seconds; stops listening, then answers).
- What is stored and seen: `lie` (a good 200, nothing stored), `stale` (seconds or reads: the reads of this
  id see the audience from before this PATCH), `merged_config`, `filled_defaults`, `reordered` (on a PATCH
  the stored audience, on a GET or a validation the answered ones).
- What is stored of a PATCH's fields: `normalised` (texts of name and filters in lower case, lists in another
  order), `stripped` (without the filters `keys`, or the first one), `clamped` (`minScore` at `least` or over
  it); `echo` stores what is normalised, and shows what was asked for whatever is stored.
- Another answer: `status` (b; status, shape, message, code, location, retry_after as it is or retry_date in
  seconds from now, echo_key), `html` (b; status 200), `body` (b; text, status 200), `empty_body`.
- Another document: `empty_list`, `partial_list` (ids that are left out), `short_list` (size, and no mark of
  more; with `offset`, that many from the query's offset on), `twin` (an item again, with another name),
  `endless` (each page names a next one), `short_body` (only the id),
  `old_body`, `unknown_fields` (`x_envelope`, `x_field`, `config.x_config`), `value` (path such as
  `data.config.minScore`, in each item of a list, or in that of target; value), `nan`, `surrogate`.
- Other bytes: `cut_json` (correct length), `duplicate_keys`, `deep`, `huge` (chunked), `gzip_bomb` (each
  with size).
- Another way: `drop` (b), `reset` (b), `half_close` (part: headers or body), `truncate` (all of it, but
  size more bytes promised), `drip` (size bytes every so many seconds).

All faults that match a request fire at it together; of two that replace the answer, the later injected one
shows. A partial request, whose client left before its end, is not logged.
"""

from __future__ import annotations

from .entries import Entry, read_log
from .faults import KINDS, Fault
from .fleet import Fleet
from .second import OtherOrigin
from .server import Peer

__all__ = ["KINDS", "Entry", "Fault", "Fleet", "OtherOrigin", "Peer", "read_log"]
