"""A comment as GitHub shows it, near enough for a picture of it."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

_ALERT = re.compile(r"<blockquote>\s*<p>\[!(\w+)\]\s*(?:<br />\s*)?(.*?)</blockquote>", re.DOTALL)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
_MOMENT = "2026-05-04 09:02 UTC"  # so that the picture changes with what it shows alone
_STYLE = """
body {
  margin: 0; padding: 16px; background: #fff; color: #1f2328;
  font: 14px/1.5 system-ui, "Noto Sans", sans-serif;
}
.comment { border: 1px solid #d1d9e0; border-radius: 6px; }
.by {
  padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0;
  color: #59636e;
}
.by b { color: #1f2328; }
.by i { font-style: normal; font-size: 12px; padding: 0 7px; border: 1px solid #d1d9e0; border-radius: 2em; }
.body { padding: 16px; }
.body > *:first-child { margin-top: 0; }
.body > *:last-child { margin-bottom: 0; }
h3 { font-size: 17.5px; line-height: 1.25; margin: 0 0 16px; }
p, ul, table, details, .alert { margin: 0 0 16px; }
ul { padding-left: 2em; }
li + li { margin-top: .25em; }
a { color: #0969da; }
code {
  font: 85% ui-monospace, "DejaVu Sans Mono", monospace; background: #818b981f; padding: .2em .4em;
  border-radius: 6px;
}
table { border-collapse: collapse; }
th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; vertical-align: top; }
th { font-weight: 600; }
tr:nth-child(even) td { background: #f6f8fa; }
sub { font-size: 75%; line-height: 1.4; vertical-align: baseline; color: inherit; }
.alert { padding: 8px 16px; border-left: 4px solid #9a6700; }
.alert .title { color: #9a6700; font-weight: 600; }
.alert.CAUTION { border-color: #cf222e; }
.alert.CAUTION .title { color: #cf222e; }
.alert > *:last-child { margin-bottom: 0; }
"""


def page(markdown: str) -> str:
    """Return a page with the comment alone."""
    parser = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable("table")
    body = _ALERT.sub(_alert, parser.render(_TIME.sub(_MOMENT, markdown)))
    by = "<b>github-actions</b> <i>bot</i> commented"
    shown = f'<div class="comment"><div class="by">{by}</div><div class="body">{body}</div></div>'
    return f'<!doctype html><meta charset="utf-8"><title>Comment</title><style>{_STYLE}</style>{shown}'


def _alert(found: re.Match[str]) -> str:
    kind, content = found.groups()
    return f'<div class="alert {kind}"><p class="title">{kind.capitalize()}</p><p>{content}</div>'
