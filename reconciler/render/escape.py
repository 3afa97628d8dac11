r"""The one door through which text from outside reaches a terminal, a CI log, Markdown, HTML or JSON.

Names, messages and file names come from files, dashboards and servers; each medium has one function here.
What could act is shown as an escape that programmers know: `\n`, `\x1b`, `\u202e`. A backslash that was in
the text stays as it is, because a readable name is worth more here than a reversible one. Apply a function
once, at the end, and `clip` before it, so that no escape is cut in two.
"""

from __future__ import annotations

import html
import re
import unicodedata

EMPTY = "(empty)"

# Letters and marks by category, and yet nothing to see: Unicode's default ignorables (variation selectors,
# fillers, joiners) and the blank Braille pattern. `str.isprintable` refuses every other invisible character.
_BLANKS = frozenset(
    map(
        chr,
        [
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE0E),
            *range(0xE0100, 0xE01F0),
        ],
    )
)

# U+FE0E and U+FE0F choose between a symbol's text and emoji form: ordinary after a symbol and in a keycap,
# invisible anywhere else.
_SYMBOL = "\xa9\xae\u203c-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
# These patterns are compiled at their first use: most commands end without one.
_STRAY_SELECTOR = (
    f"[\ufe0e\ufe0f](?:(?<![0-9#*{_SYMBOL}][\ufe0e\ufe0f])|(?<=[0-9#*][\ufe0e\ufe0f])(?!\u20e3))"
)

# GitHub's runner obeys `::name::` after leading blanks and `##[name]` anywhere; Azure's obeys `##vso[`. The
# alternatives at an end of the text keep two harmless pieces from meeting as one command.
_COMMAND_OPENING = re.compile(r"\A\s*(?=:(?::|\Z))|\A(?=#\w*\[)|(?<=#)(?=#\w*(?:\[|\Z))")

# The runner drops a `=` that opens a property's value and a blank that ends the last one.
_TRIMMED_BY_RUNNER = re.compile(r"\A=|\s\Z")

# Words joined by what means nothing in Markdown. `_` counts only between ASCII letters and digits, where it
# is never emphasis; a colon only before a space, where it ends no emoji shortcode and no URL scheme. A bar is
# the exception: it is escaped on the way out.
_WORD = r"[0-9A-Za-z\x80-\U0010ffff]+"
_JOINT = r"(?:(?<=[0-9A-Za-z])_(?=[0-9A-Za-z])|[-+'(,)]|\)?(?:,|:| &| -| \|)? \(?)"
_PLAIN = rf"{_WORD}(?:{_JOINT}{_WORD})*\)?"
_PLAIN_CATEGORIES = frozenset(
    {"Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl", "No", "Sk", "So"},
)
_PLAIN_PUNCTUATION = frozenset("\u2013\u2019\u2026")  # en dash, apostrophe, ellipsis

# What GitHub links although it is only letters and digits (a commit, `GH-12`), and what opens a list.
_ACTIVE_WORDS = r"(?i:[0-9a-f]{7}|gh-\d|\A\d+\))"

# What code cannot hold: a bar ends a table's cell even there, and `]:` makes a link's text at the start of a
# line a reference definition, which is found before any code is.
_PIECES = r"(\||\](?=:))|(?:[^|\]]+|\](?!:))+"

_BACKTICKS = re.compile(r"`+")


