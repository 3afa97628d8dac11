"""Definitions in their one form: what moves, what stays, and that twice is once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import definitions
from reconciler.definitions import canonical, reformat
from reconciler.errors import FileError
from tests.unit.strategies import RULES, UUIDS, documents, normal, patient

ID = f"id: {UUIDS[0]}\n"
HEAD = f"{ID}name: Ann\n"
TOPIC = f"{HEAD}config:\n  topicIds:\n    - 1\n"


def form(text: str, **names: dict[str, str]) -> str:
    known = {f"config.{key}": value for key, value in names.items()}
    made = reformat.form(text.encode(), "a.yaml", known)
    assert reformat.form(made, "a.yaml", known) == made
    return made.decode()


WRITTEN = f"""# yaml-language-server: $schema=x
# About the whole

# the name matters
name: 'CFOs'   # n
id: {UUIDS[0]}


status: "active"            # slots
metadata:
  labels:
    team: growth
    "on": "yes"
  description: >-   # folded
      Long text
      more

      para
  owner: x   # who
  # owner tail
config:   # cfg
  # Close
  filters:
      seniority: [
        vp,   # VP
        # above c
        c_suite,
        # end
      ]   # closing
      companyIndustry:
        - software
        - banking
      # filters tail
  minScore: 80
  topicIds: [ 118219, 5, 118204 ]  # ids
# end of all
"""
FORMED = f"""# yaml-language-server: $schema=x
# About the whole

id: {UUIDS[0]}
# the name matters
name: CFOs   # n

status: active            # slots
config:   # cfg
  topicIds:  # ids
    - 5
    - 118204
    - 118219
  minScore: 80
  # Close
  filters:
    companyIndustry: [banking, software]
    seniority:   # closing
      # above c
      - c_suite
      - vp   # VP
      # end
    # filters tail
metadata:
  owner: x   # who
  description: >-   # folded
    Long text
    more

    para
  labels: {{team: growth, "on": "yes"}}
  # owner tail
