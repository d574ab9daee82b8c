"""Where the pages send unsent work while it is entered."""

import json

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotator.errors import Refused
from annotator.forms import UNSTORABLE
from annotator.selectors.people import get_participation
from annotator.services.drafts import save_draft
from annotator.views.doors import page, person, signed_in


@page
@signed_in
@require_POST
def draft(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep what the form `?about=` holds; answer when, in milliseconds.

    Queries: session, account, participation, draft.
    """
    participation, _wave = get_participation(annotator=person(request), slug=slug)
    saved_at = save_draft(
        participation=participation,
        about=request.GET.get("about", ""),
        content=_read_content(request.POST.get("content", "")),
    )
    return HttpResponse(str(int(saved_at.timestamp() * 1000)), content_type="text/plain")


def _read_content(text: str) -> dict[str, list[str]]:
    """Return the values of each field; refuse what is anything else."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    is_draft = isinstance(content, dict) and all(
        isinstance(values, list) and all(map(_is_storable, [name, *values]))
        for name, values in content.items()
    )
    if not is_draft:
        sentence = _("The page sent something that can't be kept. Open the task again.")
        raise Refused("content", sentence, fields={"content": sentence})
    return dict(content)


def _is_storable(value: object) -> bool:
    return isinstance(value, str) and not UNSTORABLE.search(value)
