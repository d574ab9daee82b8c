"""What the check of texts found, for the people who decide about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from annotator.models import Finding, Project
from annotator.selectors.exports import AS_DECIDED

SHOWN = 40
"""Findings on a page; their texts are shown with all that was found in them."""
PLACES = {
    "judgment": _("An explanation"),
    "turn": _("A message in a conversation"),
    "prompt": _("A prompt of their own"),
    "response": _("A response"),
}


@dataclass(frozen=True)
class Part:
    """Characters of a text, and whether something was found in them."""

    text: str
    is_marked: bool = False


@dataclass(frozen=True)
class Marked:
    """A finding and the characters it is about."""

    finding: Finding
    text: str


@dataclass(frozen=True)
class FlaggedText:
    """A text, whole and in parts, with everything that was found in it; `author` is a pseudonym, or a model."""

    place: str
    author: str
    text: str
    parts: list[Part]
    findings: list[Marked]


def list_findings(*, project: Project) -> QuerySet[Finding]:
    """Return what was found in texts that may be published: their authors are there, and agreed."""
    return Finding.objects.filter(project=project, participation__withdrawn_at=None).exclude(
        participation__allows_texts=False
    )


@dataclass(frozen=True)
class Undecided:
    """How many findings wait for somebody's decision, by who wrote the texts."""

    people: int
    models: int
    newest: int | None
    """The newest of the models'."""

    @property
    def total(self) -> int:
        """Return the sum."""
        return self.people + self.models


def count_undecided(*, project: Project) -> Undecided:
    """Return how many findings wait for somebody's decision."""
    counts = (
        list_findings(project=project)
        .filter(decision="")
        .aggregate(
            people=Count("pk", filter=Q(response=None)),
            models=Count("pk", filter=Q(response__isnull=False)),
            newest=Max("pk", filter=Q(response__isnull=False)),
        )
    )
    return Undecided(**counts)


def list_changed_prompts(*, project: Project) -> QuerySet[Finding, int | None]:
    """Return the ids of prompts that come out of exports otherwise than they were written."""
    changed = Finding.objects.filter(project=project, decision__in=AS_DECIDED, prompt__isnull=False)
    return changed.values_list("prompt", flat=True)


def list_flagged_texts(
    *, project: Project, decided: bool, after: int, by_models: bool = False
) -> list[FlaggedText]:
    """Return a page of texts of people or of models with open findings, or of those with decided ones.

    `after` is the last finding seen. Two queries.
    """
    which = ~Q(decision="") if decided else Q(decision="")
    which &= Q(response__isnull=not by_models)
    page = list(
        list_findings(project=project)
        .filter(which, pk__gt=after)
        .order_by("pk")
        .values_list("judgment_id", "turn_id", "prompt_id", "response_id")[:SHOWN]
    )
    judgments, turns, prompts, responses = (
        {row[number] for row in page if row[number]} for number in range(4)
    )
    texts: dict[tuple[int | None, ...], list[Finding]] = {}
    for finding in (
        list_findings(project=project)
        .filter(
            Q(judgment__in=judgments)
            | Q(turn__in=turns)
            | Q(prompt__in=prompts)
            | Q(response__in=responses)
        )
        .select_related("participation", "judgment", "turn", "prompt", "response", "decided_by")
        .order_by("pk")
    ):
        place = (
            finding.judgment_id,
            finding.turn_id,
            finding.prompt_id,
            finding.response_id,
        )
        texts.setdefault(place, []).append(finding)
    return [_show(findings) for findings in texts.values()]


def _show(findings: Sequence[Finding]) -> FlaggedText:
    in_order = sorted(findings, key=lambda finding: (finding.start, finding.end))
    place, text, author = _text_of(findings[0])
    return FlaggedText(
        place=str(PLACES[place]),
        author=author,
        text=text,
        parts=list(_cut(text, in_order)),
        findings=[Marked(finding, text[finding.start : finding.end]) for finding in in_order],
    )


def _text_of(finding: Finding) -> tuple[str, str, str]:
    """Return where the text stands, the text, and who wrote it."""
    if finding.response is not None:
        return "response", finding.response.text, finding.response.model
    assert finding.participation is not None
    author = finding.participation.pseudonym
    if finding.judgment is not None:
        return "judgment", finding.judgment.explanation, author
    if finding.turn is not None:
        return "turn", finding.turn.message, author
    assert finding.prompt is not None
    return "prompt", finding.prompt.text, author


def _cut(text: str, findings: Sequence[Finding]) -> Iterator[Part]:
    """Yield the text in parts; where two findings overlap, the later one begins where the earlier one ends."""
    done = 0
    for finding in findings:
        if finding.start > done:
            yield Part(text[done : finding.start])
        if finding.end > done:
            yield Part(text[max(done, finding.start) : finding.end], is_marked=True)
            done = finding.end
    if text[done:]:
        yield Part(text[done:])
