"""The plot of a run: plain SVG, a bar for each ratio of Farside to its peer.

It has a ground of its own and follows the reader's choice of light or dark, so that it can be read on any page.
"""

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

from . import report
from .figures import Spread

_WIDTH = 960
_MARGIN = 20
_BARS_X = 360
_BARS_WIDTH = 330
_HEADING_HEIGHT = 34
_ROW_HEIGHT = 26
_BAR_HEIGHT = 14
_NOTE_HEIGHT = 18

_STYLE = """
  text { font: 13px sans-serif; fill: #1f2328; }
  .heading { font-weight: bold; }
  .note { font-size: 11px; fill: #59636e; }
  .ground { fill: #ffffff; }
  .bar { fill: #4c8dd6; }
  .missed { fill: #d97a3a; }
  .whisker, .peer { stroke: #1f2328; stroke-width: 1.5; }
  .peer { stroke-dasharray: 2 3; stroke-width: 1; }
  .required { stroke: #c2185b; stroke-width: 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    .ground { fill: #0d1117; }
    .whisker, .peer { stroke: #e6edf3; }
    .required { stroke: #ff6f9f; }
  }
"""


@dataclass(frozen=True)
class Bar:
    """One ratio, with what is required of it."""

    label: str
    ratio: Spread
    required: float | None
    at_most: bool
    holds: bool | None


def bars(rows):
    """The ratios of one comparison that are drawn: IOPS of each load, processor time where some is required."""
    drawn_bars = []
    for row in (row for row in rows if row.target == "farside"):
        drawn_bars.append(Bar(report.title(row.load), row.iops_ratio, row.required.iops, False, row.iops_hold))
        if row.required.cpu is not None and row.cpu_ratio is not None:
            label = f"CPU time per I/O, {report.title(row.load)}"
            drawn_bars.append(Bar(label, row.cpu_ratio, row.required.cpu, True, row.cpu_holds))
    return drawn_bars


def drawn(results, skipped, notes):
    """The text of the SVG file.

    `results` are those of `run.measure`, `skipped` has the reasons by comparison, and the notes stand below all.
    """
    groups = [(result["what"], bars(result["rows"])) for result in results]
    reach = max([bar.ratio.max for _, group in groups for bar in group]
                + [bar.required or 0 for _, group in groups for bar in group] + [1.0])
    scale = _BARS_WIDTH / (math.ceil(reach * 2) / 2)
    parts, y = [], _MARGIN
    parts.append(_text(_MARGIN, y + 8, "Farside as a multiple of its peer", "heading"))
    parts.append(_text(_BARS_X + scale, y + 8, "peer = 1", "note", "middle"))
    y += 16
    for what, group in groups:
        y += _HEADING_HEIGHT
        parts.append(_text(_MARGIN, y - 12, what, "heading"))
        parts.append(_line(_BARS_X + scale, y - 6, _BARS_X + scale, y + len(group) * _ROW_HEIGHT - 6, "peer"))
        for bar in group:
            parts += _drawn_bar(bar, y, scale)
            y += _ROW_HEIGHT
    y += _NOTE_HEIGHT
    for name, reason in skipped.items():
        parts.append(_text(_MARGIN, y, f"{name} was skipped: {reason}", "note"))
        y += _NOTE_HEIGHT
    for note in (*notes, "Thick mark: what is required (of IOPS at least, of processor time at most). Orange: missed."):
        parts.append(_text(_MARGIN, y, note, "note"))
        y += _NOTE_HEIGHT
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}" viewBox="0 0 {_WIDTH} {y}" role="img">\n'
        f"<title>Farside beside its peers</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="ground" width="{_WIDTH}" height="{y}"/>\n{body}\n</svg>\n'
    )


def _drawn_bar(bar, y, scale):
    middle = y + _BAR_HEIGHT / 2
    left, right = _BARS_X + bar.ratio.min * scale, _BARS_X + bar.ratio.max * scale
    kind = "bar missed" if bar.holds is False else "bar"
    figures = report.spread(bar.ratio)
    if bar.required is not None:
        figures += f", at {'most' if bar.at_most else 'least'} {bar.required}"
    parts = [
        _text(_MARGIN + 12, y + 11, bar.label),
        f'<rect class="{kind}" x="{_BARS_X}" y="{y}" width="{bar.ratio.median * scale:.1f}" height="{_BAR_HEIGHT}"/>',
        _line(left, middle, right, middle, "whisker"),
        *(_line(x, middle - 4, x, middle + 4, "whisker") for x in (left, right)),
        _text(_BARS_X + _BARS_WIDTH + 16, y + 11, figures),
    ]
    if bar.required is not None:
        x = _BARS_X + bar.required * scale
        parts.append(_line(x, y - 4, x, y + _BAR_HEIGHT + 4, "required"))
    return parts


def _line(x1, y1, x2, y2, kind):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x, y, words, kind="label", anchor="start"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'
