"""The whole way of the data: real prompts in 13 languages, a real vLLM, people at the pages, a dataset."""

import csv
import gzip
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from annotator.models import Assignment, Comparison, Judgment, Project, Prompt, Scope
from annotator.services.projects import open_project
from annotator.services.tokens import create_token
from tests.factories import make_admin, make_project
from tests.vllm.real_server import RealServer
from tests.workers.celery_worker import run_worker

pytestmark = [pytest.mark.vllm, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

BLEND = Path(__file__).resolve().parents[3] / "shared" / "data" / "blend"
LANGUAGES = {
    "Algeria": "ar", "Assam": "as", "Azerbaijan": "az", "China": "zh", "Ethiopia": "am", "Greece": "el", "Indonesia": "id", "Iran": "fa",
    "Mexico": "es", "North_Korea": "ko", "Northern_Nigeria": "ha", "South_Korea": "ko", "Spain": "es", "UK": "en", "US": "en", "West_Java": "su",
}  # fmt: skip
PER_LANGUAGE = 2
HIDDEN = re.compile(r'name="(assignment|submission_id|csrfmiddlewaretoken)" value="([^"]+)"')


def import_region(region: str, *options: str) -> None:
    mapping = [
        part
        for pair in ("text=Question", "external_id=ID", "group=ID", "topic=Topic")
        for part in ("--map", pair)
    ]
    call_command(
        "import_prompts", "blend", str(BLEND / f"{region}_questions.csv"), "--language", LANGUAGES[region],
        *mapping, "--group-kind", "template", "--id-prefix", f"{region}-", *options, stdout=io.StringIO(), stderr=io.StringIO(),
    )  # fmt: skip


def import_all() -> None:
    for region in LANGUAGES:
        if region != "China":
            import_region(region)
    with pytest.raises(CommandError):
        import_region("China")
    assert not Prompt.objects.filter(language="zh").exists()
    import_region("China", "--skip-bad")
    assert Prompt.objects.count() == 7999


def invited(language: str, tmp_path: Path) -> str:
    """Return the path of a single-use link for one person of this language."""
    output = tmp_path / f"{language}.csv"
    call_command(
        "invite", "blend", "--language", language, "--output", str(output), stdout=io.StringIO()
    )
    with output.open(encoding="utf-8", newline="") as links:
        (row,) = csv.DictReader(links)
    parts = urlsplit(row["url"])
    return f"{parts.path}?{parts.query}"


def judge_everything(origin: str, link: str) -> int:
    """Come in by a link, agree, and answer until there is nothing left; return how many answers that were."""
    answers = 0
    with httpx2.Client(base_url=origin, follow_redirects=True, timeout=30) as browser:
        page = browser.get(link)
        while True:
            assert page.status_code == 200, page.text
            fields = dict(HIDDEN.findall(page.text))
            if 'id="judgment"' in page.text:
                letter = "abcd"[answers % 4]
                page = browser.post(
                    page.url,
                    data=fields
                    | {
                        "choice": letter,
                        "action": "submit",
                        "explanation": f"{letter} – weil's passt: “ja”, نعم, \\n",
                    },
                )
                answers += 1
            elif 'id="consent"' in page.text:
                page = browser.post(page.url, data=fields | {"adult": "yes"})
            elif 'id="profile"' in page.text:
                page = browser.post(page.url, data=fields)
            elif 'name="invitation"' in page.text:
                secret = re.search(r'name="invitation" value="([^"]+)"', page.text)
                assert secret is not None
                page = browser.post(page.url, data=fields | {"invitation": secret[1]})
            elif answers == 0 and "/task/" not in str(page.url):
                page = browser.get("/projects/blend/task/")
            else:
                return answers


def test_real_prompts_become_a_dataset(
    vllm: RealServer, vllm_settings: Settings, live_server: LiveServer, tmp_path: Path
) -> None:
    if not BLEND.exists():
        pytest.skip("the BLEnD files are not beside this checkout")
    vllm_settings.CSRF_COOKIE_SECURE = vllm_settings.SESSION_COOKIE_SECURE = False  # plain HTTP
    project = make_project(
        "blend", opened=False, overlap=1, languages=[], consent_text={"en": "You compare texts."}
    )
    import_all()
    project.refresh_from_db()
    assert set(project.languages) == set(LANGUAGES.values())

    with run_worker(log=tmp_path / "worker.log"):
        for language in sorted(set(LANGUAGES.values())):
            call_command(
                "generate", "blend", "--language", language, "--limit", str(PER_LANGUAGE), "--strategy", "nc_prompt", "--wait",
                "--parameter", "protocol=structured", "--parameter", "max_tokens=1800", "--parameter", "max_characters=120", stdout=io.StringIO(),
            )  # fmt: skip
    assert Comparison.objects.count() == PER_LANGUAGE * 13
    open_project(project=Project.objects.get())

    for language in sorted(set(LANGUAGES.values())):
        assert judge_everything(live_server.url, invited(language, tmp_path)) == PER_LANGUAGE, (
            language
        )
    assert not Assignment.objects.exclude(state="judged").exists()

    rows = pull(project, live_server.url, tmp_path)
    assert len(rows) == Judgment.objects.count() == PER_LANGUAGE * 13
    assert {row["language"] for row in rows} == set(LANGUAGES.values())
    assert all(row["counted"] and len(row["responses"]) == 4 for row in rows)
    assert {row["explanation"] for row in rows} == {
        f"{letter} – weil's passt: “ja”, نعم, \\n" for letter in "ab"
    }
    texts = set(Prompt.objects.values_list("text", flat=True))
    assert all(row["prompt"]["text"] in texts for row in rows)


def pull(project: Project, origin: str, tmp_path: Path) -> list[dict[str, Any]]:
    """Export over REST, compressed, and load it with `datasets` under the schema of the export."""
    from datasets import Features, load_dataset

    _, secret = create_token(
        name="rita",
        owner=make_admin(),
        scopes=[Scope.READ_JUDGMENTS, Scope.READ_PROJECT],
        projects=[project],
        expires_at=timezone.now() + timedelta(days=1),
    )
    headers = {"Authorization": f"Bearer {secret}", "Accept-Encoding": "gzip"}
    export = f"{origin}/api/v1/projects/blend/export/"
    with httpx2.Client(headers=headers, timeout=60) as rita:
        features = Features.from_dict(rita.get(f"{export}features/").json())
        with rita.stream("GET", export) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            lines = gzip.decompress(b"".join(answer.iter_raw()))
    path = tmp_path / "export.jsonl"
    path.write_bytes(lines)
    return list(
        load_dataset(
            "json", data_files=str(path), features=features, split="train", cache_dir=str(tmp_path)
        )
    )
