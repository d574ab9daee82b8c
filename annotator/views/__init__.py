"""The annotators' pages: one function a page, one template a page.

Every page begins with `doors`. A person comes in by `joining` or `panels`, passes `gates` and `training`, and stays at
`task`: `steps` says what the page needs of what comes next, `desk` draws it, `turns` goes on with a conversation, `drafts` keeps what is unsent,
`flags` takes reports. `reading` shows what researchers wrote, in a language the person reads. `history` and `revisions`
show what was answered; `account` and `accounts` are a person's own; `errors` is what is left to say when something broke.
"""
