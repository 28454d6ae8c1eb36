"""Plotly figures in the page: checked, made safe to embed, and small for the index."""

import html
import json
import math

from . import ReportError

PLOTLY = "application/vnd.plotly.v1+json"

CARTESIAN = {
    "bar",
    "box",
    "contour",
    "heatmap",
    "histogram",
    "histogram2d",
    "histogram2dcontour",
    "image",
    "pie",
    "scatter",
    "scatterternary",
    "violin",
}
# Traces that only the full bundle draws; those on a map fetch their tiles from the network and are left out.
FULL = {
    "barpolar",
    "candlestick",
    "carpet",
    "cone",
    "contourcarpet",
    "funnel",
    "funnelarea",
    "icicle",
    "indicator",
    "isosurface",
    "mesh3d",
    "ohlc",
    "parcats",
    "parcoords",
    "sankey",
    "scatter3d",
    "scattercarpet",
    "scattergl",
    "scatterpolar",
    "scatterpolargl",
    "scattersmith",
    "splom",
    "streamtube",
    "sunburst",
    "surface",
    "table",
    "treemap",
    "volume",
    "waterfall",
}


# Drawn with WebGL, whose shader wrappers Plotly compiles with `new Function`.
WEBGL = {
    "cone",
    "isosurface",
    "mesh3d",
    "parcoords",
    "scatter3d",
    "scattergl",
    "scatterpolargl",
    "splom",
    "streamtube",
    "surface",
    "volume",
}


def script_json(value: object) -> str:
    """JSON that no HTML parser can leave: `<` as an escape. Throws ValueError for NaN."""
    written = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return written.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def check_figure(figure: object, where: str) -> None:
    """Throws ReportError where a figure is none that Plotly can draw offline."""
    if not isinstance(figure, dict) or not isinstance(figure.get("data"), list):
        raise ReportError(
            f"{where}: a figure must be {{ data: […], layout: {{…}} }}, got {str(figure)[:80]!r}"
        )
    if not isinstance(figure.get("layout", {}), dict):
        raise ReportError(
            f"{where}: the figure's layout must be an object, got {str(figure['layout'])[:80]!r}"
        )
    for trace in figure["data"]:
        kind = trace.get("type", "scatter") if isinstance(trace, dict) else trace
        if kind not in CARTESIAN and kind not in FULL:
            raise ReportError(
                f"{where}: a trace must be of a type that Plotly draws offline, got {kind!r}"
            )
    try:
        script_json(figure)
    except ValueError as error:
        raise ReportError(
            f"{where}: the figure's numbers must be finite or null: {error}"
        ) from None


def needs_full_bundle(figure: dict) -> bool:
    """Whether a trace of the figure is not in the cartesian bundle."""
    return any(trace.get("type", "scatter") not in CARTESIAN for trace in figure["data"])


def needs_eval(figure: dict) -> bool:
    """Whether the figure draws with WebGL, for which the page's policy must allow `new Function`."""
    return any(trace.get("type") in WEBGL for trace in figure["data"])


# ---- thumbnails

_WIDTH, _HEIGHT, _PAD = 240, 150, 8
_COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#B8A800"]


def thumbnail(figures: list[dict]) -> str:
    """A small SVG of a chapter's figures: the first one of images, else the first with curves, points or bars; empty without any."""
    for figure in figures:
        if picture := _picture(figure):
            return picture
    for figure in figures:
        if marks := _marks(figure):
            return _svg(marks)
    return ""


def _svg(inner: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="xMidYMid slice" aria-hidden="true">{inner}</svg>'


def _picture(figure: dict) -> str:
    layout = figure.get("layout", {})
    images = [
        i for i in layout.get("images", []) if str(i.get("source", "")).startswith("data:image/")
    ]
    if len(images) != 1:
        return ""
    image = images[0]
    width, height = float(image.get("sizex", 1)), float(image.get("sizey", 1))
    if min(width, height) <= 0:
        return ""
    # A window on the top left corner at the thumbnail's shape: whole tiles where the picture is a mosaic of them.
    scale = max(_WIDTH / width, _HEIGHT / height)
    scale = max(scale, min(2.0, 4 * _HEIGHT / height))
    source = html.escape(image["source"], quote=True)
    return _svg(
        f'<image href="{source}" width="{width * scale:.2f}" height="{height * scale:.2f}" preserveAspectRatio="none" '
        f'style="image-rendering: pixelated"/>'
    )


def _numbers(values: object) -> list[float]:
    if not isinstance(values, list):
        return []
    return [v if isinstance(v, (int, float)) and math.isfinite(v) else math.nan for v in values]


def _marks(figure: dict) -> str:
    layout = figure.get("layout", {})
    log = [layout.get(name, {}).get("type") == "log" for name in ("xaxis", "yaxis")]
    traces = []
    for trace in figure["data"]:
        if trace.get("type", "scatter") not in {"scatter", "bar"} or trace.get("mode") == "none":
            continue
        y = _numbers(trace.get("y"))
        x = _numbers(trace.get("x")) or [float(i) for i in range(len(y))]
        points = [
            tuple(math.log10(v) if is_log else v for v, is_log in zip(point, log))
            for point in zip(x, y)
            if not any(math.isnan(v) or (is_log and v <= 0) for v, is_log in zip(point, log))
        ]
        if points:
            traces.append((trace, points))
    if not traces:
        return ""
    every = [p for _, points in traces for p in points]
    if any(trace.get("type") == "bar" for trace, _ in traces):
        every.append((every[0][0], 0.0))
    low = [min(p[i] for p in every) for i in (0, 1)]
    span = [(max(p[i] for p in every) - low[i]) or 1.0 for i in (0, 1)]

    def place(p: tuple[float, float]) -> tuple[float, float]:
        x = _PAD + (p[0] - low[0]) / span[0] * (_WIDTH - 2 * _PAD)
        y = _HEIGHT - _PAD - (p[1] - low[1]) / span[1] * (_HEIGHT - 2 * _PAD)
        return x, y

    return "".join(_drawn(trace, points, place, i) for i, (trace, points) in enumerate(traces))


def _drawn(trace: dict, points: list, place, i: int) -> str:
    own = (trace.get("line") or {}).get("color") or (trace.get("marker") or {}).get("color")
    color = html.escape(own, quote=True) if isinstance(own, str) else _COLORS[i % len(_COLORS)]
    points = points[:: max(1, len(points) // 200)]
    at = [place(p) for p in points]
    if trace.get("type") == "bar":
        width = max(1.0, (_WIDTH - 2 * _PAD) / max(1, len(at)) * 0.8)
        foot = place((points[0][0], 0.0))[1]
        return "".join(
            f'<rect x="{x - width / 2:.1f}" y="{min(y, foot):.1f}" width="{width:.1f}" height="{abs(foot - y):.1f}" fill="{color}"/>'
            for x, y in at
        )
    if "lines" in str(trace.get("mode", "lines")):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        return f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2.2" stroke-linejoin="round"/>'
    return "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.8" fill="{color}" fill-opacity=".75"/>'
        for x, y in at
    )
