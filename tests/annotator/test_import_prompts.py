"""Prompts come in from files: every format, all or nothing, and the same file twice adds nothing."""

import gzip
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from annotator.errors import Refused
from annotator.models import Project, Prompt, PromptGroup
from annotator.services.prompt_rows import RowRules, canonical_language
from annotator.services.prompts import ImportReport, import_prompts
from annotator.services.readers import read_rows
from tests.factories import make_project

pytestmark = pytest.mark.django_db

BLEND = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "blend"
REGIONS = {
    "Algeria": "ar", "Assam": "as", "Azerbaijan": "az", "China": "zh", "Ethiopia": "am", "Greece": "el", "Indonesia": "id", "Iran": "fa",
    "Mexico": "es", "North_Korea": "ko", "Northern_Nigeria": "ha", "South_Korea": "ko", "Spain": "es", "UK": "en", "US": "en", "West_Java": "su",
}  # fmt: skip

Import = Callable[..., ImportReport]


@pytest.fixture
def project() -> Project:
    return make_project(languages=[])


@pytest.fixture
def import_text(project: Project) -> Import:
    def run(
        content: str | bytes, file_format: str = "jsonl", *, skip_bad: bool = False, **rules: Any
    ) -> ImportReport:
        stream = BytesIO(content.encode() if isinstance(content, str) else content)
        reading = RowRules(**{"language": "en", **rules})
        return import_prompts(
            project=project,
            rows=read_rows(stream=stream, file_format=file_format, columns=reading.columns()),
            rules=reading,
            skip_bad=skip_bad,
        )

    return run


def lines_of(report: ImportReport) -> list[int]:
    return [line for line, _sentence in report.errors]


FILES = {
    "csv": "external_id,text,topic\n1,What is fair?,work\n2,Who decides?,state\n",
    "tsv": "external_id\ttext\ttopic\n1\tWhat is fair?\twork\n2\tWho decides?\tstate\n",
    "jsonl": '{"external_id": "1", "text": "What is fair?", "topic": "work"}\n{"external_id": "2", "text": "Who decides?", "topic": "state"}\n',
    "json": '[{"external_id": "1", "text": "What is fair?", "topic": "work"},\n {"external_id": 2, "text": "Who decides?", "topic": "state"}]',
}


@pytest.mark.parametrize("file_format", FILES)
@pytest.mark.parametrize(
    "pack",
    [bytes, gzip.compress, lambda content: b"\xef\xbb\xbf" + content],
    ids=["plain", "gz", "bom"],
)
def test_every_format_gives_the_same_prompts(
    import_text: Import, file_format: str, pack: Callable[[bytes], bytes]
) -> None:
    report = import_text(pack(FILES[file_format].encode()), file_format)

    assert (report.added, report.error_count) == (2, 0)
    assert list(Prompt.objects.order_by("id").values_list("external_id", "text", "topic")) == [
        ("1", "What is fair?", "work"),
        ("2", "Who decides?", "state"),
    ]


@pytest.mark.parametrize("file_format", FILES)
def test_the_same_file_again_adds_nothing(import_text: Import, file_format: str) -> None:
    import_text(FILES[file_format], file_format)
    report = import_text(FILES[file_format], file_format)

    assert (report.added, report.already_there, report.refused) == (0, 2, False)
    assert Prompt.objects.count() == 2


def test_equal_texts_are_kept_and_still_known_again(import_text: Import) -> None:
    content = '{"text": "What is fair?"}\n' * 3

    assert import_text(content).added == 3
    assert import_text(content).added == 0
    assert import_text(content + '{"text": "What is fair?"}\n').added == 1


def test_a_row_that_repeats_an_id_with_the_same_text_is_one_prompt(import_text: Import) -> None:
    report = import_text('{"external_id": "a", "text": "Why?"}\n' * 2)

    assert (report.added, report.already_there) == (1, 1)


