from __future__ import annotations

import json
import re
import unicodedata
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.render import escape
from tests.doubles.oracles.markdown import Rendered, rendered
from tests.doubles.oracles.runner_commands import Command, commands

FRAGMENTS = r"""
::error:: :: : ::add-mask::x ::stop-commands::x ##[ ##[group] ## # [ ] ##vso[a.b]y ##VSO[ vso[ = %0A %25 % ,
` `` ``` ~~~ | \ \| \` * ** _ ~~ <b> </td> <!-- --> <img> [a](b) ![a](b) [^1] ]: --- === &#64; &lt; &amp;user
@user @org/team https://x.test ftp://x.test www.x.test a@x.test <https://x.test>
#1 GH-12 gh-1 owner/repo#1 deadbeef 1234567 $x$ $`x`$ :smile: :+1:
Directors c_suite US CFO's (EU)
"""
NASTY = [
    *FRAGMENTS.split(),
    *("::error file=a::b", "##vso[task.setvariable variable=x]y"),
    *("- ", "+ ", "1. ", "1) ", "> ", "# ", "[ ] ", "[a]: b", "]: x ", " & ", " - "),
    *"\r\n\t \u3000\x00\x7f\x85\x9b\u2028\u202e\u2066\u061c\ufeff\u200b\u200d\u00ad\u3164\u0301\ufe0f",
    *"\U000e0041\U000e0101\ud800\udfff\ue000\u0378\U0001f525",
    *("\r\n", "  ", "\x1b[31m", "\x1b]0;x\x07", "e\u0301", "\u2764\ufe0f", "1\ufe0f\u20e3", "Z\u00fcrich"),
]
anything = st.characters(exclude_categories=())
texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(anything, max_size=4)), max_size=6).map("".join)
patient = settings(deadline=None)

# Unicode's Default_Ignorable_Code_Point: what a font is asked to draw as nothing.
DEFAULT_IGNORABLES = [
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFF9),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
]

ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U00[01][0-9a-f]{5}|[nrt])")


def unescaped(shown: str) -> str:
    """Read visible escapes back, so that what is spelled in two ways compares equal."""
    return ESCAPE.sub(lambda found: found[0].encode().decode("unicode_escape"), shown)


