from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.api import documents
from reconciler.model import normalise, to_json
from tests.unit.strategies import RULES, UUIDS, children, patient, unknown_values

FILTERS = ("config", "filters")
GROUPS = {key.partition(".")[0] for key in children(FILTERS) if "." in key}
PARTS = {key.rpartition(".")[2] + suffix for key in children(FILTERS) for suffix in ("", "Mode", "Operator")}
anything = unknown_values | st.sampled_from(
    [None, "vp", 70, True, ["vp"], [70], {"values": ["vp"]}, {"values": []}]
)
filters = st.dictionaries(
    st.sampled_from(sorted({*children(FILTERS), *GROUPS})),
    anything | st.dictionaries(st.sampled_from(sorted(PARTS)), anything, max_size=3),
    max_size=4,
)
configs = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(children(("config",)), anything), "filters": filters | anything}
)


@settings(patient, max_examples=300)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(children(()), anything),
            "config": configs | anything,
            "topics": anything,
        },
    )
)
def test_whatever_comes_is_read_or_noted(item: dict[str, Any]) -> None:
    found = documents.audience(UUIDS[0], item, "GET /x: data", RULES, {})
    assert not found.fields.keys() & found.unreadable.keys()
    assert found.fields.keys() | found.unreadable.keys() <= item.keys() - {"topics"}
    assert all(problem.startswith("GET /x: data") for problem in found.unreadable.values())
    # What is in a plan is read again by an apply: it must say the same there.
    plain: Any = to_json(found.fields)
    assert normalise(plain, RULES) == found.fields
    assert all(isinstance(name, str) for _, name in documents.topic_names(item))
