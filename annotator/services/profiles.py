"""Value profiles: the library that is shipped, and people's own words."""

import json
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Participation, ValueProfile

LIBRARY = Path(__file__).resolve().parent.parent / "library" / "value_profiles.json"
LONGEST_WORDS = 2000
OWN_WORDS = {
    "en": "The person you answer describes what matters to them in these words: “{words}” Answer the question itself, helpfully and concretely, as somebody would who shares these values, without preaching.",
    "fr": "La personne à qui vous répondez décrit ainsi ce qui compte pour elle : « {words} » Répondez à la question elle-même, de façon utile et concrète, comme le ferait quelqu’un qui partage ces valeurs, sans faire la morale.",
    "it": "La persona a cui rispondi descrive così ciò che per lei conta: «{words}» Rispondi alla domanda stessa, in modo utile e concreto, come farebbe chi condivide questi valori, senza fare la predica.",
    "pt": "A pessoa a quem você responde descreve assim o que importa para ela: “{words}” Responda à própria pergunta, de forma útil e concreta, como faria alguém que compartilha esses valores, sem dar sermão.",
    "hi": "जिस व्यक्ति को आप जवाब दे रहे हैं, उसने अपने लिए अहम बातें इन शब्दों में बताई हैं: “{words}” जो पूछा गया है उसी का काम का और ठोस जवाब दें, जैसे इन मूल्यों को मानने वाला कोई देता, पर उपदेश न दें।",
    "ar": "يصف الشخص الذي تجيبه ما يهمّه بهذه الكلمات: «{words}» أجب عن السؤال نفسه إجابة نافعة وملموسة كما يجيب من يشاركه هذه القيم، من غير وعظ.",
}
"""What stands around a person's own words in the system message, by language; English elsewhere."""


def add_library_profiles(*, profiles: type[ValueProfile] = ValueProfile) -> int:
    """Add the shipped profiles that are not there, and return how many; edited ones stay as they are.

    A migration calls it with the table as it was then.
    """
    shipped = json.loads(LIBRARY.read_text(encoding="utf-8"))
    with transaction.atomic():
        there = set(profiles._default_manager.filter(project=None).values_list("slug", flat=True))
        missing = [profiles(**row) for row in shipped if row["slug"] not in there]
        profiles._default_manager.bulk_create(missing)
    return len(missing)


def save_own_profile(*, participation: Participation, words: str, language: str) -> ValueProfile:
    """Keep how a person describes their values, in one language; it replaces what they said there before.

    The profile belongs to its author and is offered to nobody else. Its slug holds the pseudonym, since
    it comes out in exports as the origin of their candidates.
    """
    said = " ".join(words.split())
    if not said or len(said) > LONGEST_WORDS or not said.isprintable():
        sentence = _("Describe your values in 1 to %(limit)d printable characters.") % {
            "limit": LONGEST_WORDS
        }
        raise Refused("bad_words", sentence, fields={"words": sentence})
    frame = OWN_WORDS.get(language) or OWN_WORDS.get(language.split("-")[0]) or OWN_WORDS["en"]
    with transaction.atomic():
        profile, _made = ValueProfile.objects.select_for_update().get_or_create(
            project_id=participation.project_id,
            slug=f"own-{participation.pseudonym}",
            defaults={
                "name": said[:100],
                "dimension": "own words",
                "author_id": participation.annotator_id,
            },
        )
        profile.name = said[:100]
        profile.texts = {**profile.texts, language: frame.format(words=said)}
        profile.save(update_fields=["name", "texts"])
    return profile
