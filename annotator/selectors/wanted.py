"""Which prompts a run would make candidates for: one rule for the run itself and for its estimate."""

WANTED_PROMPTS = """
    FROM annotator_prompt prompt
    WHERE prompt.project_id = %(project)s AND prompt.source = 'pregenerated'
      AND (%(languages)s::text[] = '{}' OR prompt.language = ANY (%(languages)s))
      AND (%(trial)s OR NOT EXISTS (
          SELECT FROM annotator_candidateset live JOIN annotator_generationrun earlier ON earlier.id = live.run_id
          WHERE live.prompt_id = prompt.id AND live.state IN ('queued', 'running', 'complete') AND earlier.purpose <> 'trial'
            AND (earlier.strategy, earlier.parameters, earlier.model, earlier.candidates) = (%(strategy)s, %(parameters)s::jsonb, %(model)s, %(candidates)s)))
    ORDER BY prompt.id LIMIT %(limit)s
"""
