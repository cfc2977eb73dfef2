"""Tables as text and as HTML, for terminals and notebooks.

Everything shown comes from a topic, so nothing of it is trusted: control characters are escaped in text, all of it is escaped in HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    #: Text of one cell; None is a null.
    Cell = str | None

#: Rows and characters of a cell that are shown.
ROWS = 10
WIDTH = 48

# C0, DEL, C1, and the characters that turn the direction of writing or hide: U+200B-200F, U+202A-202E, U+2060-2069, U+FEFF.
_UNSAFE = {
    code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    for code in (
        *range(32),
        *range(127, 160),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x206A),
        0xFEFF,
    )
}
_UNSAFE.update({9: "\\t", 10: "\\n", 13: "\\r"})


def plain(text: str) -> str:
    """Text on one line that cannot steer a terminal."""
    return text.translate(_UNSAFE)


def shorten(text: str, width: int = WIDTH) -> str:
    """Text of at most ``width`` characters."""
    return text if len(text) <= width else text[: width - 1] + "…"


def html_escape(text: str) -> str:
    """Text that is only text in HTML, in attributes too."""
    text = plain(text)
    for mark, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;")):
        text = text.replace(mark, name)
    return text


def text_table(names: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Cell]], total: int) -> str:
    """Names, types and the first rows as a table of text. Numbers are on the right."""
    if not names:
        return f"({total:,} rows, no columns)"
    head = [[shorten(plain(name)) for name in names], [shorten(plain(kind)) for kind in types]]
    body = [["null" if cell is None else shorten(plain(cell)) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in (*head, *body)) for column in range(len(names))]
    right = [is_number(kind) for kind in types]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(cells, widths, right, strict=True)
        ).rstrip()

    lines = [line(head[0]), line(head[1]), "  ".join("-" * width for width in widths), *map(line, body)]
    if total > len(rows):
        lines.append(f"… {total - len(rows):,} more rows")
    return "\n".join(lines)


def html_table(names: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Cell]], total: int) -> str:
    """Names, types and the first rows as a table of HTML."""
    header = "".join(
        f"<th>{html_escape(shorten(name))}<br><small>{html_escape(shorten(kind))}</small></th>"
        for name, kind in zip(names, types, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            "<td><em>null</em></td>" if cell is None else f"<td>{html_escape(shorten(cell))}</td>" for cell in row
        )
        + "</tr>"
        for row in rows
    )
    more = f"<p>… {total - len(rows):,} more rows</p>" if total > len(rows) else ""
    return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>{more}"


def html_card(title: str, badge: str | None, text: str, inner: str = "") -> str:
    """A block with a title, a badge, preformatted text that can be folded away, and trusted HTML between them."""
    mark = f" <strong>[{html_escape(badge)}]</strong>" if badge else ""
    folded = "\n".join(html_escape(line) for line in text.split("\n"))
    return f"<div><p>{html_escape(title)}{mark}</p>{inner}<details><summary>details</summary><pre>{folded}</pre></details></div>"


def is_number(kind: str) -> bool:
    """Whether an Arrow type, as text, is a number."""
    return kind.lower().startswith(("int", "uint", "float", "decimal", "double", "half"))
