"""Which split of a release a row is in: by the group of its prompt, so that no group is in two of them.

`test`: one prompt group in ten. `test_annotators`: of the other groups, what one person in ten said; nothing
they said is in `train`. So is what people said who don't agree that their answers train models. Both are drawn by MD5 from the project and the group's key or the pseudonym, so a
later release puts them where an earlier one did.

A judgment on two prompts belongs to both of their groups. Where these are drawn differently it is in no split, since
one of its prompts would be in two; `services.joint` lets prompts meet that are drawn alike, as far as it can.
"""

import hashlib

SPLITS = ("train", "test", "test_annotators")
TENTH = 2**32 // 10


def _drawn(what: str) -> str:
    return f"('x' || substr(md5({what}), 1, 8))::bit(32)::bigint < {TENTH}"


GROUP_KEY = "prompt_group.kind || ':' || prompt_group.key, 'prompt:' || prompt.id"
GROUP = f"concat_ws(':', 'group', %(project)s, COALESCE({GROUP_KEY}, 'conversation:' || conversation.id))"
PERSON = "concat_ws(':', 'person', %(project)s, person.pseudonym)"

BY_GROUP = f"CASE WHEN {_drawn(GROUP)} THEN 'test' ELSE 'train' END"
BY_TWO_GROUPS = f"""(
    SELECT CASE WHEN bool_and(drawn) THEN 'test' WHEN NOT bool_or(drawn) THEN 'train' END FROM (
        SELECT {_drawn(f"concat_ws(':', 'group', %(project)s, COALESCE({GROUP_KEY}))")} AS drawn
        FROM annotator_comparisonoption option
        JOIN annotator_response response ON response.id = option.response_id
        JOIN annotator_candidateset origin ON origin.id = response.candidate_set_id
        JOIN annotator_prompt prompt ON prompt.id = origin.prompt_id
        LEFT JOIN annotator_promptgroup prompt_group ON prompt_group.id = prompt.group_id
        WHERE option.comparison_id = comparison.id
    ) groups)"""  # noqa: S608 - names of this file only


def split_sql(*, personal: bool, two_prompts: bool) -> str:
    """Return the SQL of a row's split; NULL where its two prompts are drawn differently."""
    by_group = BY_TWO_GROUPS if two_prompts else BY_GROUP
    if not personal:
        return by_group
    of_person = f"CASE WHEN {_drawn(PERSON)} OR person.allows_training IS FALSE THEN 'test_annotators' ELSE 'train' END"
    return f"CASE {by_group} WHEN 'test' THEN 'test' WHEN 'train' THEN {of_person} END"


def is_held_out(*, project_id: int, group: str) -> bool:
    """Tell whether a group of prompts, by the key that the SQL of this module gives it, is drawn for `test`."""
    what = f"group:{project_id}:{group}".encode()
    return int(hashlib.md5(what, usedforsecurity=False).hexdigest()[:8], 16) < TENTH
