"""Index of the chapters, and the page of all their claims."""

import base64
import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

from markupsafe import Markup, escape

from . import ReportError, project
from .chinese import glossary, summaries
from .claims import written
from .execute import Outcome, cache_folder, key_of, write_whole
from .exporter import finish, policy, question_of, render
from .page import Page
from .project import checksums, versions
from .seeds import read_table

# Chapters for readers in a hurry, as the README has them.
_SHORT_PATH = frozenset("00 01 03 04 07 10 11 12 14 15".split())


@dataclass
class Card:
    """Entry of a chapter in the index.

    `state` is "current", "older" than its notebook, "failed" or "missing".
    """

    chapter: str
    question: str
    answer: str = ""
    claims: list[dict] = field(default_factory=list)
    figures: int = 0
    formulas: int = 0
    minutes: int = 0
    seconds: float = 0.0
    date: str = ""
    seed: str = ""
    key: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    state: str = "current"
    failure: str = ""

    @property
    def number(self) -> str:
        """Number of the chapter without a leading zero."""
        return str(int(self.chapter[:2])) if self.chapter[:2].isdigit() else ""

    @property
    def short_path(self) -> bool:
        """True for a chapter that a reader in a hurry takes."""
        return self.chapter[:2] in _SHORT_PATH

    @property
    def held(self) -> int:
        """Number of claims that hold."""
        return sum(claim["holds"] for claim in self.claims)


def card_of(outcome: Outcome, page: Page) -> Card:
    """Card of a chapter that has become a page."""
    run = outcome.notebook.metadata["report"]
    return Card(
        chapter=outcome.chapter,
        question=str(page.question),
        answer=str(page.answer),
        claims=[asdict(claim) for claim in page.claims],
        figures=page.figure_count,
        formulas=page.formula_count,
        minutes=page.minutes,
        versions=dict(run["versions"]),
        **{name: run[name] for name in ("seconds", "date", "seed", "key")},
    )


def picture_of(chapter: str) -> str:
    """Picture of the figure that stands for a chapter, docs/chapters/NN.png, as a data URI."""
    file = project.root() / "docs" / "chapters" / f"{chapter[:2]}.png"
    if not file.is_file():
        return ""
    return f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"


def _card_path(chapter: str) -> Path:
    return cache_folder().parent / "pages" / f"{chapter}.json"


def keep_card(card: Card) -> None:
    """Remember a chapter's card for the builds of other chapters."""
    write_whole(_card_path(card.chapter), json.dumps(asdict(card)))


def kept_card(path: Path, reports: Path) -> Card:
    """Remembered card of a chapter: "missing" without its page, "older" than a changed notebook."""
    try:
        key = key_of(path)
    except ReportError as error:
        return Card(path.stem, str(escape(path.stem)), state="failed", failure=str(error))
    try:
        card = Card(**json.loads(_card_path(path.stem).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return Card(path.stem, str(escape(question_of(path))), state="missing")
    if card.state == "current" and not (reports / f"{path.stem}.html").exists():
        return Card(path.stem, card.question, state="missing")
    if card.state == "current" and card.key != key:
        card.state = "older"
    return card


def write_absent(card: Card, reports: Path) -> None:
    """A short page in the place of a chapter that failed or was never built.

    No link is dead then, and nothing old looks fresh.
    """
    text = render("absent.html.j2", card=card, question=Markup(card.question), policy=policy())
    write_whole(reports / f"{card.chapter}.html", finish(text))


def spreads() -> dict[str, dict[tuple[int, str], str]]:
    """Chapter → (number, text) of a claim that seeds move → mean and standard deviation."""
    chapters: dict[str, dict[tuple[int, str], str]] = defaultdict(dict)
    for row in read_table():
        if row.s > 0:
            said = f"{written(row.mean, 4)} ± {written(row.s, 2)}"
            chapters[row.chapter][row.claim, row.text] = said
    return chapters


def write_site(cards: list[Card], reports: Path) -> None:
    """Write the index and the page of claims."""
    made = [card for card in cards if card.state in {"current", "older"}]
    made_with = max(made, key=lambda card: card.date).versions if made else versions()
    shared = {"cards": cards, "made": made, "policy": policy(), "html": Markup}
    index = render(
        "index.html.j2",
        **shared,
        picture_of=picture_of,
        versions=made_with,
        checksums=checksums(),
        chinese=summaries(),
        glossary=glossary(),
    )
    claims = render("claims.html.j2", **shared, spreads=spreads())
    write_whole(reports / "claims.html", finish(claims))
    write_whole(reports / "index.html", finish(index))
