"""Command line of the report: `python -m autoencoder_report COMMAND [NN …]`.

`build` executes, exports and indexes; `check` executes and reports which claims hold; `seeds`
measures the claims under seeds 1 to 8; `bounds` checks the bounds against that spread.
"""

import argparse
import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from markupsafe import escape

from . import ReportError
from .bounds import check
from .execute import DEFAULT_TIMEOUT, Failure, Outcome, cache_folder, execute, write_whole
from .exporter import ReportExporter, question_of
from .page import Page
from .progress import Progress
from .project import root
from .runnable import data_sets, write_data
from .seeds import SEEDS, measure, seeds_of
from .site import Card, card_of, keep_card, kept_card, write_absent, write_site

_PRESENT = (
    "every page presents itself: open it and press P or the button Present; "
    "the arrow keys go from section to section, ? shows the keys, printing makes a page of each"
)


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="autoencoder_report", description=__doc__)
    option = parser.add_argument
    option("command", choices=["build", "check", "seeds", "bounds"])
    option("chapters", nargs="*", metavar="NN", help="chapters by number or name; all by default")
    option("--jobs", type=int, default=2, help="kernels at a time (2)")
    seconds = f"seconds that a chapter may take ({DEFAULT_TIMEOUT})"
    option("--timeout", type=float, default=DEFAULT_TIMEOUT, help=seconds)
    option("--fresh", action="store_true", help="run again what is kept from an earlier run")
    option("--slides", action="store_true", help="say how a page is presented on a projector")
    others = "with `seeds`: others than 1 to 8, such as 11-16, which are reported and not written"
    option("--seeds", type=seeds_of, default=SEEDS, help=others)
    inside = "embed all data that a chapter reads in its page, which then runs from that one file"
    option("--standalone", action="store_true", help=inside)
    option("--out", type=Path, default=None, help="folder of the pages (reports)")
    return parser.parse_intermixed_args(given)


def all_chapters() -> list[Path]:
    """Notebooks of the series in order; one without a number is a reader's own."""
    return sorted((root() / "notebooks").glob("[0-9][0-9]-*.ipynb"))


def chosen(asked: list[str], found: list[Path]) -> list[Path]:
    """Notebooks that were asked for by number (04, 4) or name.

    Throws ReportError for one that is not there.
    """
    if not found:
        raise ReportError("notebooks/ must hold at least one notebook, found none")
    if not asked:
        return found
    picked = []
    for name in asked:
        stem = name.removesuffix(".ipynb").split("/")[-1]
        number = f"{int(stem):02d}-" if stem.isdigit() else "/"
        matches = [p for p in found if p.stem == stem or p.stem.startswith(number)]
        if not matches:
            there = ", ".join(path.stem for path in found)
            raise ReportError(f'a chapter must be one of {there}, got "{name}"')
        picked += matches
    return [path for path in found if path in picked]


async def _execute_all(
    paths: list[Path], progress: Progress, given: argparse.Namespace
) -> list[Outcome]:
    jobs = max(1, min(given.jobs, len(paths)))
    turn = asyncio.Semaphore(jobs)
    how = {"jobs": jobs, "timeout": given.timeout, "fresh": given.fresh}

    async def one(path: Path) -> Outcome:
        async with turn:
            return await execute(path, progress, **how)

    everything = asyncio.gather(*map(one, paths))
    # once: a second signal must not cut the first one's clean-up short
    stop = cache(everything.cancel)
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop)
    return await everything


def _wrote(file: Path) -> None:
    print(f"wrote   {os.path.relpath(file)}  {file.stat().st_size / 1e6:.2f} MB")


