"""The look of a page. Its hash is in the policy, so a browser takes this style and no other."""

STYLE = """
:root {
  --page: #f4f5f7; --card: #fff; --text: #1b2430; --quiet: #56616f; --line: #dfe3e8; --link: #0b57b0;
  --was: #9aa5b4; --more: #1f8a5b; --fewer: #c2630a; --same: #9aa5b4; --now: #2f6fd0; --track: #eceff3;
  --good: #12693f; --good-back: #e5f5ec; --look: #8a5200; --look-back: #fdf1dc; --bad: #a4201d;
  --bad-back: #fde9e8;
  --in: #0f5f39; --in-back: #e2f4ea; --out: #8f1d1a; --out-back: #fbe6e5; --plain-back: #eef1f5;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1b2129; --text: #e6eaf0; --quiet: #a3aebb; --line: #303945;
    --link: #86b7ff;
    --was: #6d7887; --more: #3fb27f; --fewer: #e08a3c; --same: #6d7887; --now: #5b9bf8;
    --track: #262e38;
    --good: #7fd8a9; --good-back: #14301f; --look: #f3c274; --look-back: #35280f; --bad: #ff9d97;
    --bad-back: #3a1a1a;
    --in: #8fe0b4; --in-back: #16351f; --out: #ffaaa4; --out-back: #3d1c1c; --plain-back: #28303a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 62rem; background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, h3, h4, p, ul, dl, dd { margin: 0; }
h1 { font-size: 1.75rem; line-height: 1.2; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1.15rem; line-height: 1.3; }
h4 { font-size: .95rem; }
ul { padding: 0; list-style: none; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, summary:focus-visible {
  outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px;
}
code, pre { font: .85em/1.5 ui-monospace, SFMono-Regular, Menlo, "Liberation Mono", monospace; }
code { background: var(--plain-back); padding: .1em .3em; border-radius: 4px; }
.heard {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}

.verdict { padding: 1.25rem 1.5rem; border-radius: 12px; border-left: 8px solid; }
.verdict.good { background: var(--good-back); border-color: var(--good); }
.verdict.look { background: var(--look-back); border-color: var(--look); }
.verdict.bad { background: var(--bad-back); border-color: var(--bad); }
.good h1 { color: var(--good); } .look h1 { color: var(--look); } .bad h1 { color: var(--bad); }
.headline { font-size: 1.15rem; font-weight: 600; margin: .25rem 0 .5rem; }
.verdict ul { list-style: disc; padding-left: 1.2rem; margin-top: .4rem; }
.verdict ul ul { list-style: circle; }
.verdict > p ~ p { margin-top: .6rem; }
.verdict li { margin: .3rem 0; }
.partial { margin-top: 1rem; font-weight: 600; }

.counts { display: flex; flex-wrap: wrap; gap: .6rem; margin-top: 1rem; }
.counts li {
  flex: 1 1 7rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .6rem .9rem; color: var(--quiet);
}
.counts b { display: block; font-size: 1.5rem; line-height: 1.2; color: var(--text); }

.slots { display: flex; flex-wrap: wrap; gap: 5px; margin-bottom: .6rem; }
.slot { width: 1.5rem; height: 1.1rem; border-radius: 4px; border: 2px solid var(--was); }
.slot.kept { background: var(--was); }
.slot.starts { background: var(--more); border-color: var(--more); }
.slot.over { background: var(--bad); border-color: var(--bad); }

table {
  width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px;
}
th, td {
  text-align: left; vertical-align: top; padding: .6rem .9rem; border-top: 1px solid var(--line);
  font-weight: 400;
}
thead th { border-top: 0; color: var(--quiet); font-size: .85rem; }
.count { font-variant-numeric: tabular-nums; white-space: nowrap; width: 38%; }
.pair { display: inline-block; width: 9rem; max-width: 100%; margin-right: .75rem; vertical-align: middle; }
.pair svg { display: block; margin-bottom: 2px; }

.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 1.1rem 1.4rem; margin-bottom: 1rem;
}
.card:target { outline: 3px solid var(--link); }
.title {
  display: flex; flex-wrap: wrap; gap: .3rem .8rem; align-items: baseline;
  justify-content: space-between;
}
.badges { display: flex; gap: .4rem; }
.badge {
  display: inline-block; font-size: .8rem; font-weight: 600; padding: .05rem .55rem;
  border-radius: 1rem; background: var(--plain-back); color: var(--text);
}
th .badge { margin-right: .3rem; }
.badge.starts { background: var(--in-back); color: var(--in); }
.badge.drift { background: var(--look-back); color: var(--look); }
.badge.bad { background: var(--bad-back); color: var(--bad); }
.body { display: grid; grid-template-columns: minmax(0, 1fr) 15rem; gap: 0 2rem; margin: .35rem 0 .4rem; }
.sentence { margin-bottom: .6rem; }

.bar { display: block; width: 100%; overflow: visible; }
.track { fill: var(--track); }
.was, .same { fill: var(--was); }
.more { fill: var(--more); }
.fewer { fill: var(--fewer); }
.now { fill: var(--now); }
.people { margin: .8rem 0; }
.row {
  display: grid; grid-template-columns: 4rem 1fr minmax(4.5rem, auto); gap: .75rem;
  align-items: center; margin: .15rem 0;
}
.key, .said, .unknown { color: var(--quiet); font-size: .9rem; }
.said b { color: var(--text); }
.number { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.said { margin-top: .25rem; }
.funnel { margin: .8rem 0; }
.funnel h4 { color: var(--quiet); font-size: .9rem; font-weight: 400; margin-bottom: .2rem; }
.funnel ol { list-style: none; margin: 0; padding: 0; }
.funnel li {
  display: grid; grid-template-columns: 11rem 1fr 4.5rem 7rem; grid-template-areas: "step bar number taken";
  gap: .1rem .75rem; align-items: center; margin: .2rem 0; font-size: .92rem;
}
.funnel .step { grid-area: step; }
.funnel .bar { grid-area: bar; }
.funnel .number { grid-area: number; }
.taken { grid-area: taken; color: var(--quiet); font-size: .85rem; }
.range { flex: 1 0 100%; margin-top: .2rem; }
.range p { display: flex; justify-content: space-between; color: var(--quiet); font-size: .8rem; }

dl > div { display: grid; grid-template-columns: 10rem minmax(0, 1fr); gap: .1rem .9rem; padding: .3rem 0; }
dt { color: var(--quiet); font-size: .9rem; }
.fields { padding: .2rem 0; }
.fields dd { display: flex; flex-wrap: wrap; gap: .35rem; align-items: center; }
.chip { border-radius: 6px; padding: .05rem .5rem; font-size: .92rem; }
.chip.before { background: var(--plain-back); color: var(--quiet); }
.chip.after { background: var(--plain-back); font-weight: 600; }
.chip.added { background: var(--in-back); color: var(--in); }
.chip.removed { background: var(--out-back); color: var(--out); }
.chip.removed bdi { text-decoration: line-through; }
.sign { font-weight: 700; margin-right: .25rem; }
.to, .note { color: var(--quiet); }
.note { font-size: .9rem; }
.drifted { background: var(--look-back); border-radius: 8px; padding: .7rem .9rem; margin: .6rem 0; }
.drifted h4 { color: var(--look); }
.facts { font-size: .95rem; }
.body .facts { border-left: 1px solid var(--line); padding-left: 1.2rem; font-size: .9rem; }
.body .facts > div { display: block; padding: 0 0 .5rem; }
.body .facts dt { font-size: .8rem; }
.exact { font-size: .9rem; }
summary { cursor: pointer; color: var(--quiet); }
pre {
  margin: .5rem 0 0; padding: .7rem .9rem; background: var(--plain-back); border-radius: 8px;
  white-space: pre-wrap;
}
.notes ul { list-style: disc; padding-left: 1.2rem; }
.notes li { margin: .25rem 0; }
.owned { margin-bottom: .4rem; }
.owned dt bdi { display: block; }
.owned ul { margin: -.2rem 0 0; }
.owned li {
  display: inline-block; margin: 0 .4rem .4rem 0; padding: .15rem .6rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 6px;
}
footer {
  margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet);
  font-size: .85rem;
}

@media (max-width: 40rem) {
  body { padding: .75rem .75rem 2rem; }
  .verdict, .card { padding: 1rem; }
  dl > div, .body { grid-template-columns: minmax(0, 1fr); }
  .body .facts { border-left: 0; border-top: 1px solid var(--line); padding: .6rem 0 0; margin-top: .4rem; }
  .row { grid-template-columns: 3.2rem 1fr auto; gap: .5rem; }
  .funnel li {
    grid-template-columns: 1fr auto; grid-template-areas: "step number" "bar bar" "taken taken";
    margin: .5rem 0;
  }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, th, td, .count { display: block; width: auto; }
  tr { display: flex; flex-wrap: wrap; gap: 0 .75rem; }
  tbody th { flex: 1 0 100%; }
  .pair { width: 5rem; margin-right: .4rem; }
  tbody tr { border-top: 1px solid var(--line); padding: .6rem .9rem; }
  tbody th, tbody td { border: 0; padding: .1rem 0; }
}
@media print {
  :root {
    --page: #fff; --card: #fff; --text: #000; --quiet: #444; --line: #bbb; --link: #000; --track: #eee;
    --was: #9aa5b4; --more: #1f8a5b; --fewer: #c2630a; --same: #9aa5b4; --now: #2f6fd0;
    --good: #12693f; --good-back: #fff; --look: #8a5200; --look-back: #fff; --bad: #a4201d;
    --bad-back: #fff;
    --in: #0f5f39; --in-back: #fff; --out: #8f1d1a; --out-back: #fff; --plain-back: #fff;
    color-scheme: light;
  }
  html { font-size: 9.5pt; }
  body { padding: 0 1px; max-width: none; }
  .card, .counts li, tr, .verdict { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .chip, .badge, pre { border: 1px solid var(--line); }
  svg, .slot { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .exact { display: none; }
  .body { grid-template-columns: minmax(0, 1fr) 14rem; }
  .fields > div { grid-template-columns: 8rem minmax(0, 1fr); }
  .drifted { border: 1px solid var(--line); }
  a { text-decoration: none; }
}
"""
