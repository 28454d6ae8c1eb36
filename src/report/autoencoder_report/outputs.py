"""Outputs of a cell as a page shows them: claims, text, figures, drawings, pictures, notes."""

import html
import json
import re
from dataclasses import dataclass, field, replace
from itertools import groupby

from markupsafe import Markup

from . import ReportError
from .claims import Claim, parse_claim
from .figures import PLOTLY, check_figure, maps_of, script_json
from .formulas import drawn_accents
from .isolated import embedded, is_active, is_blank, isolate
from .live import live_figure
from .missing import Missing
from .pictures import Pictures, is_picture, svg_uri
from .prose import Prose
from .sanitize import Sanitizer
from .terminal import overwritten, terminal_html

_CAPTION = re.compile(r'\s*<p class="ae-caption"[^<>]*>(.*)</p>\s*', re.S)
# The style sheet of every data frame of pandas, without which it is a table like others.
_PANDAS = re.compile(r"<style scoped>(?:\s*\.dataframe [\w :>-]*\{[\w\s:;-]*\})*\s*</style>")
_IMAGES = [f"image/{name}" for name in ("svg+xml", "png", "jpeg", "gif", "webp", "avif", "bmp")]
# Such as a film on the network, whose output has a picture of it too.
_FRAME = re.compile(r"\s*<iframe\b[^<>]*\ssrc=[\"'](https?://[^\"'<>]*)[^<>]*>\s*</iframe>\s*")
_SHOWN_JSON = 20_000  # characters


@dataclass
class Output:
    """One output; `kind` is text, stderr, error, claims, figure, drawing, html, image or note.

    A live drawing has its code in `script`, which stands right after its element.
    """

    kind: str
    html: Markup = Markup("")
    claims: list[Claim] = field(default_factory=list)
    number: int = 0
    caption: Markup = Markup("")
    alt: str = ""
    height: int = 0
    spec: Markup = Markup("")
    script: Markup = Markup("")


def _text(data: dict, kind: str, place: str) -> str:
    """Text of a MIME type. Throws ReportError where an output holds something else."""
    value = data[kind]
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    if not isinstance(value, str):
        raise ReportError(f"{place}: an output's {kind} must be text, got {str(value)[:80]!r}")
    return value


def _base64(data: dict, kind: str, place: str) -> str:
    """Base64 of a MIME type, also of a data URI, on one line. Throws ReportError where it is none."""
    raw = re.sub(r"^data:[^,]*;base64,|\s", "", _text(data, kind, place))
    if not re.fullmatch(r"[A-Za-z0-9+/=]*", raw):
        raise ReportError(f"{place}: an output's {kind} must be base64, got {raw[:40]!r}")
    return raw


def _printed(text: str) -> list[Output]:
    """Text as a terminal shows it; nothing where it is blank."""
    shown = overwritten(text).strip("\n")
    return [Output("text", Markup(terminal_html(shown)))] if shown.strip() else []


def _stream(output) -> str | None:
    return output.get("name", "stderr") if output.output_type == "stream" else None