class TestTerminal:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Marketing directors (EU), c_suite & co: 100 %",
            r"a literal \n stays as readable as it was",
            "Z\u00fcrich, e\u0301cole",
            "\u65e5\u672c\u8a9e\u3000\u6771\u4eac",
            "\u0939\u093f\u0928\u094d\u0926\u0940",
            "\u0639\u0631\u0628\u064a \u05e2\u05d1\u05e8\u05d9\u05ea",
            "\U0001f525 \U0001f44d\U0001f3fd \u2764\ufe0f \u260e\ufe0e 1\ufe0f\u20e3",
        ],
    )
    def test_ordinary_text_of_any_script_is_unchanged(self, text: str) -> None:
        assert escape.terminal(text) == text

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("a\nb\r\tc", r"a\nb\r\tc"),
            ("\x00\x1b[31mred\x7f\x9b", r"\x00\x1b[31mred\x7f\x9b"),
            ("evil\u202etxt.exe\u2066", r"evil\u202etxt.exe\u2066"),
            ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
            ("\ud800x\udfff", r"\ud800x\udfff"),
            ("a\u200bb\u200dc\u00add\ufeff", r"a\u200bb\u200dc\xadd\ufeff"),
            ("tag\U000e0041", r"tag\U000e0041"),
            ("no\u00a0break\u2003em", r"no\xa0break\u2003em"),
            ("fill\u3164er\u2800", r"fill\u3164er\u2800"),
            ("private\ue000unassigned\u0378", r"private\ue000unassigned\u0378"),
            ("letter\ufe0f", r"letter\ufe0f"),
            ("digit1\ufe0f", r"digit1\ufe0f"),
            ("\u2764\ufe0f\ufe0f", "\u2764\ufe0f\\ufe0f"),
            ("\u0338= overlays the word before", r"\u0338= overlays the word before"),
        ],
    )
    def test_active_or_hidden_characters_become_escapes(self, text: str, shown: str) -> None:
        assert escape.terminal(text) == shown

    @pytest.mark.slow
    def test_no_character_of_unicode_gets_through_unseen(self) -> None:
        everything = "".join(map(chr, range(0x110000)))

        shown = set(escape.terminal(everything))

        categories = {unicodedata.category(char) for char in shown}
        assert categories.isdisjoint({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
        assert {char for char in shown if unicodedata.category(char) == "Zs"} == {" ", "\u3000"}
        assert shown.isdisjoint(map(chr, DEFAULT_IGNORABLES))

    @patient
    @given(texts)
    def test_the_result_is_final_encodable_and_complete(self, text: str) -> None:
        shown = escape.terminal(text)

        assert escape.terminal(shown) == shown
        assert shown.encode().decode() == shown
        assert shown.splitlines() in ([shown], [])
        if "\\" not in text:
            assert unescaped(shown) == text


class TestLogLine:
    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("::error::boom", r"\::error::boom"),
            (" \u3000::error::boom", " \u3000\\::error::boom"),
            ("a\r::error::boom", r"a\r::error::boom"),
            ("at ::error:: it is prose", "at ::error:: it is prose"),
            ("a.yaml:3:5: wrong", "a.yaml:3:5: wrong"),
            ("a ##[error]boom", r"a #\#[error]boom"),
            ("####[error]boom", r"###\#[error]boom"),
            ("##vso[task.complete]", r"#\#vso[task.complete]"),
            ("## Title [x]", "## Title [x]"),
            ("#1 in C#", "#1 in C#"),
            ("#[error]", r"\#[error]"),
            ("ends in ##", r"ends in #\#"),
            (":", r"\:"),
        ],
    )
    def test_a_command_is_broken_by_one_backslash(self, text: str, line: str) -> None:
        assert escape.log_line(text) == line

    @patient
    @given(texts)
    def test_a_line_is_no_command_and_final(self, text: str) -> None:
        line = escape.log_line(text)

        assert commands(line) == []
        assert "##[" not in line
        assert escape.log_line(line) == line
        assert line.replace("\\", "") == escape.terminal(text).replace("\\", "")

    @patient
    @given(texts.map(escape.log_line), texts)
    def test_safe_prefix_and_line_make_no_command(self, beginning: str, text: str) -> None:
        assume(escape.log_line(beginning) == beginning)

        assert commands(beginning + escape.log_line(text)) == []

    @patient
    @given(st.sampled_from(["", "  ", "  ~ ", "\x1b[33m~\x1b[0m ", "name: ", "- "]), st.lists(texts))
    def test_lines_among_our_own_words_make_no_command(self, lead: str, names: list[str]) -> None:
        assert commands("\n".join(lead + escape.log_line(name) for name in names)) == []


class TestWorkflowCommand:
    def test_what_is_special_to_the_runner_is_encoded(self) -> None:
        line = escape.workflow_command(
            "error", "50% off\nnow: a, b", file="a,b:c%.yaml", line=3, col=0, title="t"
        )

        assert line == r"::error file=a%2Cb%3Ac%25.yaml,line=3,col=0,title=t::50%25 off\nnow: a, b"

    def test_properties_without_a_value_are_left_out(self) -> None:
        assert escape.workflow_command("notice", "m", file=None, title="") == "::notice::m"

    def test_what_the_runner_would_trim_is_made_visible(self) -> None:
        line = escape.workflow_command("error", " m ", title="=a ")

        assert commands(line) == [Command("error", {"title": r"\x3da\x20"}, " m ")]

    @patient
    @given(texts, texts, texts)
    def test_the_runner_reads_what_was_put_in(self, message: str, file: str, title: str) -> None:
        line = escape.workflow_command("error", message, file=file, line=7, title=title)

        [command] = commands(line)
        values = {"file": file, "line": "7", "title": title}
        assert command.name == "error"
        assert command.message == escape.log_line(message)
        assert {key: unescaped(value) for key, value in command.properties.items()} == {
            key: unescaped(escape.log_line(value)) for key, value in values.items() if value
        }
        assert line.encode().decode() == line


