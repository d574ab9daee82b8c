"""Everything that writes. A door calls one of these; where to look for what:

prompts and candidates come in
    `readers`, `foreign_rows`, `prompt_rows` (what a row must be), `staging`, `prompts`, `candidates`; `profiles`
candidates are made
    `generation/` (runs, the queue of sets, results), `measuring`; what people lend to it: `own_words`
comparisons open
    `comparisons`, `inserting`, `joint` (two prompts), `blocks`, `explanations`
who is needed
    `projects` (and waves), `strata`, `quotas`, `group_places`
people come, and leave
    `invitations`, `people`, `panels`, `demographics`, `exclusion`, `withdrawal`, `pay`
the loop
    `steps` (what comes next for a person), `assignments` (claim, lease, skip), `answers` (what was sent), `judgments` (storing it), `surplus`, `drafts`,
    `revisions`, `conversations`, `flags`
is the work careful?
    `check_items`, `checks`, `repeats`
the data goes out
    `findings` (texts that may say who wrote them), `releases/`
around all of it
    `changes` (the lock under which they are told), `sweeping`, `boards`, `team`, `tokens`, `audit`, `idempotency`; `demo`, `demo_texts`, `simulation`, `simulated_people`
"""
