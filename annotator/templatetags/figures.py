"""Figures with their intervals, and spans of time, for people."""

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400


@register.filter
def duration(seconds: float) -> str:
    """Show a span of time in its largest unit, no more exactly than an estimate deserves."""
    if seconds < MINUTE:
        return _("under a minute")
    if seconds < 2 * HOUR:
        count = round(seconds / MINUTE)
        return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
    if seconds < 2 * DAY:
        return _("%(count)d hours") % {"count": round(seconds / HOUR)}
    return _("%(count)d days") % {"count": round(seconds / DAY)}


@register.inclusion_tag("admin/annotator/figure.html")
def figure(cell: Any) -> dict[str, Any]:
    """Show a figure, its interval in words and as a bar on the scale of its column; 0 to 100 across."""
    shown, scale = cell.figure, (cell.lowest, cell.highest)
    context: dict[str, Any] = {"figure": shown, "is_share": cell.is_share, "digits": cell.digits}
    if shown.value is None:
        return context
    ends = (shown.interval.low, shown.interval.high) if shown.interval else (shown.value,) * 2
    low, value, high = (_place(number, *scale) for number in (ends[0], shown.value, ends[1]))
    percent = 100 if cell.is_share else 1
    return {
        **context,
        "value": shown.value * percent,
        "low": ends[0] * percent,
        "high": ends[1] * percent,
        "bar_start": f"{low:.1f}",
        "bar_width": f"{max(high - low, 0.5):.1f}",
        "bar_value": f"{min(max(value - 1, 0), 98):.1f}",
    }


def _place(number: float, lowest: float, highest: float) -> float:
    return 100 * (number - lowest) / (highest - lowest) if highest > lowest else 50.0
