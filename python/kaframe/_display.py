"""Tables as text and as HTML, for terminals and notebooks.

Everything shown comes from a topic, so nothing of it is trusted: control characters are escaped in text, all of it is escaped in HTML.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    #: Text of one cell; None is a null.
    Cell = str | None

#: Rows and characters of a cell that are shown.
ROWS = 10
WIDTH = 48
#: Columns of text where nothing says how wide the terminal is, and what a cell may take of them where not all columns fit.
TERMINAL = 120
NARROW = 24

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


def counted(number: int, one: str) -> str:
    """``1 row``, ``1,000 rows``."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def shape_text(rows: int, columns: int) -> str:
    """How large a table is."""
    return f"{counted(rows, 'row')} x {counted(columns, 'column')}"


def text_width(text: str) -> int:
    """Cells of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in text)
    return len(text) + wide - sum(unicodedata.combining(one) > 0 for one in text)


def html_escape(text: str) -> str:
    """Text that is only text in HTML, in attributes too."""
    text = plain(text)
    for mark, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;")):
        text = text.replace(mark, name)
    return text


def text_table(names: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Cell]], total: int) -> str:
    """Names, types and the first rows as a table of text, no wider than the terminal. Numbers are on the right.

    Where not all columns fit, cells are cut shorter; then columns in the middle are left out, and a line says so.
    """
    if not names:
        return f"({counted(total, 'row')}, no columns)"
    room = _terminal()
    lines = _lines(names, types, rows, range(len(names)), WIDTH)
    if _width(lines) > room:
        shown = _that_fit(names, types, rows, room)
        lines = _lines(names, types, rows, shown, NARROW)
        if None in shown:
            lines.append(f"({len(shown) - 1} of {counted(len(names), 'column')}: .columns names them all)")
    if total > len(rows):
        lines.append(f"… {counted(total - len(rows), 'more row')}")
    return "\n".join(lines)


def _terminal() -> int:
    """Columns of the terminal. What `shutil` does, without what `shutil` loads."""
    try:
        return max(int(os.environ["COLUMNS"]), 0) or TERMINAL
    except (KeyError, ValueError):
        pass
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or TERMINAL  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return TERMINAL


def _width(lines: Sequence[str]) -> int:
    return max(map(text_width, lines))


def _that_fit(
    names: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Cell]], room: int
) -> Sequence[int | None]:
    """Columns that fit, taken from the two ends by turns; None stands for those between them. The first and the last are always there."""
    widths = [_width(_lines(names, types, rows, [column], NARROW)) + 2 for column in range(len(names))]
    if len(names) < 3 or sum(widths) - 2 <= room:
        return range(len(names))
    front, back, left = 1, len(names) - 1, room - len("…") - widths[0] - widths[-1]
    while True:
        from_front = front <= len(names) - back
        width = widths[front if from_front else back - 1]
        if front >= back or width > left:
            return [*range(front), None, *range(back, len(names))]
        left -= width
        front, back = (front + 1, back) if from_front else (front, back - 1)


def _lines(
    names: Sequence[str],
    types: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    columns: Sequence[int | None],
    width: int,
) -> list[str]:
    """The table of these columns; None is one of dots."""
    padded = []
    for column in columns:
        cells = ["…", "…", *("…" for _ in rows)]
        if column is not None:
            values = ("null" if row[column] is None else row[column] for row in rows)
            cells = [shorten(plain(text), width) for text in (names[column], types[column], *values)]  # type: ignore[arg-type]
        wide = max(map(text_width, cells))
        right = column is not None and is_number(types[column])
        blanks = [" " * (wide - text_width(cell)) for cell in cells]
        texts = [blank + cell if right else cell + blank for cell, blank in zip(cells, blanks, strict=True)]
        padded.append([*texts[:2], "-" * wide, *texts[2:]])
    return ["  ".join(line).rstrip() for line in zip(*padded, strict=True)]


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
    more = f"<p>… {counted(total - len(rows), 'more row')}</p>" if total > len(rows) else ""
    return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>{more}"


def html_card(title: str, badge: str | None, text: str, inner: str = "") -> str:
    """A block with a title, a badge, preformatted text that can be folded away, and trusted HTML between them."""
    mark = f" <strong>[{html_escape(badge)}]</strong>" if badge else ""
    folded = "\n".join(html_escape(line) for line in text.split("\n"))
    return f"<div><p>{html_escape(title)}{mark}</p>{inner}<details><summary>details</summary><pre>{folded}</pre></details></div>"


def is_number(kind: str) -> bool:
    """Whether an Arrow type, as text, is a number."""
    return kind.lower().startswith(("int", "uint", "float", "decimal", "double", "half"))
