"""`Idempotency-Key`: a POST that is sent again gets the answer of the first time and changes nothing."""

import functools
import hashlib
import re
from collections.abc import Callable
from typing import Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.errors import Refused
from annotator.models import ApiToken
from annotator.services.idempotency import Answer, CallUnderWay, KeyReused, answer_once
from api.parsers import RowsBody

KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
WAIT_SECONDS = 1

Handler = Callable[..., Response]


class Unprocessable(APIException):
    """The key belongs to another call."""

    status_code = 422


class UnderWay(APIException):
    """The same call is being carried out."""

    status_code = 409
    wait = WAIT_SECONDS


def idempotent(handler: Handler) -> Handler:
    """Carry a POST out once for each `Idempotency-Key`; without one, as often as it is sent."""

    @functools.wraps(handler)
    def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not KEY.fullmatch(key):
            sentence = _("A key is 1 to 255 visible ASCII characters, such as a UUID.")
            raise Refused("invalid", sentence, fields={"Idempotency-Key": sentence})
        assert isinstance(request.auth, ApiToken)

        def call() -> Answer:
            response = handler(view, request, *args, **kwargs)
            return Answer(response.status_code, _as_json(response))

        return _respond(request.auth, key, _digest(request), call)

    return answer


def _respond(token: ApiToken, key: str, digest: str, call: Callable[[], Answer]) -> Response:
    try:
        given = answer_once(token=token, key=key, digest=digest, call=call)
    except KeyReused as refused:
        raise Unprocessable(refused.sentence, code=refused.code) from refused
    except CallUnderWay as refused:
        raise UnderWay(refused.sentence, code=refused.code) from refused
    headers = {"Idempotency-Replayed": "true"} if given.is_repeated else {}
    return Response(given.content, status=given.status, headers=headers)


def _as_json(response: Response) -> Any:
    return orjson.loads(JSONRenderer().render(response.data))


def _digest(request: Request) -> str:
    body = request.data
    content = (
        [body.file_format, hashlib.sha256(body.content).hexdigest()]
        if isinstance(body, RowsBody)
        else body
    )
    told = orjson.dumps(
        [request.method, request.get_full_path(), content], option=orjson.OPT_SORT_KEYS
    )
    return hashlib.sha256(told).hexdigest()
