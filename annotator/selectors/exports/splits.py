"""Which split of a release a row is in: by the group of its prompt, so that no group is in two of them.

`test`: one prompt group in ten. `test_annotators`: of the other groups, what one person in ten said; nothing
they said is in `train`. So is what people said who don't agree that their answers train models. Both are drawn by MD5 from the project and the group's key or the pseudonym, so a
later release puts them where an earlier one did.
"""

SPLITS = ("train", "test", "test_annotators")
TENTH = 2**32 // 10


def _drawn(what: str) -> str:
    return f"('x' || substr(md5({what}), 1, 8))::bit(32)::bigint < {TENTH}"


GROUP = "concat_ws(':', 'group', %(project)s, COALESCE(prompt_group.kind || ':' || prompt_group.key, 'prompt:' || prompt.id, 'conversation:' || conversation.id))"
PERSON = "concat_ws(':', 'person', %(project)s, person.pseudonym)"


BY_GROUP = f"CASE WHEN {_drawn(GROUP)} THEN 'test' ELSE 'train' END"
BY_GROUP_AND_PERSON = f"CASE WHEN {_drawn(GROUP)} THEN 'test' WHEN {_drawn(PERSON)} OR person.allows_training IS FALSE THEN 'test_annotators' ELSE 'train' END"