def test_texts_are_stored_byte_for_byte(import_text: Import) -> None:
    texts = [
        "  blank around \t",
        "U+2028 \u2028 U+0085 \x85 FS \x1c BS \x08 ESC \x1b",
        "a\r\nb\rc\nd",
        "\\N \\. \\t",
        "e\u0301 é ﷽ 👩‍👩‍👧 \U000e0041x",
        '=1+1 {{7*7}} %s " ;',
        "ק" * 50_000,
    ]
    import_text("\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in texts))

    assert list(Prompt.objects.order_by("id").values_list("text", flat=True)) == texts


def test_a_table_may_hold_line_breaks_and_names_the_line_on_which_a_row_begins(
    import_text: Import,
) -> None:
    report = import_text('text\n"one\ntwo\x1c\u2028"\n\n" "\nlast\n', "csv", skip_bad=True)

    assert lines_of(report) == [5]
    assert list(Prompt.objects.order_by("id").values_list("text", flat=True)) == [
        "one\ntwo\x1c\u2028",
        "last",
    ]


def test_a_bad_row_keeps_everything_out_and_all_bad_rows_are_named(
    import_text: Import, project: Project
) -> None:
    rows = [{"text": "good"}, {"text": ""}, {"text": "good too", "language": "fr"}, {"text": 7}, {}]
    report = import_text("\n".join(map(json.dumps, rows)))

    assert report.refused
    assert lines_of(report) == [2, 4, 5]
    assert (report.added, Prompt.objects.count(), PromptGroup.objects.count()) == (0, 0, 0)
    project.refresh_from_db()
    assert project.languages == []


def test_good_rows_are_stored_where_bad_ones_may_be_left_out(import_text: Import) -> None:
    report = import_text('{"text": "good"}\n{"text": ""}\n', skip_bad=True)

    assert (report.added, report.skipped, report.refused) == (1, 1, False)


def test_a_report_names_the_first_hundred_bad_rows_and_counts_them_all(import_text: Import) -> None:
    report = import_text(
        '{"external_id": "a", "text": "good"}\n'
        + '{"text": ""}\n' * 120
        + '{"external_id": "a", "text": "other"}\n'
    )

    assert lines_of(report) == list(range(2, 102))
    assert report.error_count == 121


def test_an_id_with_two_texts_is_refused_with_both_lines(import_text: Import) -> None:
    report = import_text(
        '{"external_id": "a", "text": "Why?"}\n{"external_id": "b", "text": "How?"}\n{"external_id": "a", "text": "Who?"}\n'
    )

    assert lines_of(report) == [3]
    assert "line 1" in report.errors[0].sentence
    assert Prompt.objects.count() == 0


def test_an_id_that_is_stored_with_another_text_is_refused(import_text: Import) -> None:
    import_text('{"external_id": "a", "text": "Why?"}')
    report = import_text(
        '{"external_id": "b", "text": "How?"}\n{"external_id": "a", "text": "Who?"}\n'
    )

    assert lines_of(report) == [2]
    assert "stored already" in report.errors[0].sentence
    assert list(Prompt.objects.values_list("text", flat=True)) == ["Why?"]


def test_a_contradicting_row_can_be_left_out(import_text: Import) -> None:
    report = import_text(
        '{"external_id": "a", "text": "Why?"}\n{"external_id": "a", "text": "Who?"}\n',
        skip_bad=True,
    )

    assert (report.added, report.skipped, report.already_there) == (1, 1, 0)


def test_another_projects_ids_do_not_matter(import_text: Import) -> None:
    import_prompts(
        project=make_project("elsewhere"),
        rows=[(1, {"external_id": "a", "text": "Why?", "language": "en"})],
    )

    assert import_text('{"external_id": "a", "text": "Who?"}').added == 1


def test_languages_join_the_project_in_their_usual_spelling(
    import_text: Import, project: Project
) -> None:
    rows = [
        {"text": "a", "language": "PT-br"},
        {"text": "b", "language": "zh-hant-tw"},
        {"text": "c"},
        {"text": "d", "language": "pt-BR"},
    ]
    report = import_text("\n".join(map(json.dumps, rows)))

    assert report.languages_added == ["pt-BR", "zh-Hant-TW", "en"]
    assert project.languages == ["pt-BR", "zh-Hant-TW", "en"]
    assert canonical_language("SL-IT-NEDIS-X-Abc") == "sl-IT-nedis-x-abc"


def test_the_prefix_touches_the_id_only(import_text: Import) -> None:
    import_text(
        "ID,Question\n1,Why?\n",
        "csv",
        mapping={"text": "Question", "external_id": "ID", "group": "ID"},
        id_prefix="UK-",
    )

    prompt = Prompt.objects.select_related("group").get()
    assert prompt.group is not None
    assert (prompt.external_id, prompt.group.key, prompt.group.kind) == ("UK-1", "1", "template")


def test_a_group_takes_the_kind_that_any_of_its_rows_gives(import_text: Import) -> None:
    import_text(
        '{"text": "a", "group": "g"}\n{"text": "b", "group": "g", "group_kind": "translation"}\n{"text": "c", "group": "h"}'
    )

    assert dict(PromptGroup.objects.values_list("key", "kind")) == {
        "g": "translation",
        "h": "template",
    }


def test_two_kinds_for_one_group_are_refused(import_text: Import) -> None:
    import_text('{"text": "a", "group": "stored", "group_kind": "translation"}')
    report = import_text(
        '{"text": "a", "group": "g", "group_kind": "template"}\n{"text": "b", "group": "g", "group_kind": "translation"}\n{"text": "c", "group": "stored", "group_kind": "template"}'
    )

    assert lines_of(report) == [2, 3]


def test_a_semicolon_table_is_read(import_text: Import) -> None:
    assert import_text("external_id;text\n1;Why, and how?\n", "csv").added == 1


def test_columns_that_nobody_asked_for_are_ignored(import_text: Import) -> None:
    assert import_text('{"text": "Why?", "responses": ["a"], "score": 1.5}').added == 1


def test_a_long_list_in_one_line_is_read_piece_by_piece(import_text: Import) -> None:
    rows = [{"text": f"Question {number} " + "ü" * 500} for number in range(1000)]
    report = import_text(json.dumps(rows, ensure_ascii=False), "json")

    assert report.added == 1000


def test_rows_that_share_a_line_are_told_apart_by_their_number(import_text: Import) -> None:
    report = import_text('[{"text": "a"}, {"text": ""}, {"text": ""}]', "json")

    assert [error.sentence[:3] for error in report.errors] == ["[2]", "[3]"]


def test_a_list_names_the_lines_on_which_its_objects_begin(import_text: Import) -> None:
    report = import_text('[\n {"text": "a"},\n\n {\n  "text": ""},\n {"text": ""}\n]\n', "json")

    assert lines_of(report) == [4, 6]


def test_rows_may_come_from_a_request(project: Project) -> None:
    report = import_prompts(
        project=project,
        rows=[(1, {"text": "Why?", "language": "en"}), (2, {"text": "Why?", "language": "x"})],
    )

    assert lines_of(report) == [2]


def test_an_import_waits_for_the_one_before_it_by_an_advisory_lock(import_text: Import) -> None:
    import_text('{"text": "Why?"}')

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
        )
        assert cursor.fetchone() == (1,)


