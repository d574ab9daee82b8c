"""METHODS.md: how the data came about, in prose, with the numbers of this release."""

from collections.abc import Mapping

from annotator.models import Exclusion, Release
from annotator.selectors.consistency import Consistency
from annotator.selectors.exports import ReleasedPeople
from annotator.selectors.release_facts import Agreement, ReleaseFacts
from annotator.services.releases.documents.tables import NOT_SAID, name_region, table


def write_methods(
    *, release: Release, facts: ReleaseFacts, people: ReleasedPeople, between: Mapping[str, int]
) -> str:
    """Return the text."""
    return (
        "\n\n".join(
            [
                f"# How the data of release {release.version} were collected",
                _collection(release, facts),
                "## Prompts and responses",
                f"The judgments are about {facts.sets:,} sets of responses to {facts.prompts:,} prompts. Where the "
                "strategy or the model is empty, the responses were made elsewhere and imported.",
                table(
                    ["strategy", "template", "models", "sets", "judgments"],
                    [
                        [strategy or "–", template or "–", models or "–", sets, judgments]
                        for strategy, template, models, sets, judgments in facts.strategies
                    ],
                ),
                "## Annotators",
                f"{facts.annotators:,} people gave the judgments that count. They appear under pseudonyms made for this "
                "project with its own key. Demographics are in the data only as far as people were asked and consented.",
                table(
                    ["country", "judgments", "people"],
                    [[name_region(country), *rest] for country, *rest in facts.countries],
                ),
                "## What is told of people",
                _anonymity(people),
                "## Personal data in texts",
                _texts(release, facts),
                "## Consent and payment",
                _consent(release, facts),
                "## Assignment",
                f"Every comparison has a fixed number of places, one per judgment wanted; {facts.places_judged:,} of "
                f"{facts.places:,} places are filled. A person never judges a comparison twice. Over the places of a set "
                "every response stands in every position equally often, give or take one; the order each person saw is "
                "in the data. Of the judgments, "
                f"{facts.explanations_asked:,} were asked for an explanation, drawn before display, and "
                f"{facts.explanations_given:,} have one.",
                "## Agreement",
                _agreement(facts.agreement),
                write_consistency(facts.consistency),
                *_left_out(facts, people, between),
            ]
        )
        + "\n"
    )


def _left_out(facts: ReleaseFacts, people: ReleasedPeople, between: Mapping[str, int]) -> list[str]:
    """Return the paragraphs on what does not count, and on what people left."""
    return [
        "## What was left out, and what people did not answer",
        "Excluded from what counts: "
        f"{facts.excluded['withdrawn']:,} judgments of people who withdrew (they are in no file), "
        f"{facts.excluded['excluded']:,} of people whom the researchers left out{_reasons(facts)}, "
        f"{facts.excluded['surplus']:,} that came when a comparison had all it wanted, "
        f"{facts.excluded['superseded']:,} that their author replaced, "
        f"{facts.excluded['other_kinds']:,} of comparisons that check, train or ask again. "
        "Except for the first, they are in `native`, marked." + _between(between),
        f"By language of the comparison and by country of the person{_rounding(people)}:",
        table(
            [
                "group",
                "withdrawn",
                "person left out",
                "checks, training and repeats",
                "surplus",
                "replaced",
            ],
            [
                [name_region(group), *counts]
                for group, *counts in [
                    *facts.excluded_by_language,
                    *facts.excluded_by_country,
                ]
            ],
        ),
        _attrition(facts, people),
        table(
            ["language", "shown", "judged", "skipped", "left or open"],
            facts.tasks,
        ),
        table(
            ["country", "joined", "judged at least once", "withdrew", "left out"],
            [[name_region(country), *rest] for country, *rest in facts.people],
        ),
        table(
            ["what became of a task shown", "reason", "times"],
            [[outcome, reason or "–", count] for outcome, reason, count in facts.offers],
        ),
    ]


def _collection(release: Release, facts: ReleaseFacts) -> str:
    project = release.project
    if not facts.judgments:
        return "No judgment counts yet."
    days = (
        f"between {facts.first_day} and {facts.last_day} (UTC)"
        if facts.first_day != facts.last_day
        else f"on {facts.first_day} (UTC)"
    )
    return (
        f"{facts.judgments:,} judgments were given {days}. The task: {project.get_task_format_display()}, "
        f"{project.candidates} responses to a prompt, {project.overlap} judgments wanted for each comparison. "
        "The settings were frozen in waves; every judgment names its wave, and the hash of the wave's settings:\n\n"
        + table(
            ["wave", "hash of the settings", "judgments"],
            [
                [wave["number"], f"`{wave['config_hash'][:16]}`", wave["judgments"]]
                for wave in facts.waves
            ],
        )
    )


