"""Figures with their intervals, and spans of time, for people."""

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
