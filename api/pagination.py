"""Pages along the id: constant cost at any depth, and no row twice while others are added."""

import re
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import pagination
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request

from annotator.models.fields import LARGEST_ID

ASCII_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.ASCII)


class CursorPagination(pagination.CursorPagination):
    """`results`, `next`, `previous`; nonsense in `cursor` or `page_size` is refused, never guessed at."""

    ordering = "id"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """Return the page; links to others begin with the address people know, not the one a proxy used."""
        page: Any = super().paginate_queryset(queryset, request, view)
        self.base_url = settings.PUBLIC_URL + request.get_full_path()
        return page

    def get_page_size(self, request: Request) -> int:
        """Return the size asked for."""
        asked = request.query_params.get("page_size", str(self.page_size))
        if not ASCII_NUMBER.fullmatch(asked) or not 1 <= int(asked) <= self.max_page_size:
            raise ValidationError(
                {"page_size": [_("A page has 1 to %(most)d rows.") % {"most": self.max_page_size}]}
            )
        return int(asked)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters, with the limits of `page_size`."""
        cursor, size = super().get_schema_operation_parameters(view)
        limits = {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [cursor, {**size, "schema": {"type": "integer", **limits}}]

    def decode_cursor(self, request: Request) -> Any:
        """Return where the page begins."""
        sentence = _("This is not a cursor of this list. Follow next and previous as they are.")
        refusal = ValidationError({"cursor": [sentence]})
        if not BASE64.fullmatch(request.query_params.get("cursor", "none")):
            raise refusal  # the decoder would skip what it doesn't know
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            raise refusal from None
        position: Any = cursor.position if cursor else None  # what stood in the address
        if position is not None and not (
            ASCII_NUMBER.fullmatch(position) and int(position) <= LARGEST_ID
        ):
            raise refusal
        return cursor
