"""The temporary table through which imports of any size pass in constant memory.

1. Checked rows are copied into it in pieces of a megabyte.
2. Statements mark the rows that contradict each other or what is stored.
3. One statement stores the rest, in the order of the file.

It lives in the caller's transaction: all of an import happens, or nothing.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _
from psycopg2.errors import LockNotAvailable

from annotator.errors import Refused
from annotator.models import Project, PromptGroup
from annotator.services.prompt_rows import StagedPrompt

DEFAULT_KIND = PromptGroup.Kind.TEMPLATE
"""Of a group whose rows do not say: the weaker claim. That two texts translate each other must be said."""

_PIECE = 2**20
_COLUMNS = ("number", "line", *StagedPrompt._fields, "responses")
_CREATE = """
DROP TABLE IF EXISTS pg_temp.import_row;
CREATE TEMPORARY TABLE import_row (
    number bigint NOT NULL, line bigint NOT NULL, external_id text, import_key text, digest text NOT NULL, language text NOT NULL,
    text text NOT NULL, system text NOT NULL, topic text NOT NULL, licence text NOT NULL, group_key text,
    group_kind text NOT NULL, responses text, problem text NOT NULL DEFAULT '', other bigint
) ON COMMIT DROP"""

# Each marks rows that contradict an earlier row of the file or a stored one.
_CONTRADICTIONS = (
    """
    UPDATE import_row r SET problem = 'id_in_file', other = f.line
      FROM (SELECT DISTINCT ON (external_id) external_id, line, text, language, system
              FROM import_row JOIN (SELECT external_id FROM import_row GROUP BY external_id HAVING count(*) > 1) twice USING (external_id)
             ORDER BY external_id, number) f
     WHERE r.external_id = f.external_id AND (r.text, r.language, r.system) <> (f.text, f.language, f.system)
    """,
    """
    UPDATE import_row r SET problem = 'id_stored' FROM annotator_prompt p
     WHERE p.project_id = %(project)s AND p.external_id = r.external_id AND r.problem = ''
       AND (r.text, r.language, r.system) <> (p.text, p.language, p.system)
    """,
    """
    UPDATE import_row r SET problem = 'kind_in_file', other = f.line
      FROM (SELECT DISTINCT ON (group_key) group_key, group_kind, line
              FROM import_row WHERE group_kind <> '' ORDER BY group_key, number) f
     WHERE r.group_key = f.group_key AND r.group_kind <> '' AND r.group_kind <> f.group_kind AND r.problem = ''
    """,
    """
    UPDATE import_row r SET problem = 'kind_stored' FROM annotator_promptgroup g
     WHERE g.project_id = %(project)s AND g.key = r.group_key AND r.group_kind NOT IN ('', g.kind) AND r.problem = ''
    """,
)
_STORE_GROUPS = """
INSERT INTO annotator_promptgroup (project_id, key, kind)
SELECT %(project)s, group_key, COALESCE(max(NULLIF(group_kind, '')), %(kind)s)
  FROM import_row WHERE group_key IS NOT NULL GROUP BY group_key ORDER BY min(number)
ON CONFLICT (project_id, key) DO NOTHING"""

# Equal rows without an id are told apart by counting them, so that the same file again meets the same keys.
_SET_KEYS = """
UPDATE import_row r SET import_key = k.import_key
  FROM (SELECT number, digest || ':' || row_number() OVER (PARTITION BY digest ORDER BY number) AS import_key
          FROM import_row WHERE import_key IS NULL) k
 WHERE k.number = r.number"""
_STORE_PROMPTS = """
INSERT INTO annotator_prompt (project_id, external_id, import_key, group_id, language, text, system, topic, licence, source, created_at)
SELECT %(project)s, r.external_id, r.import_key, g.id, r.language, r.text, r.system, r.topic, r.licence, 'pregenerated', now()
  FROM import_row r LEFT JOIN annotator_promptgroup g ON g.project_id = %(project)s AND g.key = r.group_key
 ORDER BY r.number
