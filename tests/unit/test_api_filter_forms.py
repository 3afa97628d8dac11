from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given

from reconciler import schema
from reconciler.api.filter_forms import dotted
from reconciler.errors import ApiContractError
from tests.unit.strategies import documents, patient

RULES = schema.rules()
TITLES = ["Head of Growth", "VP Growth"]


def filters(document: Any) -> Any:
    config: Any = dotted({"topicIds": [1], "filters": deepcopy(document)}, RULES)
    assert config["topicIds"] == [1]
    return config["filters"]


@pytest.mark.parametrize(
    ("nested", "read"),
    [
        (
            {
                "role": {"isDecisionMaker": True},
                "contact": {"hasBusinessEmail": False},
                "jobTitle": {"include": TITLES, "includeMode": "any"},
            },
            {
                "role.isDecisionMaker": True,
                "contact.hasBusinessEmail": False,
                "jobTitle.include": {"values": TITLES, "mode": "any"},
            },
        ),
        (
            {"jobTitle": {"exclude": {"values": TITLES, "mode": "all"}, "excludeOperator": "contains"}},
            {"jobTitle.exclude": {"values": TITLES, "mode": "all", "operator": "contains"}},
        ),
        ({"company": {"industries": []}}, {"company.industries": {"values": []}}),
        ({"company": {"industries": None}, "role": {}}, {}),
        # A type that the contract does not have is for the check of types to find, in the dotted place.
        ({"company": {"names": "Acme"}}, {"company.names": "Acme"}),
        ({"role": {"seniority": [], "seniorityMode": 7}}, {"role.seniority": {"values": [], "mode": 7}}),
    ],
)
def test_nested_form_is_read_as_dotted(nested: Any, read: Any) -> None:
    assert filters(nested) == read
    assert filters(read) == read


@pytest.mark.parametrize(
    ("nested", "read"),
    [
        (
            {"role": {"isDecisionMaker": True, "xNew": [2, 1]}},
            {"role.isDecisionMaker": True, "role": {"xNew": [2, 1]}},
        ),
        ({"company": {"employees": {"min": 5, "max": None}}}, None),
        ({"jobTitle": {"includeMode": "any"}}, None),
        ({"jobTitle": {"include": None, "includeMode": "any"}}, {"jobTitle": {"includeMode": "any"}}),
        ({"jobTitle": "CFO", "state": "Ohio"}, None),
        ({"role": ["x"], "contact": None, "xNew": {"values": []}}, None),
        ({"technology": {"include": ["x"]}}, None),
    ],
)
def test_what_is_not_understood_stays_in_place(nested: Any, read: Any) -> None:
    assert filters(nested) == (nested if read is None else read)


@pytest.mark.parametrize("config", [None, 7, [], {}, {"filters": None}, {"filters": ["x"]}])
def test_config_without_filters_comes_back(config: Any) -> None:
    assert dotted(config, RULES) == config


@pytest.mark.parametrize(
    ("twice", "key"),
    [
        ({"role.isDecisionMaker": True, "role": {"isDecisionMaker": True}}, "role.isDecisionMaker"),
        ({"jobTitle.include": {"values": []}, "jobTitle": {"include": TITLES}}, "jobTitle.include"),
        (
            {"jobTitle": {"include": {"values": TITLES, "mode": "any"}, "includeMode": "all"}},
            "jobTitle.include.mode",
        ),
        ({"jobTitle.include": {"values": TITLES}, "jobTitle": {"includeMode": "any"}}, "jobTitle.include"),
    ],
)
def test_one_key_in_both_forms_is_error(twice: Any, key: str) -> None:
    with pytest.raises(ApiContractError) as caught:
        dotted({"filters": twice}, RULES, "GET /x: data.config")
    assert caught.value.summary == f"GET /x: data.config.filters: {key} is there in two forms at once"
    assert caught.value.detail == "Save its filters in the dashboard again, or report this to the vendor"


def test_null_beside_the_other_form_is_absent() -> None:
    assert filters({"role.isCeo": None, "role.isDecisionMaker": True, "role": {"isDecisionMaker": None}}) == {
        "role.isCeo": None,
        "role.isDecisionMaker": True,
    }
    dotted_null, nested = {"role.isDecisionMaker": None}, {"role": {"isDecisionMaker": True}}
    for both in (dotted_null | nested, nested | dotted_null):
        assert filters(both) == {"role.isDecisionMaker": True}


def nested(dotted_filters: dict[str, Any]) -> Any:
    """Write filters in the nested form, with modes and operators beside their lists."""
    result: dict[str, Any] = {}
    for key, value in dotted_filters.items():
        group, dot, name = key.partition(".")
        if not dot:
            result[key] = value
        elif isinstance(value, dict):
            parts = {"values": "", "mode": "Mode", "operator": "Operator"}
            result.setdefault(group, {}).update({f"{name}{parts[part]}": value[part] for part in value})
        else:
            result.setdefault(group, {})[name] = value
    return result


@patient
@given(documents(live=False))
def test_every_definition_reads_alike_in_both_forms(document: dict[str, Any]) -> None:
    wanted = document.get("config", {}).get("filters", {})
    wanted.pop("jobTitle", None)  # of the first generation, and the name of a group in the second
    assert filters(nested(wanted)) == wanted
    assert filters(wanted) == wanted
