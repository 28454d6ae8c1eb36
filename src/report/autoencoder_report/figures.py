"""Plotly figures in the page: checked and made safe to embed."""

import json

from . import ReportError

PLOTLY = "application/vnd.plotly.v1+json"

CARTESIAN = set(
    """bar box contour heatmap histogram histogram2d histogram2dcontour image pie scatter
    scatterternary violin""".split()
)
# Traces on a map, which is fetched from the network.
MAPS = set(
    """choropleth choroplethmap choroplethmapbox densitymap densitymapbox scattergeo scattermap
    scattermapbox""".split()
)
# Drawn with WebGL, whose shader wrappers Plotly compiles with `new Function`.
WEBGL = set(
    """cone isosurface mesh3d parcoords scatter3d scattergl scatterpolargl splom streamtube surface
    volume""".split()
)
# Traces of the full bundle.
FULL = WEBGL | set(
    """barpolar candlestick carpet contourcarpet funnel funnelarea icicle indicator ohlc parcats
    sankey scattercarpet scatterpolar scattersmith sunburst table treemap waterfall""".split()
)


def script_json(value: object) -> str:
    """JSON that no HTML parser can leave: `<` as an escape. Throws ValueError for NaN."""
    written = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return written.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def check_figure(figure: object, where: str) -> None:
    """Throws ReportError for a figure that is none, or of no type of Plotly's."""
    if not isinstance(figure, dict) or not isinstance(figure.get("data"), list):
        raise ReportError(
            f"{where}: a figure must be {{ data: […], layout: {{…}} }}, got {str(figure)[:80]!r}"
        )
    if not isinstance(figure.get("layout") or {}, dict):
        got = str(figure["layout"])[:80]
        raise ReportError(f"{where}: the figure's layout must be an object, got {got!r}")
    for trace in figure["data"]:
        kind = trace.get("type", "scatter") if isinstance(trace, dict) else trace
        if not isinstance(trace, dict) or kind not in [*CARTESIAN, *FULL, *MAPS]:
            raise ReportError(f"{where}: a trace must be of a type that Plotly has, got {kind!r}")
    height = (figure.get("layout") or {}).get("height")
    if height is not None and not (isinstance(height, (int, float)) and 0 < height < 1e5):
        raise ReportError(f"{where}: the figure's height must be in pixels, got {height!r}")
    try:
        script_json(figure)
    except ValueError as error:
        raise ReportError(
            f"{where}: the figure's numbers must be finite or null: {error}"
        ) from None


def maps_of(figure: dict) -> list[str]:
    """Types of a checked figure's traces that no page can draw offline."""
    return sorted({trace.get("type", "scatter") for trace in figure["data"]} & MAPS)


def needs_full_bundle(figure: dict) -> bool:
    """True where a trace of the figure is not in the cartesian bundle."""
    return any(trace.get("type", "scatter") not in CARTESIAN for trace in figure["data"])


def needs_eval(figure: dict) -> bool:
    """True for WebGL, for which the page's policy must allow `new Function`."""
    return any(trace.get("type") in WEBGL for trace in figure["data"])
