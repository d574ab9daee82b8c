"""CODEBOOK.md: every column of every format, every option, and how the options read in each language."""

from collections.abc import Mapping

from annotator.models import Release, Wave
from annotator.selectors.exports.columns import Feature
from annotator.selectors.exports.community import TURNS
from annotator.selectors.release_facts import ReleaseFacts
from annotator.services.releases.documents.tables import table
from annotator.services.releases.documents.wording import write_wording

MESSAGES = "list of messages, each with `role` (system, user, assistant) and `content`"
MEANINGS: dict[str, str] = {
    "judgment_id": "The judgment the row comes from; empty where a row sums up several, or where nothing was judged.",
    "candidate_set_id": "The set whose responses were compared.",
    "annotator_id": "Pseudonym of the person, different in every project.",
    "language": "BCP-47 tag of the prompt and its responses.",
    "schema_version": "Rises when a column changes its meaning or type.",
    "project": "Slug of the project.",
    "wave": "Number of the frozen settings under which the judgment was given.",
    "config_hash": "SHA-256 of these settings.",
    "submitted_at": "When the judgment was sent, UTC.",
    "shown_at": "When the comparison was shown, UTC.",
    "ended_at": "When it was answered, skipped or given up, UTC; empty while it is still open.",
    "outcome": "What came of a task shown: `judged`, `skipped`, `expired` (left until its time was over), `shown` (still open).",
    "skip_reason": "Why it was skipped, as the person chose.",
    "active_ms": "Milliseconds during which the page was visible; empty without JavaScript.",
    "duration_ms": "Milliseconds between showing and sending.",
    "conversation_id": "The person's path that the judgment belongs to.",
    "comparison_id": "The question put to people: which responses, in which language.",
    "run_id": "The generation run that made the set; empty for imported sets.",
    "kind": "`collect` is what the data are for; `gold`, `training`, `attention`, `repeat` check or train.",
    "repeat_of": "The comparison that this one repeats.",
    "turn": "Number of the turn in its conversation, from 1.",
    "opening": "`given`: with a given prompt; `own`: with the person's own; `fallback`: an own one was drawn, but nothing answered it.",
    "continues_response_id": "In later turns: the response of the turn before that the message answers.",
    "continues_drawn": "Whether that response was drawn, because the turn before had no winner.",
    "assigned_language": "The language in which the person was given the work.",
    "ui_language": "Language of the page.",
    "device": "phone, tablet or desktop.",
    "prompt": f"In `native`: the prompt with its id, external id, group, text, source (`pregenerated`, `own`) and licence. In `rewardbench-2`: its text. Elsewhere what the person saw, a {MESSAGES}; a system message only where every candidate was given it.",
    "context": f"What the person had seen when they judged, a {MESSAGES}.",
    "responses": "The responses in the order shown: id, text, `position_shown` (from 0), `origin` (strategy, template version, model, slot in the generation, seed, finish reason), detected language.",
    "choice": "`kind`, and where it is `response`: which one, and where it stood.",
    "strength": "How much better the chosen one is: 1 slightly, 2 clearly, 3 much; empty where not asked.",
    "ranks": "Ranks by response, where a ranking was asked for.",
    "vetoes": "Responses called unacceptable.",
    "general": "The answer to the second question, for people in general.",
    "criteria": "Answers by criterion.",
    "reasons": "Reason tags.",
    "explanation": "The person's own words, byte for byte.",
    "explanation_asked": "Whether words were asked for: `no`, `optional`, `required`; drawn before display.",
    "place_kind": "`planned` places are those every comparison has; agreement is computed on them.",
    "counted": "Whether a place of the comparison points to this judgment.",
    "surplus": "Kept although the comparison had all it wanted.",
    "revision": "From 1; a later revision of the same person replaces it.",
    "flags": "What was noticed about the judgment.",
    "consent_version": "Hash of the consent text agreed to; empty where none was asked.",
    "annotator": "Pseudonym, country (ISO 3166-1 alpha-2), demographics as a JSON text.",
    "excluded": "Whether the researchers left the person out: nothing they answered counts.",
    "withdrawn": "Always false in a release.",
    "chosen": f"The preferred answer, a {MESSAGES}; in `rewardbench-2` a list with one text.",
    "rejected": f"The answer it was preferred to, a {MESSAGES}; in `rewardbench-2` the texts of all others.",
    "pair_weight": "Weights of a judgment's pairs sum to 1.",
    "margin": "1/3, 2/3 or 1.0 by the strength stated, 0.0 where a wave did not ask.",
    "prompt_id": "The prompt.",
    "i_chosen": "Of two prompts compared: the one whose response was preferred.",
    "r_chosen": "The preferred response.",
    "i_rejected": "The other prompt.",
    "r_rejected": "The response to the other prompt.",
    "chosen_prompt_id": "Id of the prompt whose response was preferred.",
    "rejected_prompt_id": "Id of the other prompt.",
    "chosen_id": "Id of the chosen response.",
    "rejected_id": "Id of the rejected response.",
    "response_id": "Id of the response.",
    "criterion": "Which question the row answers; `overall` is the choice itself.",
    "completion": f"The response, a {MESSAGES}.",
    "label": "Whether the response was wanted.",
    "label_source": "What the label rests on: `chosen`, `both_good`, `both_bad`, `all_bad`.",
    "answers": "All responses with their ranks, from 1, ties as in competitions: 1, 2, 2, 2.",
    "id": "The comparison, as text.",
    "num_correct": "Always 1.",
    "num_incorrect": "How many others there are.",
    "total_completions": "How many responses there are.",
    "models": "Models of the responses, the chosen one's first.",
    "subset": "The prompt's topic, or its language.",
    "additional_metadata": "Share of people who chose each response, and how many people were asked.",
    "assigned_lang": "BCP-47 tag of the conversation.",
    "annotator_age": "`18-34`, `35-45`, `46-54`, `55+`.",
    "annotator_gender": "`male`, `female`, `other`.",
    "annotator_education_level": "Highest education.",
    "annotator_political": "Self-placement between left and right.",
    "annotator_ethnicity": "By the categories of the person's country.",
    "annotator_country": "English name in lower case.",
    "is_pregenerated_first_prompt": "False where the person wrote the first prompt.",
    "in_balanced_subset": "Whether the person is in a subset balanced by demographics.",
    "in_balanced_subset_10": "The same, and at least ten such people judged the set.",
}
OF_A_TURN = {
    "prompt": "What was asked in this turn.",
    "responses": "All responses in one text, under headings `# Response A:` …",
    "response_a": "The response with this letter; letters are fixed per set, unlike the order shown.",
    "preferred_response": "`response_a` … `response_d`.",
    "feedback": "The person's own words.",
}
for _turn in TURNS:
    for _part, _meaning in OF_A_TURN.items():
        MEANINGS[f"{_turn}_turn_{_part}"] = _meaning
    for _letter in "bcd":
        MEANINGS[f"{_turn}_turn_response_{_letter}"] = "As `a`."