ON CONFLICT DO NOTHING"""
_STORE_LANGUAGES = """
UPDATE annotator_project SET languages = languages || %(languages)s::varchar[]
 WHERE id = %(project)s AND NOT languages @> %(languages)s::varchar[]"""
_OPEN_SETS = """
DECLARE staged_set NO SCROLL CURSOR FOR
SELECT r.import_key, p.id, r.language, r.responses
  FROM import_row r JOIN annotator_prompt p ON p.project_id = %(project)s AND p.import_key = r.import_key
 WHERE r.responses IS NOT NULL
 ORDER BY r.number"""


class StagedSet(NamedTuple):
    """A staged row with its stored prompt; the responses are JSON."""

    import_key: str
    prompt_id: int
    language: str
    responses: str


class Staging:
    """Rows of one import into one project, inside one transaction."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._piece: list[str] = []
        self._size = 0
        self.rows = 0
        with connection.cursor() as cursor:
            _wait_for_other_imports(cursor, project)
            cursor.execute(_CREATE)

    def add(self, number: int, line: int, row: StagedPrompt, responses: str | None = None) -> None:
        """Take one checked row."""
        self.rows += 1
        text = _copy_line((number, line, *row, responses))
        self._piece.append(text)
        self._size += len(text)
        if self._size > _PIECE:
            self._flush()

    def _flush(self) -> None:
        with connection.cursor() as cursor:
            cursor.copy_expert(
                f"COPY import_row ({', '.join(_COLUMNS)}) FROM STDIN",
                io.StringIO("".join(self._piece)),
            )
        self._piece.clear()
        self._size = 0

    def find_contradictions(self, shown: int) -> tuple[int, list[tuple[int, int, str]]]:
        """Mark rows that contradict others; return how many, and the first: number, line, sentence."""
        self._flush()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE import_row")
            found = 0
            for statement in _CONTRADICTIONS:
                cursor.execute(statement, {"project": self._project.pk})
                found += cursor.rowcount
            if not found:
                return 0, []
            cursor.execute(
                "SELECT number, line, problem, other, external_id, group_key FROM import_row WHERE problem <> '' ORDER BY number LIMIT %s",
                [shown],
            )
            return found, [
                (number, line, _sentence(*rest)) for number, line, *rest in cursor.fetchall()
            ]

    def leave_out_contradictions(self) -> None:
        """Forget the marked rows."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM import_row WHERE problem <> ''")
            self.rows -= cursor.rowcount

    def store_prompts(self) -> tuple[int, list[str]]:
        """Store groups, prompts and languages; return how many prompts and which languages are new."""
        parameters: dict[str, Any] = {"project": self._project.pk, "kind": DEFAULT_KIND}
        with connection.cursor() as cursor:
            cursor.execute(_STORE_GROUPS, parameters)
            cursor.execute(_SET_KEYS)
            cursor.execute(_STORE_PROMPTS, parameters)
            added = cursor.rowcount
            cursor.execute("SELECT language FROM import_row GROUP BY language ORDER BY min(number)")
            found = [language for (language,) in cursor.fetchall()]
            self._project.refresh_from_db(fields=["languages"])
            languages = [language for language in found if language not in self._project.languages]
            if languages:
                cursor.execute(_STORE_LANGUAGES, {**parameters, "languages": languages})
                self._project.refresh_from_db(fields=["languages"])
        return added, languages

    def read_sets(self, size: int) -> Iterator[list[StagedSet]]:
        """Yield the rows with their stored prompts, `size` at a time."""
        with connection.cursor() as cursor:
            cursor.execute(_OPEN_SETS, {"project": self._project.pk})
            while True:
                cursor.execute("FETCH %s FROM staged_set", [size])
                if not cursor.rowcount:
                    break
                yield [StagedSet(*row) for row in cursor.fetchall()]
            cursor.execute("CLOSE staged_set")


def _wait_for_other_imports(cursor: CursorWrapper, project: Project) -> None:
    """Let one import into a project run at a time: two with the same ids would not see each other."""
    try:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('annotator.import'), %s::int)", [project.pk]
        )
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Refused(
                "import_running",
                _("Another import into this project is still running. Try again when it is done."),
            ) from error
        raise


def _copy_line(values: Sequence[object]) -> str:
    """Return a row as COPY's text format reads it."""
    return "\t".join(["\\N" if value is None else _escaped(str(value)) for value in values]) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _sentence(
    problem: str, other: int | None, external_id: str | None, group_key: str | None
) -> str:
    sentences = {
        "id_in_file": _(
            "external_id: “%(id)s” stands on line %(line)s already, with another text, language or system message."
        ),
        "id_stored": _(
            "external_id: “%(id)s” is stored already, with another text, language or system message."
        ),
        "kind_in_file": _("group_kind: the group “%(group)s” has another kind on line %(line)s."),
        "kind_stored": _("group_kind: the group “%(group)s” is stored already, with another kind."),
    }
    return sentences[problem] % {"id": external_id, "line": other, "group": group_key}
