"""`annotator`, `api`, `workers`, `pluralism` and `config` mirror the packages, a file an action; beside them:

`e2e` drives a real browser, `faults` kills and cuts what the product stands on, `bad_input` sends what nobody should,
`docs` runs what README.md and docs/ say; `vllm` and `trainers` have environments of their own. `factories` makes rows,
`model_server` stands in for vLLM.
"""