class TestJsonDocument:
    def test_marker_and_delete_character_are_escaped(self) -> None:
        assert escape.json_document('{"##[a]": "\x7f#"}') == r'{"#\u0023[a]": "\u007f#"}'

    @patient
    @given(st.dictionaries(texts, texts), st.sampled_from([None, 2]))
    def test_json_value_is_kept_without_log_commands(self, value: dict[str, str], indent: int | None) -> None:
        serialized = json.dumps(value, indent=indent)

        document = escape.json_document(serialized)

        assert json.loads(document) == json.loads(serialized)
        assert commands(document) == []
        assert all(line.isascii() and line.isprintable() for line in document.split("\n"))


CONTEXTS = {
    "paragraph": "{}",
    "within words": "Name {} and more",
    "item": "- {}\n- next",
    "ordered": "1. {}",
    "quote": "> {}",
    "heading": "## {}",
    "bold": "It is **{}** here",
    "link": "[{}](https://example.com)",
    "linked item": "- [{}](https://example.com) and **{}**: {}",
    "task": "- [ ] {}",
    "lines": "{}\n{}\n{}",
    "cell": "| a | b |\n| --- | --- |\n| {} | x |\n| y | {} |",
    "header": "| {} | b |\n| --- | --- |",
    "twice": "{} then {}",
}


@cache
def harmless(context: str) -> Rendered:
    return rendered(context.replace("{}", "PLACE"))


class TestMarkdown:
    @pytest.mark.parametrize(
        "text",
        [
            "Marketing directors at software companies",
            "Sales & Marketing (EU), CFO's: 25-34 - A+B",
            "c_suite",
            "Z\u00fcrich \u2013 \u65e5\u672c \u0939\u093f\u0928\u094d\u0926\u0940 \U0001f525\u2764\ufe0f",
            "2026 plan",
            "shortened\u2026",
        ],
    )
    def test_harmless_words_stay_plain(self, text: str) -> None:
        assert escape.markdown_inline(text) == text

    @pytest.mark.parametrize(
        ("text", "written"),
        [
            ("", "(empty)"),
            ("(empty)", "`(empty)`"),
            ("  ", r"`\x20\x20`"),
            (" a ", "`  a  `"),
            (" a", "` a`"),
            ("a\nb", r"`a\nb`"),
            ("@user", "`@user`"),
            ("#1", "`#1`"),
            ("GH-12", "`GH-12`"),
            ("deadbeef", "`deadbeef`"),
            ("1234567", "`1234567`"),
            ("1) list", "`1) list`"),
            ("1. list", "`1. list`"),
            ("www.x.test", "`www.x.test`"),
            ("a: +1: b", "`a: +1: b`"),
            ("\U0001f525_a_\U0001f525", "`\U0001f525_a_\U0001f525`"),
            ("full\uff08width", "`full\uff08width`"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("``x", "``` ``x ```"),
            ("x:smile:y", "`x:smile:y`"),
            ("##[error]", r"`#\#[error]`"),
            ("US | CFO", r"US \| CFO"),
            ("@a|b", r"`@a`\|`b`"),
            ("|", r"\|"),
            ("a | |", r"`a `\|`\x20`\|"),
            ("\\|", r"`\`\|"),
            ("]|[a]: b", r"`]`\|`[a`\]`: b`"),
        ],
    )
    def test_the_rest_becomes_code(self, text: str, written: str) -> None:
        assert escape.markdown_inline(text) == written

    @pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS.keys())
    @patient
    @given(text=texts)
    def test_it_is_shown_whole_and_does_nothing(self, context: str, text: str) -> None:
        expected = harmless(context)
        document = context.replace("{}", escape.markdown_inline(text))

        result = rendered(document)

        assert result.shape == expected.shape
        assert result.references == frozenset()
        assert unescaped(result.text) == unescaped(
            expected.text.replace("PLACE", escape.log_line(text) or escape.EMPTY)
        )
        assert commands(document) == []
        assert document.encode().decode() == document