# end of all
"""


def test_comments_move_with_what_they_speak_of() -> None:
    assert form(WRITTEN) == FORMED


def test_line_ends_of_the_file_stay() -> None:
    assert form(WRITTEN.replace("\n", "\r\n")) == FORMED.replace("\n", "\r\n")


LONG = [f"industry {number:02d}" for number in range(12)]
LINES = "".join(f"      - {one}\n" for one in LONG)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\ufeff---\n" + HEAD + "...\n", HEAD),
        ("--- # c\n" + HEAD.rstrip(), "# c\n" + HEAD),
        (f'{{"name": "Ann", "id": {UUIDS[0]}}} # c', f"{ID[:-1]} # c\nname: Ann\n"),
        (f"# about Ann\nname: Ann\n{ID}", f"{ID}# about Ann\nname: Ann\n"),
        (f"# vim: x\n# about Ann\nname: Ann\n{ID}", f"# vim: x\n{ID}# about Ann\nname: Ann\n"),
        (f"{HEAD}    # deep\nstatus: draft\n", f"{HEAD}# deep\nstatus: draft\n"),
        (f"{HEAD}metadata: # m\n    # deep\n  owner: x\n", f"{HEAD}metadata: # m\n  # deep\n  owner: x\n"),
        (f"{HEAD}metadata: {{}}\nlifecycle: {{ignore: [], protect: true}}\n",
         f"{HEAD}metadata: {{}}\nlifecycle:\n  ignore: []\n  protect: true\n"),
        (f"{HEAD}config: {{topicIds: [1]}} # a\n", f"{HEAD}config: # a\n  topicIds:\n    - 1\n"),
        (f"{HEAD}config:\n  topicIds: # a\n  - 2 # two\n  - 1\n  # tail\n  minScore: 1\n",
         f"{HEAD}config:\n  topicIds: # a\n    - 1\n    - 2 # two\n  # tail\n  minScore: 1\n"),
        (f"{HEAD}config:\n  topicIds: [ # a\n   1] # b\n",
         f"{HEAD}config:\n  # b\n  topicIds: # a\n    - 1\n"),
        (f"{TOPIC}  filters:\n    companyIndustry: [{', '.join(LONG)}]\n",
         f"{TOPIC}  filters:\n    companyIndustry:\n{LINES}"),
        (f"{TOPIC}  filters:\n    role.seniority:\n      mode: any\n      values:\n        - vp\n",
         f"{TOPIC}  filters:\n    role.seniority:\n      values: [vp]\n      mode: any\n"),
        (f"{HEAD}metadata:\n  description: |+ # c\n     a\n\n      b\n\n\n  owner: o\n",
         f"{HEAD}metadata:\n  owner: o\n  description: |+ # c\n    a\n\n     b\n\n\n"),
        (f"{HEAD}metadata:\n  description: |2\n     a\n    b\n",
         f'{HEAD}metadata:\n  description: " a\\nb\\n"\n'),
        (f"{HEAD}metadata:\n  description: one\n    two\n", f"{HEAD}metadata:\n  description: one two\n"),
    ],
)  # fmt: skip
def test_form_is_one(before: str, after: str) -> None:
    assert form(before) == after


def test_names_stand_as_comments_beside_ids() -> None:
    text = f"{HEAD}config:\n  topicIds: [3, 2, 1]\n"
    names = {"1": "CRM\n# Software", "2": "\u202eevil"}

    assert form(text, topicIds=names) == (
        f"{HEAD}config:\n  topicIds:\n    - 1  # CRM # Software\n    - 2  # evil\n    - 3\n"
    )
    assert "- 1 # ours\n" in form(text.replace("1]", "1 # ours\n  ]"), topicIds=names)


def test_form_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reformat, "_squeezed", lambda lines: lines[1:])

    with pytest.raises(FileError, match=r"a\.yaml cannot be put into canonical form"):
        form(HEAD)


TEXTS = st.sampled_from(["a", "on", "x: y", "it's", "# no", "Zürich 🎯", "two words"])
COMMENTS = st.sampled_from(
    ["", "", " # one", "  # b, [c]", "\n  # own", "\n\n    # deep", "\n# flush", "\n\n"]
)


def comments(text: str) -> list[str]:
    return sorted(re.findall(r"# (?:one|b, \[c\]|own|deep|flush)", text))


@st.composite
def written(draw: st.DrawFn) -> str:
    def note() -> str:
        return draw(COMMENTS)

    def listed(values: list[Any]) -> str:
        items = draw(st.lists(st.sampled_from(values), min_size=1, max_size=4, unique=True))
        if draw(st.booleans()):
            return f"{note()}\n" + "\n".join(f"      - {item}{note()}" for item in items)
        return f" [{note()}\n" + "".join(f"       {item},{note()}\n" for item in items) + f"   ]{note()}"

    filters = [
        f"seniority:{listed(['vp', 'cxo', 'director'])}",
        f"state: '{draw(TEXTS).replace(chr(39), chr(39) * 2)}'{note()}",
        f"hasPhone: true{note()}",
    ]
    inner = "\n".join(f"    {line}" for line in draw(st.permutations(filters)))
    config = [f"topicIds:{listed([5, 117805, 22])}", f"minScore: 7{note()}", f"filters:{note()}\n{inner}"]
    upper = [
        f"config:{note()}\n" + "\n".join(f"  {line}" for line in draw(st.permutations(config))),
        f"name: Ann{note()}",
        ID.rstrip() + note(),
        f"metadata: {{owner: o, labels: {{a: b}}}}{note()}",
    ]
    return f"{note()}\n" + "\n".join(draw(st.permutations(upper))) + f"\n{note()}"


@settings(patient, max_examples=60)
@given(written())
def test_twice_is_once_and_nothing_is_lost(text: str) -> None:
    before = definitions.parse({"a.yaml": text.encode()})
    assert not before.has_errors
    made = form(text)
    (one,), (other,) = before.definitions, definitions.parse({"a.yaml": made.encode()}).definitions

    assert (one.id, one.name, one.fields, one.ignore) == (other.id, other.name, other.fields, other.ignore)
    assert comments(made) == comments(text)


@settings(patient, max_examples=40)
@given(documents(live=True))
def test_imported_file_is_in_form_already(document: dict[str, Any]) -> None:
    names = {"config.topicIds": {"2": "CRM: x", "70": "a # b"}}
    text = canonical.text(UUIDS[0], normal(document), RULES, schema="x", names=names).encode(errors="replace")
    if not definitions.parse({"a.yaml": text}).has_errors:
        assert reformat.form(text, "a.yaml", {}) == text
