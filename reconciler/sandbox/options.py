"""How this API behaves where the vendor documents two ways, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from reconciler.sandbox.record import Generation

Semantics = Literal["replace", "merge"]
UnknownFilters = Literal["refuse", "strip", "store"]
Paging = Literal["cursor", "offset", "none"]

# The list's largest limit, as the runs list documents its own; the audiences list documents none.
MAX_LIST_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Options:
    """`list_limit` and `paging` are of the second generation's list; the first one's is always whole."""

    generation: Generation = 1
    config_semantics: Semantics = "replace"
    slots: int = 10
    unknown_filters: UnknownFilters = "refuse"
    list_limit: int = 50
    paging: Paging = "cursor"
