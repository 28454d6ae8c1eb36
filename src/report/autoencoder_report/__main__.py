"""`python -m autoencoder_report build [03 04 …]`: execute, export, index. `check`: execute only."""
import argparse
import html
import json
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from .assets import HERE, ROOT
from .claims import claims_of
from .execute import ChapterFailed, execute
from .exporter import ReportExporter

REPORTS = ROOT / "reports"


def title_of(notebook) -> str:
    return next((m[1] for c in notebook.cells if c.cell_type == "markdown" for m in [re.search(r"^# +(.+)$", c.source, re.M)] if m), "Untitled")


def answer_of(notebook) -> str:
    return next((m[1] for c in notebook.cells if c.cell_type == "markdown" for m in [re.search(r"^\*\*(.+?)\*\*$", c.source, re.M)] if m), "")


def thumbnail_of(notebook) -> str:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for image in output.get("data", {}).get("application/vnd.plotly.v1+json", {}).get("layout", {}).get("images", []):
                return image["source"]
    return ""


def write(path, text):
    temporary = path.with_suffix(".part")
    temporary.write_text(text)
    temporary.replace(path)


def page(title, body):
    css = (HERE / "page.css").read_text()
    script = 'document.documentElement.dataset.theme=matchMedia("(prefers-color-scheme: dark)").matches?"dark":"light"'
    policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>{title}</title><style>{css} body {{ display: block }} '
            f'.chapter {{ display: grid; grid-template-columns: minmax(0, 1fr) 11rem; gap: 1.5rem; border-top: 1px solid var(--rule); padding: 1.4rem 0 }} .chapter img {{ width: 100%; max-height: 7rem; object-fit: cover; object-position: left top; image-rendering: pixelated }} '
            f'.chapter h2 {{ margin: 0 0 .4rem }} .facts {{ font: .84rem system-ui, sans-serif; color: var(--quiet) }} @media (max-width: 40rem) {{ .chapter {{ grid-template-columns: 1fr }} }}</style>'
            f"<script>{script}</script></head><body><main id=\"main\">{body}</main></body></html>")


def write_index(chapters):
    e = html.escape
    versions = {name: json.loads((ROOT / "node_modules" / name / "package.json").read_text())["version"] for name in ("tslab", "@tensorflow/tfjs-node", "plotly.js-dist")}
    rows = "".join(
        f'<article class="chapter"><div><h2><a href="{e(c["file"])}">{e(c["title"])}</a></h2><p>{e(c["answer"])}</p>'
        f'<p class="facts">{len(c["claims"])} claims hold · run in {c["seconds"]:.0f} s on {c["date"]}</p></div>'
        f'{"<img alt=" + chr(34) + "A figure of the chapter" + chr(34) + " src=" + chr(34) + c["thumbnail"] + chr(34) + ">" if c["thumbnail"] else ""}</article>' for c in chapters)
    sums = "".join(f"<li><code>{e(line)}</code></li>" for line in (ROOT / "data/checksums.txt").read_text().splitlines())
    facts = ", ".join(f"{name} {version}" for name, version in versions.items())
    write(REPORTS / "index.html", page("Autoencoders", f'<h1>Autoencoders, by running them</h1><p>Each chapter derives a loss, trains a model step by step, and measures it. <a href="claims.html">All claims</a>.</p>{rows}<p class="facts">Made with {e(facts)}. Data, by SHA-256:</p><ul class="facts" style="overflow-wrap:anywhere">{sums}</ul>'))
    lines = "".join(f'<tr><td>{e(k["text"])}</td><td>{e(k["measured"])}</td><td>{e(k["bound"])}</td><td>{e(k["margin"])}</td><td><a href="{e(c["file"])}">{e(c["file"][:2])}</a></td></tr>' for c in chapters for k in c["claims"])
    write(REPORTS / "claims.html", page("Claims", f'<h1>Every claim, and what was measured</h1><p><a href="index.html">All chapters</a></p><div class="claims scroll" tabindex="0"><table><thead><tr><th>claim</th><th>measured</th><th>bound</th><th>margin</th><th>chapter</th></tr></thead><tbody>{lines}</tbody></table></div>'))


def main() -> int:
    parser = argparse.ArgumentParser(prog="npm run report --")
    parser.add_argument("command", choices=["build", "check"])
    parser.add_argument("chapters", nargs="*", help="numbers, such as 03 04; all when none is given")
    arguments = parser.parse_args()
    found = sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))
    chosen = [p for p in found if not arguments.chapters or p.name[:2] in arguments.chapters]
    unknown = [c for c in arguments.chapters if not any(p.name[:2] == c for p in found)]
    if unknown or not chosen:
        print(f"chapters must be among {', '.join(p.name[:2] for p in found)}, got {', '.join(unknown) or 'none'}", file=sys.stderr)
        return 2
    console = Console()
    results, failures, lock = {}, [], threading.Lock()
    columns = [TextColumn("{task.description:32}"), BarColumn(), TextColumn("cell {task.completed:.0f}/{task.total:.0f}"), TimeElapsedColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        def work(path):
            task = progress.add_task(path.stem, total=None)
            def tell(cell, cells, seconds):
                progress.update(task, completed=cell, total=cells)
                if not console.is_terminal and (cell % 10 == 0 or cell == cells):
                    print(f"{path.stem}: cell {cell}/{cells}, {seconds:.0f} s", flush=True)
            try:
                notebook, seconds, cached = execute(path, tell)
                with lock:
                    results[path] = (notebook, seconds)
                print(f"{path.stem}: {len(claims_of(notebook))} claims hold, {seconds:.0f} s{' (cached)' if cached else ''}", flush=True)
            except ChapterFailed as failure:
                with lock:
                    failures.append(str(failure))
                (REPORTS / f"{path.stem}.html").unlink(missing_ok=True)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, chosen))
    if arguments.command == "build":
        REPORTS.mkdir(exist_ok=True)
        done = [p for p in chosen if p in results]
        link = lambda p: {"href": f"{p.stem}.html", "title": title_of(results[p][0])}
        chapters = []
        for i, path in enumerate(done):
            notebook, seconds = results[path]
            resources = {"metadata": {"name": title_of(notebook)}, "previous": link(done[i - 1]) if i else None, "next": link(done[i + 1]) if i + 1 < len(done) else None}
            try:
                text, _ = ReportExporter().from_notebook_node(notebook, resources)
            except ValueError as error:
                failures.append(f"{path.name}: {error}")
                continue
            write(REPORTS / f"{path.stem}.html", text)
            print(f"reports/{path.stem}.html  {len(text) / 1e6:.2f} MB")
            chapters.append({"file": f"{path.stem}.html", "title": title_of(notebook), "answer": answer_of(notebook), "claims": claims_of(notebook), "seconds": seconds,
                             "date": notebook.metadata["report"]["date"], "thumbnail": thumbnail_of(notebook)})
        if chapters and not arguments.chapters:
            write_index(chapters)
            print("reports/index.html")
    for failure in failures:
        print(f"\nFAILED {failure}", file=sys.stderr)
    return 1 if failures else 0


sys.exit(main())
