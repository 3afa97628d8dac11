"""How the HTML page looks: dark and light, on a phone and on paper. Nothing is fetched."""

from __future__ import annotations

import base64
import hashlib

CSS = """
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--text:#1b2430;--soft:#566070;--line:#d9dee6;
--before:#8a96a8;--after:#2456c9;--add:#0b6b3a;--add-back:#e2f5ea;--cut:#a4232b;--cut-back:#fdeaea;
--look:#7a4d00;--look-back:#fff4dc;--calm-back:#e9effb;--calm:#1d4497}
@media (prefers-color-scheme:dark){:root{--page:#12161c;--card:#1b212a;--text:#e8ecf2;--soft:#a9b4c3;
--line:#343d4a;--before:#7f8b9c;--after:#7aa5ff;--add:#7fdca6;--add-back:#143524;--cut:#ff9d9f;
--cut-back:#42191d;--look:#ffcf7d;--look-back:#3b2d10;--calm-back:#1a2a4a;--calm:#a9c5ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);overflow-wrap:anywhere;
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:56rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.05rem;margin:0 0 .75rem;color:var(--soft);font-weight:600}
h2{font-size:1.2rem;margin:2rem 0 .75rem}
h3{font-size:1.1rem;margin:0}
h4{font-size:.9rem;margin:.9rem 0 .2rem}
p{margin:.4rem 0}
ul{margin:.4rem 0;padding-left:1.2rem}
li{margin:.25rem 0}
code{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.92em}
.verdict,.card,.note{background:var(--card);border:1px solid var(--line);border-radius:.75rem;
padding:1rem 1.2rem}
.verdict{border-left-width:.5rem}
.verdict>p:first-child{font-size:1.6rem;font-weight:700;line-height:1.2;margin:0 0 .3rem}
.ready{border-left-color:var(--add)}.ready>p:first-child{color:var(--add)}
.look{border-left-color:var(--look)}.look>p:first-child{color:var(--look)}
.refused{border-left-color:var(--cut)}.refused>p:first-child{color:var(--cut)}
.nothing{border-left-color:var(--calm)}.nothing>p:first-child{color:var(--calm)}
.card{margin:0 0 1rem;break-inside:avoid}
.head{display:flex;flex-wrap:wrap;gap:.4rem .7rem;align-items:center}
.tag{border-radius:1rem;padding:.05rem .65rem;font-size:.85rem;font-weight:600;
background:var(--calm-back);color:var(--calm)}
.tag.warn{background:var(--look-back);color:var(--look)}
.soft{color:var(--soft);font-size:.9rem}
.bars{display:grid;grid-template-columns:auto 1fr auto;
gap:.25rem .7rem;align-items:center;margin:.8rem 0 .2rem}
.bars svg{display:block;width:100%;height:1rem}
.bars .number{text-align:right;font-variant-numeric:tabular-nums}
.before{fill:var(--before)}.after{fill:var(--after)}
.track{fill:var(--line)}
.chips{display:flex;flex-wrap:wrap;gap:.35rem;list-style:none;padding:0}
.chips li{margin:0;max-width:100%}
ins,del{display:inline-block;max-width:100%;border-radius:.4rem;padding:.05rem .5rem;font-size:.92rem;
text-decoration:none}
ins{background:var(--add-back);color:var(--add)}
del{background:var(--cut-back);color:var(--cut)}
del>span{text-decoration:line-through}
.drift{margin-top:.9rem;background:var(--look-back);border-radius:.5rem;padding:.6rem .9rem}
.drift h4{margin-top:0;color:var(--look)}
summary{cursor:pointer;margin:2rem 0 .5rem}
summary:focus-visible,pre:focus-visible{outline:3px solid var(--after);outline-offset:2px}
pre{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.8rem;
white-space:pre-wrap;font:.85rem/1.45 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
footer{margin-top:2rem;border-top:1px solid var(--line);padding-top:.6rem}
@media (max-width:30rem){main{padding:1rem .6rem 2rem}.verdict,.card,.note{padding:.8rem .9rem}
.verdict>p:first-child{font-size:1.35rem}}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--text:#000;--soft:#444;--line:#999;
--before:#888;--after:#222;--add:#000;--add-back:#fff;--cut:#000;--cut-back:#fff;--look:#000;--look-back:#fff;--calm:#000;
--calm-back:#fff}body{font-size:11pt}main{max-width:none;padding:0}ins,del,.tag,.drift{border:1px solid #999}
svg rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
