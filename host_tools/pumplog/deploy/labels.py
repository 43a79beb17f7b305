"""Labels for boards, as one SVG sheet: name, check code, and a QR code that carries no secret.

The QR code holds PUMPLOG:NAME, what the board says on the air anyway. The check code is for the eye of
who stands at the board, never for a camera or the radio.
"""

from __future__ import annotations

from html import escape

from ..extras import require

WIDTH_MM, HEIGHT_MM = 62, 29  # a common size of label printers' rolls
_COLUMNS = 3
_QR_MM = 21.0
_QUIET = 4  # modules of white around it, as the standard wants


def qr_text(name: str) -> str:
    """Returns what the QR code of a board says."""
    return f"PUMPLOG:{name}"


def sheet(boards: list[tuple[str, int]]) -> str:
    """Returns an SVG with a label for each (name, check code), three a row, in millimetres."""
    columns = min(_COLUMNS, len(boards))
    rows = -(-len(boards) // _COLUMNS)
    width_mm, height_mm = columns * WIDTH_MM, rows * HEIGHT_MM
    body = "\n".join(
        f'<g transform="translate({n % _COLUMNS * WIDTH_MM},{n // _COLUMNS * HEIGHT_MM})">'
        f'{_label(*board)}</g>'
        for n, board in enumerate(boards))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm}mm" height="{height_mm}mm"'
            f' viewBox="0 0 {width_mm} {height_mm}" font-family="sans-serif">\n{body}\n</svg>\n')


def _label(name: str, check_code: int) -> str:
    code = require("board", "segno").make(qr_text(name), error="m", micro=False)
    modules = code.symbol_size(border=_QUIET)[0]
    path = code.svg_inline(border=_QUIET, omitsize=True, svgclass=None, lineclass=None)
    scale = _QR_MM / modules
    return (
        f'<rect width="{WIDTH_MM}" height="{HEIGHT_MM}" fill="#fff" stroke="#bbb" stroke-width="0.1"/>'
        f'<g transform="translate(2,4) scale({scale:.4f})">{_inner(path)}</g>'
        f'<text x="25" y="10" font-size="7" font-weight="bold">{escape(name)}</text>'
        f'<text x="25" y="17" font-size="4.2">check {check_code:06d}</text>'
        '<text x="25" y="22" font-size="2.6">pumplog: logs only, no alarm</text>'
        '<text x="25" y="26" font-size="2.6">calibration due ____________</text>')


def _inner(svg: str) -> str:
    """Returns what stands inside an svg element."""
    return svg[svg.index(">") + 1 : svg.rindex("</svg>")]
