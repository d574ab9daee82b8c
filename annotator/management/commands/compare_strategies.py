"""`compare_strategies PROJECT`: let strategies answer the same prompts for the same tokens, and print what came of it."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from annotator.management.projects import ProjectCommand
from annotator.management.strategies import add_model_argument, read_strategy
from annotator.management.watching import wait_until_measured, watch
from annotator.models import GenerationRun, Project
from annotator.selectors.diversity import DiversityRow, diversity_table
from annotator.selectors.statistics import Figure
from annotator.services.generation import start_side_by_side

Column = tuple[str, Callable[[DiversityRow], str]]


class Command(ProjectCommand):
    """See the module's docstring."""

    help = (
        "Makes trial sets for the same prompts by each strategy, with as many tokens for each set, and prints how "
        "unlike the candidates are. Annotators see nothing of it."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Keep the lines of the examples."""
        return super().create_parser(
            prog_name,
            subcommand,
            formatter_class=RawDescriptionHelpFormatter,
            epilog="manage.py compare_strategies demo 'nc_prompt protocol=structured' independent 'select_dpp pool=12'",
            **kwargs,
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "strategies",
            nargs="+",
            metavar="'STRATEGY [PARAMETER=VALUE …]'",
            help="two or more, each with its parameters in one argument; the same one may stand twice with other parameters",
        )
        parser.add_argument(
            "--tokens",
            type=int,
            default=2048,
            metavar="N",
            help="the most that the answers of a set may take together, for every strategy (default 2048)",
        )
        parser.add_argument(
            "--limit",
            type=int,
            default=20,
            metavar="N",
            help="how many prompts, the oldest ones (default 20)",
        )
        add_model_argument(parser)
        parser.add_argument(
            "--language",
            action="append",
            default=[],
            metavar="TAG",
            help="only prompts in this language; repeatable",
        )

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Start the trials, see them through, print the table."""
        runs = start_side_by_side(
            project=project,
            strategies=[read_strategy(typed) for typed in options["strategies"]],
            tokens=options["tokens"],
            model=options["model"],
            languages=options["language"],
            limit=options["limit"],
        )
        names = dict(zip((str(run.pk) for run in runs), options["strategies"], strict=True))
        for run in runs:
            self.stdout.write(f"#{run.pk} {names[str(run.pk)]}")
            watch(run, write=self.stdout.write)
        unmeasured = wait_until_measured(runs)
        for line in table(project, names):
            self.stdout.write(line)
        if unmeasured:
            self.stdout.write(
                _(
                    "%(count)d sets are still to be embedded or judged; “Compare strategies” in the admin will have them."
                )
                % {"count": unmeasured}
            )
        if stopped := [run for run in runs if run.state != GenerationRun.State.FINISHED]:
            raise CommandError(
                _("Not every run has finished: %(runs)s.")
                % {"runs": ", ".join(f"#{run.pk} {run.state}" for run in stopped)}
            )


def table(project: Project, names: dict[str, str]) -> list[str]:
    """Return the lines of one Markdown table over runs, by the names they are shown under."""
    found = diversity_table(project=project, by="run", runs=[int(pk) for pk in names])
    by_run = {pk: [row for row in found.rows if row.part == pk] for pk in names}
    rows = [row for pk in names for row in by_run[pk]]
    columns = _columns(rows)
    lines = [_line(heading for heading, _cell in columns), _line("---" for _column in columns)]
    for pk, name in names.items():
        lines += [
            _line([name, *(cell(row) for _heading, cell in columns[1:])]) for row in by_run[pk]
        ]
    return lines


def _columns(rows: Sequence[DiversityRow]) -> list[Column]:
    columns: list[Column] = [
        (_("strategy"), lambda row: row.strategy),
        (_("run"), lambda row: f"#{row.part}"),
        (_("complete"), lambda row: f"{row.sets}/{row.completed.n}"),
        (_("tokens a set"), lambda row: _shown(row.tokens, digits=0)),
        (_("dissimilarity"), lambda row: _shown(row.mean_dissimilarity)),
        (_("log-determinant"), lambda row: _shown(row.log_determinant)),
        (_("different"), lambda row: _shown(row.distinct)),
        (_("longest/shortest"), lambda row: _shown(row.length_spread)),
    ]
    judged = next((row.coverage for row in rows if row.coverage), ())
    for number, covered in enumerate(judged):
        columns.append((covered.pole, lambda row, number=number: _covered(row, number)))  # type: ignore[misc]
    if judged:
        columns.append((_("relevant"), lambda row: _shown(row.relevant)))
    return columns


def _covered(row: DiversityRow, number: int) -> str:
    return _shown(row.coverage[number].share) if row.coverage else "–"


def _shown(figure: Figure, *, digits: int = 2) -> str:
    """Return a value with the ends of its interval."""
    if figure.value is None:
        return "–"
    ends = (
        f" ({figure.interval.low:.{digits}f}–{figure.interval.high:.{digits}f})"
        if figure.interval
        else ""
    )
    return f"{figure.value:.{digits}f}{ends}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