class TestMarkdownFence:
    def test_the_fence_is_longer_than_what_is_inside(self) -> None:
        assert escape.markdown_fence("a\n````\n") == "`````\na\n````\n`````"

    def test_fence_keeps_lines_and_makes_each_safe(self) -> None:
        assert (
            escape.markdown_fence("+ a\x1b\r\n::error::x", "diff")
            == "```diff\n+ a\\x1b\\r\n\\::error::x\n```"
        )

    @patient
    @given(st.lists(st.one_of(texts, st.just("\n"))).map("".join))
    def test_nothing_gets_out(self, text: str) -> None:
        document = f"Before\n\n{escape.markdown_fence(text, 'text')}\n\nAfter"

        result = rendered(document)

        lines = [escape.log_line(line) for line in text.removesuffix("\n").split("\n")]
        assert result.shape == rendered("Before\n\n```text\n```\n\nAfter").shape
        assert result.text == "\n".join(["Before", *lines, "", "After"])
        assert commands(document) == []
        assert document.encode().decode() == document


class TestClip:
    @pytest.mark.parametrize(
        ("text", "limit", "clipped"),
        [
            ("short", 5, "short"),
            ("longer", 5, "long\u2026"),
            ("cafe\u0301s", 5, "caf\u2026"),
            ("\u0301\u0301\u0301", 2, "\u2026"),
        ],
    )
    def test_a_long_text_ends_in_an_ellipsis(self, text: str, limit: int, clipped: str) -> None:
        assert escape.clip(text, limit) == clipped

    @patient
    @given(st.text(anything, max_size=300))
    def test_clip_is_a_prefix_within_the_limit(self, text: str) -> None:
        clipped = escape.clip(text)

        assert len(clipped) <= 200
        assert clipped == text or text.startswith(clipped.removesuffix("\u2026"))
        assert escape.clip(clipped) == clipped


class TestTheJudges:
    """An oracle that sees nothing proves nothing."""

    @pytest.mark.parametrize(
        ("output", "found"),
        [
            (
                "::error file=a%2Cb,line=1::50%25%0Amore",
                Command("error", {"file": "a,b", "line": "1"}, "50%\nmore"),
            ),
            ("ok\n \xa0\t::debug::x", Command("debug", {}, "x")),
            ("ok\r::debug::x", Command("debug", {}, "x")),
            ("text ##[group]x", Command("group", {}, "x")),
            ("##[error file=a%3Bb;line=2]x%5D", Command("error", {"file": "a;b", "line": "2"}, "x]")),
            ("a ##VSO[task.setvariable variable=b]c", Command("task.setvariable", {"variable": "b"}, "c")),
            ("::error a==b,c=,=d,e=f ::m", Command("error", {"a": "b", "e": "f"}, "m")),
        ],
    )
    def test_the_runner_finds_its_commands(self, output: str, found: Command) -> None:
        assert commands(output) == [found]

    @pytest.mark.parametrize(
        "output", ["", "a ::error::x", "::error: x", "##[error", "# #[error]x", r"\::error::x"]
    )
    def test_the_runner_leaves_the_rest_alone(self, output: str) -> None:
        assert commands(output) == []

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "@user",
                "#1",
                "GH-12",
                "o/r#1",
                "deadbeef",
                "www.x.test",
                "https://x.test",
                "a@x.test",
                "$x$",
                ":x:",
            ),
            *(
                "*a*",
                "**a**",
                "~~a~~",
                "[a](b)",
                "![a](b)",
                "<b>",
                "<!-- a -->",
                "<https://x.test>",
                "a | b",
                "a\nb",
            ),
            *("&#64;user", "\\@user"),
        ],
    )
    def test_the_reader_of_markdown_sees_what_acts(self, text: str) -> None:
        document = "| a | b |\n| --- | --- |\n| {} | x |"
        result = rendered(document.replace("{}", text))

        inert = rendered(document.replace("{}", "PLACE"))
        assert (
            result.references
            or result.shape != inert.shape
            or result.text != inert.text.replace("PLACE", text)
        )
