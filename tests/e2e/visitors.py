"""People at browsers of their own."""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page, Request

PATIENCE = 15_000
"""Milliseconds until something that does not happen is given up."""
PAIRINGS = [("en", "light", 360), ("en", "dark", 1280), ("ar", "light", 1280), ("ar", "dark", 360)]
"""Each language, colour scheme and width, and any two of them together; `test_access.py` takes all three, too."""


@dataclass
class Visitor:
    """A person at a browser of their own."""

    context: BrowserContext
    page: Page
    url: str
    foreign: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def sign_in(self, username: str) -> None:
        self.go("/login/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", "correct horse")
        self.page.click("#login button")
        self.page.wait_for_url(self.url + "/")

    def choose(self, letter: str) -> None:
        self.page.locator(f".pick:has(#choice-{letter})").click()

    def submit(self) -> None:
        """Press Submit and wait for what comes after this task."""
        before = self.task()
        self.page.click("#submit")
        self.page.wait_for_function(
            "before => document.querySelector('[name=assignment]')?.value !== before", arg=before
        )

    def task(self) -> str:
        """Return which task is shown."""
        return self.page.locator("[name=assignment]").input_value()


class Visitors:
    """Makes browsers, and looks at the end whether anything went wrong in one of them."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.made: list[Visitor] = []

    def __call__(
        self,
        *,
        javascript: bool = True,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        language: str = "en-GB",
    ) -> Visitor:
        context = self.browser.new_context(
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            locale=language,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        visitor = Visitor(context, context.new_page(), self.url)
        context.on("request", lambda request: self._note(visitor, request))
        visitor.page.on("pageerror", lambda error: visitor.problems.append(str(error)))
        visitor.page.on(
            "console",
            lambda message: (
                visitor.problems.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        self.made.append(visitor)
        return visitor

    def _note(self, visitor: Visitor, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:", "about:")):
            visitor.foreign.append(request.url)
