"""Pictures of a run for the documentation: bars of rows per second, as plain SVG that looks right on light and dark pages."""

from __future__ import annotations

from html import escape

from bench.suite.turns import Measured

WIDTH, LABEL, BAR, GAP, TOP = 900, 340, 20, 8, 58
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 16px; font-weight: 600 } .note { font-size: 11px; fill: #57606a }
  .ours { fill: #0969da } .theirs { fill: #8c959f } .limit { fill: #d0d7de }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #9198a1 }
    .ours { fill: #58a6ff } .theirs { fill: #6e7681 } .limit { fill: #3d444d }
  }
"""


def bars(title: str, note: str, peers: dict[str, Measured]) -> str:
    """One bar for each reader, the fastest first; readers that failed are left out."""
    ready = {name: took["rows_per_second"] for name, took in peers.items() if "failed" not in took}
    ordered = sorted(ready.items(), key=lambda each: -each[1])
    # The raw sockets would make every reader a dot: their bars end at the edge and only their figures tell.
    longest = max((value for name, value in ordered if not name.startswith("limit")), default=1.0)
    height = TOP + len(ordered) * (BAR + GAP) + 8
    room = WIDTH - LABEL - 110
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text class="title" x="0" y="18">{escape(title)}</text>',
        f'<text class="note" x="0" y="38">{escape(note)}</text>',
    ]
    for index, (name, value) in enumerate(ordered):
        y = TOP + index * (BAR + GAP)
        kind = "ours" if name.startswith("kaframe") else "limit" if name.startswith("limit") else "theirs"
        length = max(1.0, min(room, room * value / longest))
        figure = f"{value / 1e6:.1f} M/s" if value >= 1e6 else f"{value / 1e3:.0f} k/s"
        lines += [
            f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>',
            f'<text x="{LABEL + length + 6:.1f}" y="{y + 15}">{figure}{" →" if value > longest else ""}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
