"""The lines that claim(…) prints."""
import re

LINE = re.compile(r"^claim holds \| (?P<text>.*) \| measured (?P<measured>\S+) \| (?P<bound>below \S+|above \S+|within \[[^\]]*\]) \| margin (?P<margin>\S+)$", re.M)


def claims_of(notebook) -> list[dict]:
    """Every claim that held, in order: text, measured, bound, margin."""
    texts = ("".join(o.get("text", "")) for c in notebook.cells if c.cell_type == "code" for o in c.get("outputs", []) if o.output_type == "stream")
    return [m.groupdict() for text in texts for m in LINE.finditer(text)]
