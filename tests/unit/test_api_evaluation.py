"""What is read of the API's word on a config, and how it is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import schema
from reconciler.api import evaluation
from reconciler.api.client import ReadClient
from reconciler.api.responses import MAX_MESSAGE
from reconciler.errors import ApiContractError
from tests.doubles.peer import Fault
from tests.unit.applying import connection, run, serving, simulated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Verdict
    from tests.unit.applying import Host

RULES = schema.rules()
CONFIG: dict[str, Any] = {"topicIds": [1], "filters": {"role.seniority": {"values": ["vp"]}}}
KEYS = frozenset({"role.seniority"})


def asked(host: Host, configs: Mapping[str, Any]) -> dict[str, Verdict | None]:
    async def ask() -> dict[str, Verdict | None]:
        async with ReadClient(connection(host, {})) as reader:
            return await evaluation.ask(reader, configs, RULES)

    return run(host, ask())


def verdict(data: dict[str, Any]) -> Verdict:
    with serving(Fault("body", text=json.dumps({"data": data})), generation=2) as (_, url):
        found = asked(url, {"x": CONFIG})["x"]
    assert found is not None
    return found


def valid(stored: dict[str, Any], applied: object = ("role.seniority",)) -> dict[str, Any]:
    return {"valid": True, "normalizedConfig": {**CONFIG, **stored}, "appliedFilters": applied}


@pytest.mark.parametrize(
    ("stored", "wrong"),
    [
        ({"topicIds": [{"id": 1}]}, "topicIds is not a list of its kind of values"),
        ({"minScore": 70.0}, "minScore is not a whole number"),
        ({"filters": []}, "filters is not an object"),
        (
            {"filters": {"role.seniority": {"values": [{"value": "vp"}]}}},
            "filters.role.seniority.values is not a list of its kind of values",
        ),
    ],
)
def test_stored_config_is_read_strictly(stored: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ApiContractError, match=f"^POST validate: data.normalizedConfig.{wrong},"):
        verdict(valid(stored))


@pytest.mark.parametrize(
    "filters",
    [
        {"role": {"seniority": ["vp"], "isCeo": None}, "company.names": {"values": []}},
        {"role": {"seniority": {"values": ["vp"]}}},
    ],
)
def test_nested_form_is_read_as_dotted(filters: dict[str, Any]) -> None:
    assert verdict(valid({"filters": filters})) == verdict(valid({}))


@pytest.mark.parametrize(
    ("filters", "applied", "group"),
    [
        ({"isNew": True, "isNewMode": "any"}, ["role.isNew"], ["role"]),
        ({"isNew": True, "isOdd": True}, ["role.isNew"], []),
        ({"isNew": True}, [], []),
    ],
)
def test_unknown_group_is_applied_where_its_filters_are(
    filters: dict[str, Any], applied: list[str], group: list[str]
) -> None:
    stored = {"filters": {**CONFIG["filters"], "role": filters}}
    assert verdict(valid(stored, [*KEYS, *applied])).applied == KEYS | {*applied, *group}


@pytest.mark.parametrize(
    "reason", [{"message": "x" * 9_000}, {"errors": ["no"] * 9_000}, {"errors": [{"message": "x" * 9_000}]}]
)
def test_refusal_is_cut_where_it_is_long(reason: dict[str, Any]) -> None:
    assert len(verdict({"valid": False, **reason}).refusal) == MAX_MESSAGE


def test_people_in_an_answer_are_not_kept() -> None:
    assert "Jane" not in repr(verdict({**valid({}), "sample": [{"name": "Jane"}]}))


def test_at_most_eight_configs_are_asked_at_once() -> None:
    peer, host = simulated(
        Fault("delay", route="validate", method="POST", seconds=1, times=None), generation=2
    )
    answers = asked(host, {str(number): {"topicIds": [number]} for number in range(1, 18)})

    assert len(answers) == len(peer.log) == 17
    assert host.elapsed == 3
