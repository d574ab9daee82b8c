"""The numbers that a release says of itself, read inside its snapshot."""

from dataclasses import dataclass
from typing import Any

from annotator.models import Project
from annotator.selectors.consistency import REPEATS, Consistency, report_of
from annotator.selectors.exports import ReleasedPeople, Snapshot
from annotator.selectors.exports.native import SURPLUS, TOLD
from annotator.selectors.exports.shapes import FROM
from pluralism.intervals import Interval, mean_interval

PRESENT = "judgment.project_id = %(project)s AND person.withdrawn_at IS NULL"
STANDS = "person.withdrawn_at IS NULL AND person.excluded_at IS NULL"
COUNTED = f"{PRESENT} AND comparison.kind = 'collect' AND counting.id IS NOT NULL"

WAVES = f"""
SELECT wave.number, wave.config_hash, wave.consent_version, count(*) {FROM} WHERE {COUNTED}
GROUP BY wave.number, wave.config_hash, wave.consent_version ORDER BY wave.number"""
LANGUAGES = f"""
SELECT comparison.language, count(*), count(DISTINCT judgment.participation_id) {FROM} WHERE {COUNTED}
GROUP BY comparison.language ORDER BY comparison.language"""
COUNTRIES = f"""
SELECT COALESCE({TOLD} ->> 'country', '') AS told, count(*), count(DISTINCT judgment.participation_id) {FROM} WHERE {COUNTED}
GROUP BY told ORDER BY told"""
STRATEGIES = f"""
SELECT candidate_set.strategy, candidate_set.template_version, model.names, count(DISTINCT candidate_set.id), count(*)
{FROM}
JOIN LATERAL (
    SELECT COALESCE(string_agg(DISTINCT NULLIF(response.model, ''), ', ' ORDER BY NULLIF(response.model, '')), '') AS names
    FROM annotator_response response WHERE response.candidate_set_id = candidate_set.id
) model ON true
WHERE {COUNTED} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""  # noqa: S608 - texts of this file only
CHOICES = f"""
SELECT judgment.choice_kind, count(*) {FROM} WHERE {COUNTED} GROUP BY judgment.choice_kind ORDER BY judgment.choice_kind"""
WHOLE = f"""
SELECT count(*), count(DISTINCT judgment.participation_id), count(DISTINCT prompt.id), count(DISTINCT comparison.candidate_set_id),
    to_char(min(judgment.submitted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD'), to_char(max(judgment.submitted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
    count(*) FILTER (WHERE judgment.explanation_asked <> 'no'), count(*) FILTER (WHERE judgment.explanation <> '')
{FROM} WHERE {COUNTED}"""
CONVERSATIONS = f"""
SELECT count(*), count(*) FILTER (WHERE judgment.choice_kind <> 'response') {FROM} WHERE {COUNTED} AND turn.number = 1"""
EXCLUDED = f"""
SELECT {{group}}, count(*) FILTER (WHERE person.withdrawn_at IS NOT NULL),
    count(*) FILTER (WHERE person.withdrawn_at IS NULL AND person.excluded_at IS NOT NULL),
    count(*) FILTER (WHERE {STANDS} AND comparison.kind <> 'collect'),
    count(*) FILTER (WHERE {STANDS} AND {SURPLUS}),
    count(*) FILTER (WHERE {STANDS} AND comparison.kind = 'collect' AND counting.id IS NULL AND NOT {SURPLUS})
{FROM} WHERE judgment.project_id = %(project)s GROUP BY 1 ORDER BY 1"""
EXCLUSIONS = ("withdrawn", "excluded", "other_kinds", "surplus", "superseded")
PLACES = """
SELECT count(*), count(*) FILTER (WHERE place.state = 'judged') FROM annotator_assignment place
JOIN annotator_comparison comparison ON comparison.id = place.comparison_id AND comparison.kind = 'collect'
WHERE place.project_id = %(project)s"""
OFFERS = """
SELECT offer.outcome, offer.skip_reason, count(*)
FROM annotator_offer offer JOIN annotator_participation person ON person.id = offer.participation_id
WHERE person.project_id = %(project)s AND person.withdrawn_at IS NULL
GROUP BY offer.outcome, offer.skip_reason ORDER BY offer.outcome, offer.skip_reason"""
# Who came, who stayed, by country; who withdrew is counted, and nothing else of them.
PEOPLE = """
SELECT country, count(*), count(*) FILTER (WHERE judgments_given > 0 AND withdrawn_at IS NULL AND excluded_at IS NULL),
    count(*) FILTER (WHERE withdrawn_at IS NOT NULL), count(*) FILTER (WHERE withdrawn_at IS NULL AND excluded_at IS NOT NULL)
FROM annotator_participation WHERE project_id = %(project)s GROUP BY country ORDER BY country"""
TASKS = """
SELECT comparison.language, count(*), count(*) FILTER (WHERE offer.outcome = 'judged'), count(*) FILTER (WHERE offer.outcome = 'skipped'),
    count(*) FILTER (WHERE offer.outcome NOT IN ('judged', 'skipped'))
FROM annotator_offer offer JOIN annotator_participation person ON person.id = offer.participation_id
JOIN annotator_comparison comparison ON comparison.id = offer.comparison_id
WHERE person.project_id = %(project)s AND person.withdrawn_at IS NULL AND comparison.kind = 'collect'
GROUP BY comparison.language ORDER BY comparison.language"""
# What the check of texts found, and what was decided about it, in texts that may be published.
FINDINGS = """
SELECT finding.response_id IS NOT NULL, finding.kind, COALESCE(NULLIF(finding.decision, ''), 'undecided'), count(*)
FROM annotator_finding finding LEFT JOIN annotator_participation person ON person.id = finding.participation_id
WHERE finding.project_id = %(project)s AND person.withdrawn_at IS NULL AND person.allows_texts IS NOT FALSE
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
REASONS = """
SELECT excluded_for, count(*) FROM annotator_participation
WHERE project_id = %(project)s AND withdrawn_at IS NULL AND excluded_at IS NOT NULL GROUP BY excluded_for ORDER BY excluded_for"""
LICENCES = """
SELECT DISTINCT licence FROM annotator_prompt WHERE project_id = %(project)s AND licence <> '' ORDER BY licence"""

# Of each comparison with two counted judgments or more: the share of pairs of people who gave the same answer.
AGREEMENT = f"""
SELECT count(*), COALESCE(avg(share), 0)::float, COALESCE(stddev_samp(share), 0)::float, COALESCE(avg(1.0 / k), 0)::float
FROM (
    SELECT sum(same * (same - 1)) / (sum(same) * (sum(same) - 1)) AS share, max(k) AS k
    FROM (
        SELECT judgment.comparison_id, count(*) AS same,
            (SELECT count(*) FROM annotator_comparisonoption option WHERE option.comparison_id = judgment.comparison_id) AS k
        {FROM} WHERE {COUNTED} GROUP BY judgment.comparison_id, judgment.choice_kind, judgment.choice_response_id
    ) answers GROUP BY comparison_id HAVING sum(same) > 1
) items"""  # noqa: S608 - texts of this file only


@dataclass(frozen=True)
class Agreement:
    """Mean share of agreeing pairs of people over `items` comparisons, and what blind choice would give."""

    items: int
    share: float
    interval: Interval | None
    by_chance: float


@dataclass(frozen=True)
class ReleaseFacts:
    """Numbers of what counts in a release; texts are empty where nothing is known."""

    judgments: int
    annotators: int
    prompts: int
    sets: int
    first_day: str
    last_day: str
    explanations_asked: int
    explanations_given: int
    places: int
    places_judged: int
    waves: list[dict[str, Any]]
    languages: list[tuple[str, int, int | str]]
    countries: list[tuple[str, int, int]]
    """As the rows tell them: nothing, a country or a region."""
    strategies: list[tuple[str, str, str, int, int]]
    choices: dict[str, int]
    conversations: dict[str, int]
    """All that count, and those of them without a choice in the first turn: no rows of community-alignment."""
    excluded: dict[str, int]
    excluded_by_language: list[tuple[str, int, int, int, int, int]]
    excluded_by_country: list[tuple[str, int, int, int, int, int]]
    people: list[tuple[str, int, int, int, int]]
    """By country: who joined, who judged, who withdrew, who was left out. Where small groups are not told of, countries of too
    few people stand together under "", and what they count is rounded to multiples of k."""
    people_excluded_for: list[tuple[str, int]]
    """Reasons, and how many people."""
    tasks: list[tuple[str, int, int, int, int]]
    offers: list[tuple[str, str, int]]
    findings: list[tuple[bool, str, str, int]]
    """What was found in texts: whether in a response, its kind, what was decided about it, how often."""
    licences: list[str]
    joined: int
    stayed: int
    agreement: Agreement
    consistency: Consistency

    @property
    def undecided(self) -> int:
        """Return how many findings in texts nobody has decided about."""
        return sum(count for *_what, decision, count in self.findings if decision == "undecided")

    def found(self, *, in_responses: bool) -> list[list[Any]]:
        """Return what was found in responses, or in what people wrote: kind, decision, how often."""
        return [row for where, *row in self.findings if where == in_responses]


def read_facts(*, project: Project, snapshot: Snapshot, people: ReleasedPeople) -> ReleaseFacts:
    """Return the numbers as of the snapshot, by groups of people only as far as these may be told."""
    values = {"project": project.pk, "people": people.told}

    def read(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(_text(cell) for cell in row) for row in snapshot.rows(sql, values)]

    (whole,), (places,), (agreed,) = map(read, (WHOLE, PLACES, AGREEMENT))
    by_language, by_country = (
        read(EXCLUDED.format(group=group)) for group in ("comparison.language", "person.country")
    )
    joined = by_people = read(PEOPLE)
    if people.is_enforced:
        small = {row[0] for row in joined if row[1] < people.k}
        by_country, by_people = (_rounded(rows, small, people.k) for rows in (by_country, joined))
    return ReleaseFacts(
        judgments=whole[0],
        annotators=whole[1],
        prompts=whole[2],
        sets=whole[3],
        first_day=whole[4] or "",
        last_day=whole[5] or "",
        explanations_asked=whole[6],
        explanations_given=whole[7],
        places=places[0],
        places_judged=places[1],
        waves=[
            dict(zip(("number", "config_hash", "consent_version", "judgments"), row, strict=True))
            for row in read(WAVES)
        ],
        languages=[
            (tag, count, f"fewer than {people.k}" if people.is_enforced and who < people.k else who)
            for tag, count, who in read(LANGUAGES)
        ],
        countries=read(COUNTRIES),
        strategies=read(STRATEGIES),
        choices=dict(read(CHOICES)),
        conversations=dict(zip(("all", "without_a_choice"), read(CONVERSATIONS)[0], strict=True)),
        excluded={
            name: sum(row[number] for row in by_language)
            for number, name in enumerate(EXCLUSIONS, start=1)
        },
        excluded_by_language=by_language,
        excluded_by_country=by_country,
        people=by_people,
        people_excluded_for=read(REASONS),
        joined=sum(row[1] for row in joined),
        stayed=sum(row[2] for row in joined),
        tasks=read(TASKS),
        offers=read(OFFERS),
        findings=read(FINDINGS),
        licences=[row[0] for row in read(LICENCES)],
        agreement=_agreement(*agreed),
        consistency=report_of(read(REPEATS)).whole,
    )


def _agreement(items: int, share: float, deviation: float, by_chance: float) -> Agreement:
    interval = (
        mean_interval(mean=share, deviation=deviation, n=items, least=0.0, most=1.0)
        if items
        else None
    )
    return Agreement(items, share, interval, by_chance)


def _rounded(rows: list[tuple[Any, ...]], small: set[str], base: int) -> list[tuple[Any, ...]]:
    """Put the countries of too few people together, and round all counts: neither they nor their differences tell of few."""
    sums: dict[str, list[int]] = {}
    for country, *counts in rows:
        key = "" if country in small else country
        sums[key] = [a + b for a, b in zip(sums.get(key, [0] * len(counts)), counts, strict=True)]
    return [
        (country, *(base * ((count + base // 2) // base) for count in counts))
        for country, counts in sorted(sums.items())
    ]


def _text(cell: Any) -> Any:
    return cell.decode() if isinstance(cell, bytes) else cell
