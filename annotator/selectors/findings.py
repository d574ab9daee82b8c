"""What the check of texts found, for the people who decide about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from annotator.models import Finding, Project
from annotator.selectors.exports import AS_DECIDED

SHOWN = 40
"""Findings on a page; their texts are shown with all that was found in them."""
PLACES = {
    "judgment": _("An explanation"),
    "turn": _("A message in a conversation"),
    "prompt": _("A prompt of their own"),
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
    """A text somebody wrote, whole and in parts, with everything that was found in it."""

    place: str
    pseudonym: str
    text: str
    parts: list[Part]
    findings: list[Marked]


def list_findings(*, project: Project) -> QuerySet[Finding]:
    """Return what was found in texts that may be published: their authors are there, and agreed."""
    return Finding.objects.filter(project=project, participation__withdrawn_at=None).exclude(
        participation__allows_texts=False
    )


def count_undecided(*, project: Project) -> int:
    """Return how many findings wait for somebody's decision."""
    return list_findings(project=project).filter(decision="").count()


def list_changed_prompts(*, project: Project) -> QuerySet[Finding, int | None]:
    """Return the ids of prompts that come out of exports otherwise than they were written."""
    changed = Finding.objects.filter(project=project, decision__in=AS_DECIDED, prompt__isnull=False)
    return changed.values_list("prompt", flat=True)


def list_flagged_texts(*, project: Project, decided: bool, after: int) -> list[FlaggedText]:
    """Return a page of texts with open findings, or of those with decided ones; `after` is the last finding seen. Two queries."""
    which = ~Q(decision="") if decided else Q(decision="")
    page = list(
        list_findings(project=project)
        .filter(which, pk__gt=after)
        .order_by("pk")
        .values_list("judgment_id", "turn_id", "prompt_id")[:SHOWN]
    )
    judgments, turns, prompts = (
        {row[number] for row in page if row[number]} for number in range(3)
    )
    texts: dict[tuple[int | None, ...], list[Finding]] = {}
    for finding in (
        list_findings(project=project)
        .filter(Q(judgment__in=judgments) | Q(turn__in=turns) | Q(prompt__in=prompts))
        .select_related("participation", "judgment", "turn", "prompt", "decided_by")
        .order_by("pk")
    ):
        place = (finding.judgment_id, finding.turn_id, finding.prompt_id)
        texts.setdefault(place, []).append(finding)
    return [_show(findings) for findings in texts.values()]


def _show(findings: Sequence[Finding]) -> FlaggedText:
    in_order = sorted(findings, key=lambda finding: (finding.start, finding.end))
    place, text = _text_of(findings[0])
    return FlaggedText(
        place=str(PLACES[place]),
        pseudonym=findings[0].participation.pseudonym,
        text=text,
        parts=list(_cut(text, in_order)),
        findings=[Marked(finding, text[finding.start : finding.end]) for finding in in_order],
    )


def _text_of(finding: Finding) -> tuple[str, str]:
    if finding.judgment is not None:
        return "judgment", finding.judgment.explanation
    if finding.turn is not None:
        return "turn", finding.turn.message
    assert finding.prompt is not None
    return "prompt", finding.prompt.text


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
