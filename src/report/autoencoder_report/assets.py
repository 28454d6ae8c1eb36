"""What a page embeds: fonts of the formulas, Plotly, formulas themselves."""
import base64
import gzip
import json
import re
import subprocess
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
NODE_MODULES = ROOT / "node_modules"
CARTESIAN = {"scatter", "bar", "heatmap", "histogram", "box", "violin", "contour", "image", "pie", "histogram2d"}


def node() -> str:
    """The Node that runs the kernel, from the kernelspec; the one on PATH elsewhere."""
    spec = ROOT / ".venv/share/jupyter/kernels/tslab/kernel.json"
    return json.loads(spec.read_text())["argv"][0] if spec.exists() else "node"


@cache
def katex_css() -> str:
    folder = NODE_MODULES / "katex/dist"
    css = (folder / "katex.min.css").read_text()
    css = re.sub(r',url\(fonts/[^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)', "", css)
    data = lambda m: f"url(data:font/woff2;base64,{base64.b64encode((folder / m[1]).read_bytes()).decode()})"
    return re.sub(r"url\((fonts/[^)]*\.woff2)\)", data, css)


@cache
def plotly(full: bool) -> str:
    """Plotly as gzip in base64: the cartesian bundle, or the full one where a trace needs it."""
    path = "plotly.js-dist/plotly.js" if full else "plotly.js-cartesian-dist-min/plotly-cartesian.min.js"
    return base64.b64encode(gzip.compress((NODE_MODULES / path).read_bytes(), 9, mtime=0)).decode()


def typeset(formulas: list[dict]) -> list[str]:
    """KaTeX's HTML for each {tex, display}; raises ValueError with all formulas that do not parse."""
    if not formulas:
        return []
    done = subprocess.run([node(), str(HERE / "math.js"), str(NODE_MODULES / "katex")], input=json.dumps(formulas), capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"every formula must parse, but:\n{done.stderr.strip()}")
    return json.loads(done.stdout)
