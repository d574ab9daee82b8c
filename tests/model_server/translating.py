"""How the stand-in translates: word by word into words of the language asked for; marks and breaks stay."""

import hashlib
import re
from typing import Any

TASK = re.compile(r"\AYou translate from (\S+) to (\S+) \(BCP-47")
WORD = re.compile(r"[^\W\d_]+")
WORDS = {
    "fr": "famille liberté travail amitié justice tradition courage tendresse honnêteté prudence égalité devoir",
    "it": "famiglia libertà lavoro amicizia giustizia tradizione coraggio tenerezza onestà prudenza uguaglianza dovere",
    "ar": "عائلة حرية عمل صداقة عدالة تقاليد شجاعة حنان أمانة حكمة مساواة واجب",
    "hi": "परिवार स्वतंत्रता काम मित्रता न्याय परंपरा साहस ममता ईमानदारी समझदारी समानता कर्तव्य",
}


def translated(body: dict[str, Any]) -> str | None:
    """Return the translation that is asked for; None where none is."""
    system, *rest = (message["content"] for message in body["messages"])
    task = TASK.match(system)
    if task is None:
        return None
    words = WORDS[task[2].split("-")[0]].split()

    def replace(match: re.Match[str]) -> str:
        first, second, *_rest = hashlib.sha256(match[0].encode()).digest()
        return f"{words[first % len(words)]} {words[second % len(words)]}"

    (text,) = rest
    return WORD.sub(replace, text)