def write_codebook(
    *, release: Release, facts: ReleaseFacts, features: Mapping[str, Mapping[str, Feature]]
) -> str:
    """Return the codebook; the words are those of the waves that have judgments in the release."""
    parts = [
        f"# Codebook of {release.project.name}, release {release.version}",
        "In a text of a person or a model, `[redacted: email]`, `[redacted: phone]`, `[redacted: national id]` and `[redacted: name]` "
        "stand for characters that were taken out, `[withheld]` for a person's whole text. All else is as it was written; METHODS.md tells more.",
    ]
    for name, columns in features.items():
        rows = [
            [f"`{column}`", spell_type(feature), MEANINGS[column]]
            for column, feature in columns.items()
        ]
        parts += [f"## `{name}`", table(["column", "type", "meaning"], rows)]
    numbers = [wave["number"] for wave in facts.waves]
    waves = Wave.objects.filter(project=release.project, number__in=numbers).order_by("number")
    parts += write_wording(project=release.project, waves=list(waves))
    return "\n\n".join(parts) + "\n"


def spell_type(feature: Feature) -> str:
    """Return a type in words."""
    match feature.get("_type"):
        case "Value":
            return str(feature["dtype"])
        case "List":
            return f"list of {spell_type(feature['feature'])}"
        case _:
            return "record of " + ", ".join(f"`{name}`" for name in feature)
