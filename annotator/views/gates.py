"""What a person passes before working: consent, questions about themselves, what matters to them."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from annotator.errors import Refused
from annotator.forms import UNSTORABLE
from annotator.models import Participation, Tick, Wave
from annotator.selectors.demographics import list_questions, list_skills
from annotator.selectors.people import get_participation
from annotator.services.demographics import save_profile
from annotator.services.own_words import LONGEST_WORDS, save_own_words
from annotator.services.panels import screen
from annotator.services.people import give_consent
from annotator.views.doors import go, page, person, signed_in
from annotator.views.reading import read


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what taking part means; sending the form agrees to it. Queries: session, account, participation."""
    participation, wave = get_participation(annotator=person(request), slug=slug)
    if wave is None or not wave.consent_version:
        return go(request, reverse("task", args=[slug]))
    if request.method == "HEAD" or request.method == "GET":
        return _show_consent(request, participation, wave)
    try:
        give_consent(
            participation=participation,
            wave=wave,
            language=request.POST.get("language") or get_language() or "en",
            version=request.POST.get("version", wave.consent_version),
            is_adult="adult" in request.POST,
            ticks=[tick for tick in Tick.values if tick in request.POST],
        )
    except Refused as refusal:
        return _show_consent(request, participation, wave, refusal)
    return go(request, reverse("task", args=[slug]))


def _show_consent(
    request: HttpRequest, participation: Participation, wave: Wave, refusal: Refused | None = None
) -> HttpResponse:
    is_given = participation.consent_version == wave.consent_version
    given = {
        Tick.SENSITIVE: participation.allows_sensitive,
        Tick.TEXTS: participation.allows_texts,
        Tick.TRAINING: participation.allows_training,
    }
    context = {
        "project": participation.project,
        "reading": read(request, participation=participation, wave=wave, name="consent_text"),
        "is_given": is_given,
        "asked": wave.setting("consent_ticks"),
        "ticked": [
            tick for tick in Tick if (tick in request.POST if refusal else is_given and given[tick])
        ],
        "after_withdrawal": wave.setting("after_withdrawal"),
        "version": wave.consent_version,
        "errors": refusal.fields if refusal else {},
    }
    return render(request, "consent.html", context, status=422 if refusal else 200)


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask people about themselves, and let them correct it. Queries: session, account, participation, answers."""
    participation, wave = get_participation(annotator=person(request), slug=slug)
    if wave is None or not wave.demographics_version:
        return go(request, reverse("task", args=[slug]))
    questions = list_questions(participation=participation, wave=wave)
    skills = list_skills(participation=participation)
    errors = {}
    if request.method == "POST":
        try:
            has_more = save_profile(
                participation=participation,
                wave=wave,
                version=request.POST.get("version", wave.demographics_version),
                answers={each.slug: request.POST.get(each.slug, "") for each in questions},
                language_skills={
                    each.slug: request.POST.get(f"skill-{each.slug}", "") for each in skills
                },
            )
        except Refused as refusal:
            errors = refusal.fields
        else:
            if not has_more:
                screen(participation=participation)
            return go(request, reverse("profile" if has_more else "task", args=[slug]))
    context = {
        "project": participation.project,
        "questions": questions,
        "skills": skills,
        "version": wave.demographics_version,
        "errors": errors,
    }
    return render(request, "profile.html", context, status=422 if errors else 200)


class _WordsForm(NamedTuple):
    """What stands in the form about what matters to a person."""

    text: str = ""
    language: str = ""
    lend: bool = False


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def words(request: HttpRequest, slug: str) -> HttpResponse:
    """Let people write what matters to them, change it or take it back. Queries: session, account, participation, words."""
    participation, wave = get_participation(annotator=person(request), slug=slug)
    if wave is None or not (wave.setting("own_words_asked") or participation.words_id):
        return go(request, reverse("task", args=[slug]))
    said = participation.words
    form = _WordsForm(said.text, said.language, said.lent) if said else _WordsForm()
    errors = {}
    if request.method == "POST":
        sent = request.POST
        form = _WordsForm(sent.get("text", ""), sent.get("language", ""), "lend" in sent)
        try:
            save_own_words(
                participation=participation, text=form.text, language=form.language, lend=form.lend
            )
        except Refused as refusal:
            errors = refusal.fields
        else:
            return go(request, reverse("task", args=[slug]))
    context = {
        "project": participation.project,
        "languages": participation.languages,
        "form": form._replace(
            text=UNSTORABLE.sub("", form.text),
            language=form.language or participation.languages[0],
        ),
        "is_answered": wave.setting("turns") > 1 or wave.setting("own_prompt_share") > 0,
        "is_new": said is None,
        "most": LONGEST_WORDS,
        "errors": errors,
    }
    return render(request, "words.html", context, status=422 if errors else 200)