class Outputs:
    """Reads the outputs of a notebook's cells in order, and counts figures and claims."""

    def __init__(self, prose: Prose, sanitizer: Sanitizer, pictures: Pictures, missing: Missing):
        self._prose, self._formulas, self._sanitizer = prose, prose.formulas, sanitizer
        self._pictures, self._missing = pictures, missing
        self.claims: list[Claim] = []
        self.figures: list[dict] = []
        self.figure_count = 0

    def read(self, outputs: list, place: str) -> list[Output]:
        """A cell's outputs. Throws ReportError, naming the cell, for one that is malformed."""
        read: list[Output] = []
        for stream, group in groupby(outputs, _stream):
            pieces = list(group)
            text = "".join("".join(output.text) for output in pieces) if stream else ""
            if stream == "stdout":
                read += self._stdout(text)
            elif stream:
                read.append(Output("stderr", Markup(terminal_html(overwritten(text)))))
            for output in pieces:
                if output.output_type == "error":
                    read.append(self._error(output))
                elif output.output_type in {"display_data", "execute_result"}:
                    read += self._bundle(output, place, read)
        return read

    def _stdout(self, text: str) -> list[Output]:
        read: list[Output] = []
        pending: list[str] = []

        for line in overwritten(text).split("\n"):
            claim = parse_claim(line)
            if claim is None:
                pending.append(line)
                continue
            read += _printed("\n".join(pending))
            pending.clear()
            if not read or read[-1].kind != "claims":
                read.append(Output("claims"))
            read[-1].claims.append(self._count(claim))
        return read + _printed("\n".join(pending))

    def _count(self, claim: Claim) -> Claim:
        self.claims.append(replace(claim, number=len(self.claims) + 1))
        return self.claims[-1]

    def _error(self, output) -> Output:
        if broken := parse_claim(output.evalue):
            return Output("claims", claims=[self._count(broken)])
        words = ": ".join(filter(None, [output.ename, output.evalue]))
        trace = "\n".join(output.get("traceback", [])) or words or "an error without a message"
        return Output("error", Markup(terminal_html(trace)))

    # ---- MIME bundles

    def _bundle(self, output, place: str, before: list[Output]) -> list[Output]:
        data, metadata = output.data, output.get("metadata") or {}
        if PLOTLY in data:
            return [self._figure(data[PLOTLY], place)]
        if "text/html" in data:
            markup = _text(data, "text/html", place)
            picture = next((kind for kind in _IMAGES if kind in data), None)
            if picture and (framed := _FRAME.fullmatch(markup)):
                where = f"a page in a frame, {framed[1][:100]}; its picture stands in its place"
                return [self._image(picture, data, metadata, place), self._note(where)]
            own = metadata.get("text/html")
            isolated = metadata.get("isolated") or (isinstance(own, dict) and own.get("isolated"))
            read = self._html(markup, place, before, bool(isolated))
            return read + self._unseen(markup, data)
        if "text/markdown" in data:
            shown = self._prose.render_cell(_text(data, "text/markdown", place))
            return [Output("html", Markup(f'<div class="prose">{shown}</div>'))]
        if "text/latex" in data:
            return [Output("html", Markup(self._latex(_text(data, "text/latex", place).strip())))]
        for kind in _IMAGES:
            if kind in data:
                return [self._image(kind, data, metadata, place)]
        return self._plain(data, place)

    def _latex(self, text: str) -> str:
        """A formula, or text with formulas in it, as MathJax reads it."""
        alone = re.fullmatch(r"(\$\$?)([^$]+)\1|\\\[((?:(?!\\\]).)+)\\\]", text, re.S)
        written = html.escape(text)
        if not alone and not text.startswith("\\begin"):
            within = self._formulas.within(written)
            if within != written:
                return f'<div class="prose"><p>{within}</p></div>'
        return self._formulas.display((alone[2] or alone[3]) if alone else text, numbered=False)

    def _unseen(self, markup: str, data: dict) -> list[Output]:
        """Note for HTML that shows nothing by itself, because another type draws it."""
        others = [k for k in data if not k.startswith("text/")]
        if not markup.strip() or not others or not is_blank(markup):
            return []
        kinds = " or ".join(others)
        return [self._note(f"an output of type {kinds}, which a page cannot draw")]

    def _note(self, words: str) -> Output:
        return Output("note", Markup(self._missing.note(words)))

    def _image(self, kind: str, data: dict, metadata: dict, place: str) -> Output:
        notes: list[str] = []
        if kind == "image/svg+xml":
            raw, notes = embedded(_text(data, kind, place), self._pictures, self._missing)
            is_image, uri = re.search(r"<svg\b", raw), svg_uri(raw)
        else:
            raw = _base64(data, kind, place)
            is_image, uri = is_picture(raw), f"data:{kind};base64,{raw}"
        if not is_image:
            return self._note(f"an output of type {kind}, whose content is no picture")
        plain = data.get("text/plain")
        alt = metadata.get("alt") or (plain if isinstance(plain, str) else "")
        size = metadata.get(kind) if isinstance(metadata.get(kind), dict) else {}
        width = size.get("width")
        sized = f' width="{width:g}"' if isinstance(width, (int, float)) and width > 0 else ""
        alt = html.escape(str(alt) or "A picture that this cell drew")
        needs = metadata.get("needs_background")
        background = f' class="on-{needs}"' if needs in ("light", "dark") else ""
        shown = f'<img alt="{alt}" src="{uri}"{sized}{background}>{"".join(notes)}'
        return Output("image", Markup(shown))

    def _plain(self, data: dict, place: str) -> list[Output]:
        """Types without markup; those that no page can draw leave a note beside their text."""
        known = {"text/plain", "application/json"}
        others = [k for k in data if k not in known and not k.startswith("text/")]
        played = next((k for k in others if k.startswith(("audio/", "video/"))), None)
        if played:
            return [Output("html", self._player(played, data, place))]
        if not others and "application/json" in data:
            shown = json.dumps(data["application/json"], indent=2, ensure_ascii=False)
            return _printed(f"{shown[:_SHOWN_JSON]}{'…' * (len(shown) > _SHOWN_JSON)}")
        text = next((k for k in ("text/plain", *data) if k in data and k.startswith("text/")), None)
        read = _printed(_text(data, text, place)) if text else []
        if others:
            kinds = " or ".join(others)
            more = "; its text stands in its place" if read else ""
            read.append(self._note(f"an output of type {kinds}, which a page cannot draw{more}"))
        return read

    def _player(self, kind: str, data: dict, place: str) -> Markup:
        raw = _base64(data, kind, place)
        if not re.fullmatch(r"\w+/[\w.+-]+", kind):
            raise ReportError(
                f"{place}: an output's type must be like audio/wav, got {kind[:40]!r}"
            )
        tag, label = kind.split("/")[0], html.escape(f"A recording of this cell, {kind}")
        source = f'src="data:{kind};base64,{raw}"'
        return Markup(f'<{tag} controls aria-label="{label}" {source}></{tag}>')

    def _figure(self, figure: dict, place: str) -> Output:
        check_figure(figure, place)
        if maps := maps_of(figure):
            kinds = " or ".join(maps)
            return self._note(f"a figure of type {kinds}, whose map is on the network")
        self.figures.append(figure)
        self.figure_count += 1
        layout = figure.get("layout") or {}
        meta = layout.get("meta") if isinstance(layout.get("meta"), dict) else {}
        caption = str(meta.get("caption", ""))
        title = layout.get("title")
        words = title.get("text", "") if isinstance(title, dict) else (title or "")
        spec = {key: figure.get(key) or {} for key in ("data", "layout", "config")}
        if isinstance(figure.get("frames"), list):
            spec["frames"] = figure["frames"]
        return Output(
            "figure",
            number=self.figure_count,
            caption=Markup(self._formulas.letters(html.escape(caption))),
            alt=str(meta.get("alt") or caption or words or f"Figure {self.figure_count}"),
            height=int(layout.get("height") or 360),
            spec=Markup(script_json(spec)),
        )

    # ---- HTML

    def _html(self, markup: str, place: str, before: list[Output], isolated: bool) -> list[Output]:
        markup = _PANDAS.sub("", markup)
        if not markup.strip():
            return []
        if ours := live_figure(markup):
            return [self._live(*ours)]
        if re.search(r"<style\b", markup, re.I) and is_blank(markup):
            return [self._note("a style sheet, which changes nothing outside of its output")]
        if isolated or is_active(markup):
            return [Output("html", self._isolated(markup, place))]
        if caption := _CAPTION.fullmatch(markup):
            words = self._formulas.letters(self._sanitizer.clean(caption[1]))
            return self._caption(Markup(words), before)
        drawn = markup.strip()
        begin, end = drawn.find("<figcaption"), drawn.find("</figcaption>")
        if drawn.startswith("<figure") and drawn.count("<figcaption") == 1 and begin < end:
            caption = drawn[drawn.find(">", begin) + 1 : end]
            rest = drawn[:begin] + drawn[end + len("</figcaption>") :]
            inner = "<div" + rest.removeprefix("<figure").removesuffix("</figure>") + "</div>"
            return [self._drawing(self._harmless(inner), caption)]
        return [Output("html", self._harmless(markup))]

    def markup(self, markup: str, place: str) -> Markup:
        """A stranger's HTML, in a frame where it runs or styles."""
        if is_active(markup):
            return self._isolated(markup, place)
        return self._harmless(markup)

    def _harmless(self, markup: str) -> Markup:
        return Markup(drawn_accents(self._sanitizer.clean(self._formulas.within(markup))))

    def _isolated(self, markup: str, place: str) -> Markup:
        title = "Output of " + re.sub(r" [(].*", "", place, flags=re.S)
        return isolate(markup, title, self._pictures, self._missing)

    def _live(self, label: str, still: str, script: str, caption: str) -> Output:
        inner = (
            f'<div class="ae-live" role="group" aria-label="{html.escape(label)}">'
            f"{self._sanitizer.clean(still)}</div>"
        )
        return self._drawing(inner, caption, script)

    def _drawing(self, inner: str, caption: str, script: str = "") -> Output:
        self.figure_count += 1
        words = Markup(self._formulas.letters(self._sanitizer.clean(caption)))
        return Output("drawing", Markup(inner), [], self.figure_count, words, script=Markup(script))

    def _caption(self, caption: Markup, before: list[Output]) -> list[Output]:
        """A caption that came as an output of its own, put to the output before it."""
        last = before[-1] if before else Output("none")
        if last.kind not in {"figure", "html", "image"}:
            return [Output("html", Markup(f'<p class="ae-caption">{caption}</p>'))]
        if last.kind != "figure":
            self.figure_count += 1
            last.kind, last.number = "drawing", self.figure_count
        last.caption = last.caption or caption
        return []