def _anonymity(people: ReleasedPeople) -> str:
    if not people.questions:
        return "Nothing but what they answered: neither a country nor anything else they said of themselves."
    told = ", ".join(f"`{question}`" for question in people.questions)
    coarser = (
        f"An answer was told more coarsely wherever that put a combination of fewer than {people.k} people together with others "
        f"({people.coarsened:,} values): countries as regions of the UN's M49, ages in wider bands. "
        if people.coarsened
        else ""
    )
    rule = (
        f"{coarser}An answer was hidden wherever a combination belonged to fewer than {people.k} people ({people.hidden:,} values)"
        if people.is_enforced
        else f"Combinations of fewer than {people.k} people are released as they are"
    )
    return (
        f"Told of each person, once and the same in all rows: {told}. Each of {people.before.combinations:,} combinations of "
        f"them belonged to {people.before.smallest:,} people or more; {people.before.people_below:,} of "
        f"{people.before.people:,} people shared theirs with fewer than {people.k}. {rule}; now the smallest group has "
        f"{people.after.smallest:,}. People who did not agree that their texts are published have no explanation and no "
        "conversation with words of their own here; those who did not agree to training are in no `train` split."
    )


def _texts(release: Release, facts: ReleaseFacts) -> str:
    checked = (
        "Explanations, messages and people's own prompts were searched for e-mail addresses, phone numbers, national ids and "
        "their authors' own names; all responses that people judged as well, for the name of a person where they answer one. "
        "What models wrote is counted apart: they make most of such numbers and addresses up. "
    )
    if not facts.findings:
        return checked + "Nothing was found."
    undecided = (
        f"{facts.undecided:,} of the places were not decided; their texts are withheld, and in responses they are redacted. "
        if release.project.unreviewed_texts == release.project.UnreviewedTexts.WITHHOLD
        else ""
    )
    return (
        f"{checked}People looked at what was found and decided: `release` leaves it, `redact` puts a marker such as "
        "`[redacted: email]` in its place, in every row that holds the text, `withhold` takes a whole text that a person wrote out "
        f"(`[withheld]`), and with a message or a prompt all that answers it. {undecided}\n\n"
        + table(
            ["found in", "found", "decision", "places"],
            [
                ["a response" if in_response else "a person's text", *rest]
                for in_response, *rest in facts.findings
            ],
        )
    )


def _between(between: Mapping[str, int]) -> str:
    if not between:
        return ""
    rows = ", ".join(f"{count:,} of `{name}`" for name, count in sorted(between.items()))
    return (
        " Rows about two prompts of which only one is held out for `test` are in no split, so that no prompt is in two: "
        f"{rows}."
    )


def _rounding(people: ReleasedPeople) -> str:
    if not people.is_enforced:
        return ""
    return f" (countries of fewer than {people.k} people together, under “{NOT_SAID}”; counts by country rounded to multiples of {people.k})"


def _attrition(facts: ReleaseFacts, people: ReleasedPeople) -> str:
    joined, stayed = facts.joined, facts.stayed
    shown = sum(row[1] for row in facts.tasks)
    judged = sum(row[2] for row in facts.tasks)
    return (
        f"{joined:,} people joined, {stayed:,} of them gave at least one judgment and are still there. They were shown "
        f"{shown:,} tasks and judged {judged:,}. The format `offers` has a row for each task shown. By language and country"
        f"{_rounding(people)}:"
    )


def _reasons(facts: ReleaseFacts) -> str:
    """Return how many people were left out for what, in brackets; nothing where nobody was."""
    if not facts.people_excluded_for:
        return ""
    told = ", ".join(
        f"{count:,} for “{Exclusion(reason).label}”" for reason, count in facts.people_excluded_for
    )
    return f" (people: {told})"


def _consent(release: Release, facts: ReleaseFacts) -> str:
    asked = sum(wave["judgments"] for wave in facts.waves if wave["consent_version"])
    project = release.project
    paid = (
        f"By the project's settings, an answer was paid with {project.pay_per_answer / 100:.2f} {project.pay_currency}, "
        f"and all that was asked of a person with a bonus of {project.pay_bonus / 100:.2f} {project.pay_currency}."
        if project.pay_currency
        else "The project's settings say nothing of pay."
    )
    return (
        f"{asked:,} of the judgments were given under a consent text, whose version each of them names; for the "
        f"others the project asked for none. {paid}"
    )


def _agreement(agreement: Agreement) -> str:
    if not agreement.items or agreement.interval is None:
        return "Undefined: fewer than two comparisons have two judgments or more."
    return (
        f"On {agreement.items:,} comparisons with two judgments or more, two people drawn at random gave the same "
        f"answer in {agreement.share:.1%} of the cases (95 % interval over comparisons: "
        f"{agreement.interval.low:.1%} to {agreement.interval.high:.1%}); choosing blindly among the responses "
        f"would give {agreement.by_chance:.1%}. Categories are responses, never display letters. Low agreement is "
        "what this collection is for, not a fault in it."
    )


def write_consistency(consistency: Consistency) -> str:
    """Return how steady one person's answers are."""
    same = consistency.same
    if same.value is None:
        return "Nobody was asked the same question twice, so nothing tells how steady one person's answers are."
    reach = (
        f"95 % interval over people: {same.interval.low:.1%} to {same.interval.high:.1%}; "
        if same.interval
        else ""
    )
    return (
        f"{consistency.people:,} people were asked {same.n:,} questions a second time, later and in an order drawn anew. They "
        f"gave the same answer in {same.value:.1%} of the cases ({reach}blind choice: {consistency.by_chance:.1%}). What people "
        "disagree on with each other is to be read against it. The repeats are in `native` alone, with the kind "
        "`repeat`, and fill no place."
    )