def clip(text: str, limit: int = 200) -> str:
    """Shorten to at most `limit` characters, ending in `…`; a letter keeps its accents or goes with them."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and _is_mark(text[end]):
        end -= 1
    return f"{text[:end]}…"


def terminal(text: str) -> str:
    """Show as one line in which nothing moves the cursor, reorders, hides or fails to encode.

    Control, format (zero-width joiners too), bidirectional, surrogate, private and unassigned characters
    become escapes, as do blanks other than a space and U+3000, and an accent with nothing to sit on.
    """
    if text.isascii() and text.isprintable():
        return text
    escapes = {ord(char): _visible(char) for char in set(text) if not _is_seen(char)}
    shown = re.sub(_STRAY_SELECTOR, lambda stray: _visible(stray[0]), text.translate(escapes))
    return _visible(shown[0]) + shown[1:] if _is_mark(shown[0]) else shown


def log_line(text: str) -> str:
    r"""Make one complete line of output that no CI runner takes for a command: `\::error::`, `#\#[group]`.

    Add colour afterwards: an escape sequence that is in `text` is shown, not obeyed.
    """
    return _COMMAND_OPENING.sub(r"\g<0>\\", terminal(text))


def command_property(text: str) -> str:
    """Encode a value of a workflow command's `key=value`."""
    kept = _TRIMMED_BY_RUNNER.sub(lambda lost: _visible(lost[0]), log_line(text))
    return kept.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def command_message(text: str) -> str:
    """Encode what follows a workflow command's second `::`; it stays one line."""
    return log_line(text).replace("%", "%25")


def workflow_command(name: str, message: str, **properties: str | int | None) -> str:
    """Write GitHub's `::name key=value,…::message`, without the properties that are None or empty.

    `name` and the keys are ours; the message and the values may come from anywhere.
    """
    given = {key: str(value) for key, value in properties.items() if value not in (None, "")}
    pairs = [f"{key}={command_property(value)}" for key, value in given.items()]
    head = f"{name} {','.join(pairs)}" if pairs else name
    return f"::{head}::{command_message(message)}"


def json_document(serialized: str) -> str:
    r"""Spell a JSON document's `##` as `#\u0023` and DEL as `\u007f`: the same value, and safe in a CI log.

    Both occur only inside strings. The rest is `json.dumps`' work, with its `ensure_ascii` left on.
    """
    return serialized.replace("##", r"#\u0023").replace("\x7f", r"\u007f")


def markdown_inline(text: str) -> str:
    r"""Write inline Markdown that shows `log_line(text)` and does nothing: no link, mention, HTML or cell.

    Harmless words stay plain and the rest becomes code, cut at each `|`: outside of code, `\|` is a bar in a
    table and elsewhere. Not idempotent. Put a space or a word between one result and the next, never a
    backtick or a backslash, and never put one on a line that HTML opens: nothing is Markdown there.
    """
    shown = log_line(text)
    if not shown:
        return EMPTY
    if _is_plain(shown):
        return shown.replace("|", r"\|")
    return re.sub(_PIECES, lambda piece: f"\\{piece[1]}" if piece[1] else _code_span(piece[0]), shown)


def markdown_fence(text: str, language: str = "") -> str:
    """Write a fenced code block that `text` cannot leave: each line a `log_line`, a last newline dropped.

    A newline in `text` is a line break, so a value inside a line goes through `terminal` first; `language`
    is ours.
    """
    fence = "`" * max(3, _longest_run(text) + 1)
    lines = [log_line(line) for line in text.removesuffix("\n").split("\n")]
    return "\n".join([f"{fence}{language}", *lines, fence])


def html_text(text: str) -> str:
    """Write `log_line(text)` for HTML: between tags, or in an attribute's quotes."""
    return html.escape(log_line(text))


def _visible(char: str) -> str:
    escape = char.encode("unicode_escape").decode("ascii")
    return escape if escape != char else f"\\x{ord(char):02x}"


def _is_seen(char: str) -> bool:
    return (char.isprintable() or char == "\u3000") and char not in _BLANKS


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _is_plain(shown: str) -> bool:
    return (
        re.fullmatch(_PLAIN, shown) is not None
        and re.search(_ACTIVE_WORDS, shown) is None
        and (shown.isascii() or all(map(_is_plain_char, set(shown))))
    )


def _is_plain_char(char: str) -> bool:
    return char.isascii() or char in _PLAIN_PUNCTUATION or unicodedata.category(char) in _PLAIN_CATEGORIES


def _code_span(shown: str) -> str:
    if shown.isspace():
        shown = "".join(map(_visible, shown))
    fence = "`" * (_longest_run(shown) + 1)
    # Markdown takes one space from each end when both have one, and a backtick must not touch the fence.
    pad = " " if shown[0] + shown[-1] == "  " or "`" in shown[0] + shown[-1] else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)
