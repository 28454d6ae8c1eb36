"""Formulas of a page: collected while the prose is rendered, typeset by KaTeX in one go, numbered once."""

import html
import json
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import ReportError
from .project import node, root

_MARK = re.compile("\ue000(\\d+)\ue001")
_IN_LINE = re.compile("([(\\[]*)\ue000(\\d+)\ue001([)\\],.;:!?]*)")
_REFERENCE = re.compile("\ue002(.*?)\ue003(.*?)\ue004")
_TAG = re.compile(r"\\tag\*?\{([^{}]*)\}")
_LABEL = re.compile(r"\\label\{([^{}]*)\}")
_NO_TAG = re.compile(r"\\(?:notag|nonumber)\b")
_ENVIRONMENT = re.compile(
    r"^\s*\\begin\{(equation|align|gather|multline|alignat)(\*?)\}(.*)\\end\{\1\2\}\s*$", re.S
)
_WITHOUT_NUMBERS = {
    "align": "aligned",
    "gather": "gathered",
    "alignat": "alignedat",
    "multline": "gathered",
}


def renumbers(sources: list[str]) -> bool:
    """Whether a chapter's display formulas are numbered here: only where its author numbered none."""
    return not any(_TAG.search(source) for source in sources)


@dataclass
class Formula:
    """One formula; `number` is what stands in parentheses beside a display formula, or empty."""

    tex: str
    display: bool
    where: str
    number: str = ""


class Formulas:
    """Leaves marks in the HTML, and fills them with KaTeX's output in the end."""

    def __init__(self, automatic: bool):
        self._automatic = automatic
        self._formulas: list[Formula] = []
        self._labels: dict[str, str] = {}
        self._numbered: dict[str, str] = {}
        self._next = 1
        self.where = ""

    def inline(self, tex: str) -> str:
        """The mark of a formula in a line; `\\eqref{…}` alone becomes a link."""
        reference = re.fullmatch(r"\s*\\(?:eq)?ref\{([^{}]*)\}\s*", tex)
        if reference:
            return f"\ue002label:{reference[1]}\ue003\ue004"
        return self._keep(Formula(tex, False, self.where))

    def display(self, tex: str) -> str:
        """The mark of a formula on its own line. Throws ReportError where a number is given twice."""
        tags, labels = _TAG.findall(tex), _LABEL.findall(tex)
        body = _LABEL.sub("", tex)
        environment = _ENVIRONMENT.match(body)
        silent = bool(_NO_TAG.search(body)) or bool(environment and environment[2])
        if len(tags) > 1:
            return self._keep(Formula(body, True, self.where))
        body = _NO_TAG.sub("", _TAG.sub("", body))
        environment = _ENVIRONMENT.match(body)
        if environment:
            name = _WITHOUT_NUMBERS.get(environment[1])
            body = f"\\begin{{{name}}}{environment[3]}\\end{{{name}}}" if name else environment[3]
        number = tags[0] if tags else ""
        if not tags and self._automatic and not silent:
            number = str(self._next)
            self._next += 1
        if number:
            if number in self._numbered:
                raise ReportError(
                    f"{self.where}: equation number ({number}) must be given once, also in {self._numbered[number]}"
                )
            self._numbered[number] = self.where
        for label in labels:
            self._labels[label] = number
        return self._keep(Formula(body, True, self.where, number))

    def reference(self, words: str, number: str) -> str:
        """The mark of "equation (3)" in the prose: a link where there is such an equation."""
        return f"\ue002{number}\ue003{words}\ue004"

    def _keep(self, formula: Formula) -> str:
        self._formulas.append(formula)
        return f"\ue000{len(self._formulas) - 1}\ue001"

    @property
    def count(self) -> int:
        """How many display formulas there are."""
        return sum(formula.display for formula in self._formulas)

    def fill(self, marked: str) -> str:
        """The HTML with every mark filled. Throws ReportError that names the cell of each formula that does not parse."""

        def formula(match: re.Match) -> str:
            before, i, after = match[1], int(match[2]), match[3]
            kept = self._formulas[i]
            if kept.display:
                return before + _block(self._typeset[i], kept.number) + after
            # no line ends between a formula and the brackets and stops that touch it
            return (
                f'<span class="whole">{before}{self._typeset[i]}{after}</span>'
                if before or after
                else self._typeset[i]
            )

        return _REFERENCE.sub(self._link, _IN_LINE.sub(formula, marked))

    @cached_property
    def _typeset(self) -> list[str]:
        """KaTeX's HTML of each formula, asked for all at once."""
        if not self._formulas:
            return []
        asked = json.dumps([{"tex": f.tex, "display": f.display} for f in self._formulas])
        program = [
            node(),
            str(Path(__file__).with_name("formulas.mjs")),
            str(root() / "node_modules" / "katex"),
        ]
        ran = subprocess.run(
            program, input=asked, capture_output=True, text=True, encoding="utf-8", check=False
        )
        if ran.returncode != 0:
            raise ReportError(
                f"KaTeX must run under {program[0]}, got exit code {ran.returncode}: {ran.stderr.strip()}"
            )
        answers = json.loads(ran.stdout)
        broken = [
            f"{f.where}: formula {f.tex.strip()!r}: {a['error']}"
            for f, a in zip(self._formulas, answers)
            if "error" in a
        ]
        if broken:
            raise ReportError("\n".join(broken))
        return [answer["html"] for answer in answers]

    def _link(self, match: re.Match) -> str:
        target, words = match[1], match[2]
        if target.startswith("label:"):
            label = target.removeprefix("label:")
            if not self._labels.get(label):
                raise ReportError(
                    f"\\eqref must name a numbered equation, got {label!r}; give that equation \\label{{{label}}}"
                )
            target = self._labels[label]
        if target not in self._numbered:
            return f"{words}({target})"
        return f'{words}<a class="reference" href="#{_id(target)}">({html.escape(target)})</a>'


def is_display(marked: str, formulas: Formulas) -> bool:
    """Whether a text is nothing but display formulas."""
    marks = _MARK.findall(marked)
    return (
        bool(marks)
        and not _MARK.sub("", marked).strip()
        and all(formulas._formulas[int(i)].display for i in marks)
    )


def split_display(marked: str, formulas: Formulas) -> list[str]:
    """A paragraph's pieces, with each display formula a piece of its own."""
    pieces = [""]
    for piece in re.split("(\ue000\\d+\ue001)", marked):
        if is_display(piece, formulas):
            pieces += [piece, ""]
        else:
            pieces[-1] += piece
    return [piece.strip() for piece in pieces if piece.strip()]


def _id(number: str) -> str:
    return "equation-" + re.sub(r"[^\w.-]+", "-", number)


def _block(typeset: str, number: str) -> str:
    if not number:
        return f'<div class="equation"><div class="formula">{typeset}</div></div>'
    shown = html.escape(number)
    link = f'<a class="number" href="#{_id(number)}" aria-label="Link to equation {shown}">({shown})</a>'
    return (
        f'<div class="equation" id="{_id(number)}"><div class="formula">{typeset}</div>{link}</div>'
    )