def _export(outcome: Outcome, path: Path, reports: Path, standalone: bool) -> Page:
    given = {"metadata": {"name": path.stem, "path": str(path.parent)}}
    beside = {chapter.stem for chapter in all_chapters()} | {"index"}
    exporter = ReportExporter(beside=beside, standalone=standalone, strict=True)
    text, resources = exporter.from_notebook_node(outcome.notebook, given)
    file = reports / f"{path.stem}.html"
    write_whole(file, text)
    _wrote(file)
    for note in resources["page"].notes:
        print(f"note    {path.stem}, {note}", file=sys.stderr)
    return resources["page"]


def _page(outcome: Outcome, path: Path, reports: Path, standalone: bool) -> Card:
    """Write a chapter's page and answer its card; a page that cannot be written is a failure."""
    if all(failure.claim for failure in outcome.failures):
        try:
            return card_of(outcome, _export(outcome, path, reports, standalone))
        except Exception as error:  # one odd notebook must not cost the others their pages
            kind = "" if isinstance(error, ReportError) else f"{type(error).__name__}: "
            outcome.failures.append(Failure("while exporting", f"{kind}{error}"))
    broken = next(failure for failure in outcome.failures if not failure.claim)
    said = f"{broken.where}\n{broken.error}"
    return Card(path.stem, str(escape(question_of(path))), state="failed", failure=said)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Wait until no other process of this project writes pages.

    Each writes a short page for a chapter without one, which may just be on its way.
    """
    folder = cache_folder().parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "pages.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@alone()
def build(outcomes: list[Outcome], paths: list[Path], reports: Path, standalone: bool) -> None:
    """Write the pages of the given runs, their data, then the index of all chapters.

    A run whose claims do not all hold makes a page too, which says so: it is the effect of a
    reader's changed line.
    """
    cards: dict[str, Card] = {}
    for outcome, path in zip(outcomes, paths):
        cards[path.stem] = _page(outcome, path, reports, standalone)
        keep_card(cards[path.stem])
    every = [cards.get(path.stem) or kept_card(path, reports) for path in all_chapters()]
    for card in every:
        if card.state in {"missing", "failed"}:
            write_absent(card, reports)
    beside = {name for outcome in outcomes for name in data_sets(outcome.notebook)}
    for name in [] if standalone else sorted(beside):
        if write_data(name, reports):
            _wrote(reports / name)
    write_site(every, reports)
    print(f"wrote   {os.path.relpath(reports / 'index.html')}")


def main(given: list[str] | None = None) -> int:
    """Run the command; answers the exit code.

    0 when all went well, 1 when a chapter failed, 2 for a wrong command line, 130 when interrupted.
    """
    options = arguments(sys.argv[1:] if given is None else given)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    try:
        return _main(options, chosen(options.chapters, all_chapters()))
    except ReportError as error:
        print(error, file=sys.stderr)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        kept = "the kernels are stopped, the chapters that have run are kept"
        print(f"\ninterrupted: {kept}; the same command goes on", file=sys.stderr)
        return 130


def _main(options: argparse.Namespace, paths: list[Path]) -> int:
    if options.command == "seeds":
        return measure(paths, options.seeds, options.timeout)
    if options.command == "bounds":
        return check(paths)
    with Progress([path.stem for path in paths]) as progress:
        outcomes = asyncio.run(_execute_all(paths, progress, options))
    if options.command == "build":
        reports = (options.out or root() / "reports").resolve()
        build(outcomes, paths, reports, options.standalone)
    failures = [(outcome.chapter, failure) for outcome in outcomes for failure in outcome.failures]
    for chapter, failure in failures:
        print(f"\nFAILED {chapter}, {failure.where}\n{failure.error}", file=sys.stderr)
    claims = [claim for outcome in outcomes for claim in outcome.claims]
    held = sum(claim.holds for claim in claims)
    chapters = f"{len(outcomes)} chapter{'s' * (len(outcomes) != 1)}"
    failed = f"{len(failures)} failure{'s' * (len(failures) != 1)}"
    print(f"\n{chapters}, {held} of {len(claims)} claims hold, {failed}")
    if options.slides:
        print(_PRESENT)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
