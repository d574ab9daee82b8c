"""Everything that reads, and never writes; where to look for what:

for the annotators' pages
    `people`, `tasks`, `questions` (what a wave asks), `conversations`, `waiting`, `training`, `demographics`,
    `drafts`, `history`, `revisions`, `effort`, `panels`, `account`
for the project's page, and those below it
    `progress`, `readiness`, `waves`, `dry_run`, `board`, `board_figures`, `standing`, `pay`, `previews`, `findings`,
    `alignment`, `releases`
for making candidates
    `wanted` (which prompts), `endpoints`, `profiles`, `generation`, `estimates`, `measuring`
for researchers
    `exports/` (a file a format), `release_facts`; `sampling`, `statistics`, `rankings`, `groups`, `annotators`, `values`,
    `consistency`, `diversity`, `attrition`
"""
