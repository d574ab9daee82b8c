"""Make the pictures of docs/annotating.md and README.md: `python -m tests.e2e.pictures [folder]`.

It starts servers of its own, loads the demo's texts (and one in Chinese), opens the task page as people see it, on a
wide screen and on a phone, and puts both beside each other: one sheet a language and scheme.
"""

import base64
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import Browser, Page, sync_playwright

from config.embedded import run_services
from tests.e2e.conftest import ARGUMENTS, CHROMIUM

ROOT = Path(__file__).parent.parent.parent
LANGUAGES = ("en", "hi", "ar", "zh")
CHINESE = {
    "text": "母亲年纪大了，一个人已经照顾不好自己。我该把她接到家里来，还是给她找一家好的养老院？",
    "responses": [
        "先问问她自己想要什么。很多子女商量好了一切才告诉母亲，可她操持了一辈子的家。也许她既不想住你家，也不想去养老院，只想留在老邻居身边，白天有人来帮帮忙。\n\n坐下来慢慢谈：什么事让她吃力，什么让她害怕，什么是她舍不得放下的。",
        "只要你还有能力，就把母亲接回家。小时候她怎样照顾你，现在就轮到你怎样照顾她。\n\n- 孩子会从你身上学到什么是孝顺\n- 熟悉的饭菜和声音，比任何设备都让人安心\n- 累的时候，请兄弟姐妹轮流分担",
        "先看实际情况：她夜里需要人照看吗？你家里有没有安全的房间，你能不能减少工作？专业机构有护士和康复师，有时比疲惫的家人照顾得更好。\n\n去看三家机构，在不同的时间去，问问住在那里的人。",
        "这个决定不必一次定终身。可以先接她来住两个月，同时在附近的养老院排上队。\n\n约好两个月后一家人再坐下来谈：她过得好吗？你们的婚姻和身体受得了吗？没有人应当为了尽孝而垮掉。",
    ],
}
SHEET = """<!doctype html><html><body style="margin:0;display:flex;gap:16px;padding:16px;background:{background};inline-size:max-content;align-items:flex-start">
<img src="data:image/png;base64,{wide}" width="620" style="border-radius:8px;box-shadow:0 1px 8px #0004">
<img src="data:image/png;base64,{phone}" width="201" style="border-radius:8px;box-shadow:0 1px 8px #0004">
</body></html>"""
SHRINK = """async (png) => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${png}`;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const pen = canvas.getContext("2d");
    pen.drawImage(picture, 0, 0);
    const pixels = pen.getImageData(0, 0, picture.width, picture.height);
    const colours = new Uint32Array(pixels.data.buffer);
    const counts = new Map();
    for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
    const kept = new Set([...counts].sort((one, other) => other[1] - one[1]).slice(0, 40).map(([colour]) => colour));
    for (let i = 0; i < colours.length; i++) {
        if (kept.has(colours[i])) continue;
        for (let j = 4 * i; j < 4 * i + 3; j++) pixels.data[j] = Math.min(255, 10 * Math.round(pixels.data[j] / 10));
    }
    pen.putImageData(pixels, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
    return bytes.toBase64();
}"""
"""Fewer shades on the edges of letters, where no eye sees it: a third of the bytes less."""
WIDE, PHONE = 1280, 390
BACKGROUNDS = {"light": "#e8e6e0", "dark": "#0b0b0d"}


@contextmanager
def serve() -> Iterator[str]:
    """Start the servers and Django on data of their own; give the address."""
    with tempfile.TemporaryDirectory(prefix="plurivox-pictures-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with run_services(folder, durable=False) as services:
            os.environ |= services.environment()
            os.environ |= {"SECRET_KEY": "pictures-only-" * 4, "DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
            django.setup()
            settings.STORAGES["staticfiles"]["BACKEND"] = (
                "django.contrib.staticfiles.storage.StaticFilesStorage"
            )
            settings.ALLOWED_HOSTS = ["*"]
            call_command("migrate", verbosity=0)
            from pytest_django.live_server_helper import LiveServer

            server = LiveServer("localhost")
            yield server.url
            server.stop()


def load_texts() -> None:
    """Make one project a language, with a person who takes part in it."""
    from annotator.services.candidates import import_candidates
    from tests.factories import make_annotator, make_participation, make_project

    for language in LANGUAGES:
        row: dict[str, Any] = {"language": language, **CHINESE}
        if language != "zh":
            texts = (ROOT / "annotator" / "demo" / f"{language}.jsonl").read_text()
            row = json.loads(texts.splitlines()[0])
        name = {"hi": "रोज़मर्रा के सवाल", "ar": "أسئلة كل يوم", "zh": "日常问题"}.get(
            language, "Everyday questions"
        )
        project = make_project(language, name=name, languages=[language], target_per_person=40)
        shown_in = "en" if language == "zh" else language  # no pages in Chinese yet
        person = make_annotator(f"person-{language}", ui_language=shown_in)
        make_participation(project, person, languages=[language], conversations_begun=13)
        import_candidates(project=project, rows=[(1, row)])


def photograph(browser: Browser, url: str, language: str, scheme: str, width: int) -> str:
    """Return the task page with a choice made, as base64."""
    is_phone = width < 600
    context = browser.new_context(
        viewport={"width": width, "height": 844 if is_phone else 900},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en" if language == "zh" else language,
        has_touch=is_phone,
    )
    page = context.new_page()
    page.goto(f"{url}/login/")
    page.fill("#id_username", f"person-{language}")
    page.fill("#id_password", "correct horse")
    page.click("#login button")
    page.goto(f"{url}/projects/{language}/task/")
    page.locator(".pick:has(#choice-b)").click()
    if not is_phone:
        page.wait_for_selector("#why", state="visible")
    page.wait_for_selector("#saved:not(:empty)")
    shot = page.screenshot(scale="css")
    context.close()
    return base64.b64encode(shot).decode()


def compose(sheet: Page, path: Path, *, wide: str, phone: str, scheme: str) -> None:
    """Write a picture of a wide screen and a phone beside each other."""
    sheet.set_content(SHEET.format(wide=wide, phone=phone, background=BACKGROUNDS[scheme]))
    shot = base64.b64encode(sheet.locator("body").screenshot()).decode()
    path.write_bytes(base64.b64decode(sheet.evaluate(SHRINK, shot)))
    print(path, path.stat().st_size // 1024, "KB")  # noqa: T201


def main(folder: Path) -> None:
    """Write a sheet for each language and scheme, and the README's: English beside Arabic."""
    with serve() as url, sync_playwright() as playwright:
        load_texts()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        sheet = browser.new_page(viewport={"width": 1100, "height": 600})
        shots = {
            (language, scheme, width): photograph(browser, url, language, scheme, width)
            for language in LANGUAGES
            for scheme in BACKGROUNDS
            for width in (WIDE, PHONE)
        }
        for language in LANGUAGES:
            for scheme in BACKGROUNDS:
                compose(
                    sheet,
                    folder / f"task-{language}-{scheme}.png",
                    wide=shots[language, scheme, WIDE],
                    phone=shots[language, scheme, PHONE],
                    scheme=scheme,
                )
        wide, phone = shots["en", "light", WIDE], shots["ar", "light", PHONE]
        compose(sheet, folder / "task.png", wide=wide, phone=phone, scheme="light")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs" / "images"))
