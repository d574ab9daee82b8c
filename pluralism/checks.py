"""What is checked of a set before anybody sees it, beyond what reading its answers already refuses.

A strategy's `read` refuses a wrong count and texts that are empty, identical or hold control tokens.
Here follow the traces of a protocol, the language, the balance of lengths and near-identity; refusals
are told, not refused: that a model does not answer is something people may judge.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pluralism.diversity import DiversityFigures, measure_diversity, near_identical_pairs
from pluralism.languages import Finding
from pluralism.similarity import char_ngram_similarity
from pluralism.strategies import Candidate, UnusableError

MARKER = re.compile(r"^[ \t]*###(?!#)", re.MULTILINE)
BARE_MARKER = re.compile(r"^[ \t]*###[ \t]*$", re.MULTILINE)
LABEL = re.compile(
    r"[\s#*_>\[(]*(?:response|answer|reply|candidate|réponse|respuesta|resposta|risposta|antwort|odpowiedź|ответ|yanıt|cevap|jawaban"
    r"|प्रतिक्रिया|उत्तर|जवाब|الرد|رد|الاستجابة|الإجابة|إجابة|回答|回复|回應|回应|答案|応答|답변|응답)"
    r"[ \t]*[#№]?[ \t]*(?:\d{1,2}|[a-h])[ \t*_\])]*(?:[:：.–—-]|$)",
    re.IGNORECASE | re.MULTILINE,
)
"""A label at the start of a text: “Response A:”, “**Réponse 2 :**”, “回答1：”."""

OPENING = 200
"""Characters at the start of a text in which a refusal is looked for."""
REFUSALS = {
    "en": (
        "i can't help with",
        "i cannot help with",
        "i can't assist",
        "i cannot assist",
        "i'm unable to",
        "i am unable to",
        "i can't provide",
        "i cannot provide",
        "i can't answer",
        "i cannot answer",
        "as an ai language model",
        "i'm sorry, but i can",
        "i am sorry, but i can",
    ),
    "fr": (
        "je ne peux pas vous aider",
        "je ne peux pas t'aider",
        "je ne peux pas répondre",
        "je ne suis pas en mesure de",
        "je suis désolé, mais je ne",
        "en tant que modèle de langage",
    ),
    "it": (
        "non posso aiutart",
        "non posso aiutarl",
        "non posso rispondere",
        "non sono in grado di",
        "mi dispiace, ma non posso",
        "come modello linguistico",
    ),
    "pt": (
        "não posso ajudar",
        "não posso responder",
        "não consigo ajudar",
        "não sou capaz de",
        "desculpe, mas não posso",
        "sinto muito, mas não",
        "como modelo de linguagem",
        "como um modelo de linguagem",
    ),
    "es": (
        "no puedo ayudar",
        "no puedo responder",
        "no soy capaz de",
        "lo siento, pero no puedo",
        "como modelo de lenguaje",
    ),
    "de": (
        "dabei kann ich nicht helfen",
        "dabei kann ich dir leider nicht",
        "dabei kann ich ihnen leider nicht",
        "dabei kann ich dir nicht",
        "dabei kann ich ihnen nicht",
        "ich kann ihnen dabei nicht",
        "ich kann dir dabei nicht",
        "ich bin nicht in der lage",
        "tut mir leid, aber ich kann",
        "als ki-sprachmodell",
        "als sprachmodell",
    ),
    "hi": (
        "मैं आपकी मदद नहीं कर सकता",
        "मैं आपकी मदद नहीं कर सकती",
        "मैं इसमें मदद नहीं कर",
        "मैं इसका उत्तर नहीं दे",
        "मैं असमर्थ हूँ",
        "एक एआई भाषा मॉडल",
        "माफ़ करें, लेकिन मैं",
        "क्षमा करें, लेकिन मैं",
    ),
    "ar": (
        "لا أستطيع مساعدتك",
        "لا يمكنني مساعدتك",
        "لا أستطيع المساعدة",
        "لا يمكنني المساعدة",
        "لا يمكنني الإجابة",
        "لا أستطيع الإجابة",
        "بصفتي نموذج",
        "كنموذج لغوي",
    ),
    "zh": (
        "我无法提供",
        "我无法回答",
        "我无法帮助",
        "我不能提供",
        "我不能回答",
        "抱歉，我无法",
        "抱歉，我不能",
        "作为一个人工智能",
        "作为人工智能",
        "作为一个语言模型",
        "我無法提供",
        "我無法回答",
        "抱歉，我無法",
    ),
}
"""How models begin when they decline; a model may decline in another language than it was asked in."""
_PHRASES = tuple(
    unicodedata.normalize("NFC", phrase) for phrases in REFUSALS.values() for phrase in phrases
)


@dataclass(frozen=True)
class CheckedResponse:
    """A candidate and what was found out about it; `flags` are refusal, code_mixed, near_identical."""

    candidate: Candidate
    language: Finding
    flags: tuple[str, ...]


@dataclass(frozen=True)
class CheckedSet:
    """The responses in their order, how unlike they are by character n-grams, and which are near-identical."""

    responses: tuple[CheckedResponse, ...]
    diversity: DiversityFigures
    alike: tuple[tuple[int, int], ...]


def check_set(
    candidates: Sequence[Candidate],
    *,
    check_language: Callable[[str], Finding],
    promises_difference: bool,
    max_length_ratio: float | None,
) -> CheckedSet:
    """Check the candidates that a strategy read from its answers.

    Parameters
    ----------
    candidates
        Two or more, as `Strategy.read` returned them.
    check_language
        Holds one text against the language asked for.
    promises_difference
        Whether near-identical responses make the set unusable.
    max_length_ratio
        The longest response may have so many times the characters of the shortest; None: any.

    Raises
    ------
    UnusableError
        debris, wrong_language, length_balance; near_identical where difference was promised.
    """
    _check_debris(candidates)
    checked = describe_set(candidates, check_language=check_language)
    _check_languages([response.language for response in checked.responses])
    spread = checked.diversity.length_spread
    if max_length_ratio is not None and spread > max_length_ratio:
        raise UnusableError(
            "length_balance",
            f"the longest response has {spread:.1f} times the characters of the shortest; {max_length_ratio:g} times are allowed",
        )
    if checked.alike and promises_difference:
        first, second = sorted(checked.alike[0])
        raise UnusableError(
            "near_identical",
            f"response {second + 1} says nearly the same as response {first + 1}",
        )
    return checked


def describe_set(
    candidates: Sequence[Candidate], *, check_language: Callable[[str], Finding]
) -> CheckedSet:
    """Return what is stored with two or more candidates, whatever it is: nothing is refused here."""
    texts = [candidate.text for candidate in candidates]
    similarity = char_ngram_similarity(texts)
    pairs = near_identical_pairs(similarity)
    alike = {number for pair in pairs for number in pair}
    return CheckedSet(
        responses=tuple(
            CheckedResponse(
                candidate, finding, _flags(candidate.text, finding, near_identical=number in alike)
            )
            for number, (candidate, finding) in enumerate(
                zip(candidates, map(check_language, texts), strict=True)
            )
        ),
        diversity=measure_diversity(texts, similarity),
        alike=tuple(pairs),
    )


def is_refusal(text: str) -> bool:
    """Return whether a text begins as models do when they decline to answer."""
    plain = unicodedata.normalize("NFC", text[:OPENING]).casefold().replace("\u2019", "'")
    opening = " ".join(plain.split())
    return any(phrase in opening for phrase in _PHRASES)


def _check_debris(candidates: Sequence[Candidate]) -> None:
    """Refuse what is left of a protocol. ### is a heading where each response had an answer to itself."""
    shared = len({candidate.request for candidate in candidates}) < len(candidates)
    for number, candidate in enumerate(candidates, start=1):
        found = (MARKER if shared else BARE_MARKER).search(candidate.text) or LABEL.match(
            candidate.text
        )
        if found:
            raise UnusableError("debris", f"response {number} holds “{found.group().strip()}”")


def _check_languages(findings: Sequence[Finding]) -> None:
    for number, finding in enumerate(findings, start=1):
        if finding.check == "other":
            raise UnusableError(
                "wrong_language",
                f"response {number} is in another language than asked for: {finding.detected}",
            )


def _flags(text: str, finding: Finding, *, near_identical: bool) -> tuple[str, ...]:
    flags = {
        "refusal": is_refusal(text),
        "code_mixed": finding.mixed,
        "near_identical": near_identical,
    }
    return tuple(name for name, holds in flags.items() if holds)
