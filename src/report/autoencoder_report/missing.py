"""Notes for parts of a notebook that a page without a network cannot show."""

import re
from html import escape


class Missing:
    """Collects notes: each stands in the page at its place, and on the console with its cell."""

    def __init__(self):
        self.where = ""
        self.notes: list[str] = []

    def note(self, words: str, tag: str = "p") -> str:
        """HTML of a note, also kept for the console."""
        self.notes.append(f"{self.where}: {words}")
        cell = re.sub(r" \(.*", "", self.where, flags=re.S)
        said = escape(f"Not shown: {words}" + (f" ({cell})." if cell else "."))
        return f'<{tag} class="unshown" role="note">{said}</{tag}>'