def test_the_command_imports_and_says_what_it_did(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prompts.csv.gz"
    path.write_bytes(gzip.compress(b"Question\nWhy?\n"))
    call_command(
        "import_prompts", project.slug, str(path), "--language", "fr", "--map", "text=Question"
    )

    assert capsys.readouterr().out == "1 prompts added; 0 there already; new languages: fr.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "{file}"], "no project “nowhere”"),
        (["everyday", "{folder}/missing.csv"], "No such file"),
        (["everyday", "{folder}"], "directory"),
        (["everyday", "{file}", "--map", "text"], "field=column"),
        (["everyday", "{file}", "--map", "words=text"], "no field “words”"),
        (["everyday", "{file}", "--map", "text=Question"], "no column “Question”"),
        (["everyday", "{file}", "--language", "english language"], "not a language tag"),
        (["everyday", "{file}", "--group-kind", "family"], "kind of group"),
        (["everyday", "{file}"], "1 bad rows, nothing was stored"),
    ],
)
def test_the_command_ends_with_a_sentence(
    project: Project,
    tmp_path: Path,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "prompts.csv").write_text("text\nWhy?\n")
    folder = tmp_path / "folder.csv"
    folder.mkdir()

    with pytest.raises(CommandError, match=said):
        call_command(
            "import_prompts",
            *(part.format(file=tmp_path / "prompts.csv", folder=folder) for part in arguments),
        )
    assert Prompt.objects.count() == 0


@pytest.mark.skipif(
    not BLEND.is_dir(), reason="the BLEnD questions lie beside the checkout, not in it"
)
def test_the_sixteen_blend_files_go_in_but_for_one_line(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(region: str, *options: str) -> None:
        mapping = ["text=Question", "external_id=ID", "group=ID", "topic=Topic"]
        path = BLEND / f"{region}_questions.csv"
        call_command(
            "import_prompts",
            project.slug,
            str(path),
            *options,
            language=REGIONS[region],
            map=mapping,
            id_prefix=f"{region}-",
        )

    for region in REGIONS:
        if region != "China":
            run(region)
    with pytest.raises(CommandError, match="1 bad rows"):
        run("China")
    assert "line 305:" in capsys.readouterr().err
    assert not Prompt.objects.filter(language="zh").exists()
    run("China", "--skip-bad")
    for region in REGIONS:
        if region != "China":
            run(region)

    assert Prompt.objects.count() == 7_999
    assert Prompt.objects.filter(language="zh").count() == 499
    project.refresh_from_db()
    assert sorted(project.languages) == sorted(set(REGIONS.values()))
    assert set(PromptGroup.objects.values_list("kind", flat=True)) == {"template"}
    uk_and_us = PromptGroup.objects.filter(prompts__language="en").distinct().count()
    assert uk_and_us == 500


def test_a_file_that_cannot_be_read_on_stores_nothing(import_text: Import) -> None:
    packed = gzip.compress(b"".join(b'{"text": "%d"}\n' % number for number in range(5000)))

    with pytest.raises(Refused, match="cut off"):
        import_text(packed[:-20], skip_bad=True)
    assert Prompt.objects.count() == 0
