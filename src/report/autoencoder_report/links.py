"""Links of a page: to other chapters, and to its own headings as GitHub and JupyterLab name them."""

import re
from html import escape, unescape
from urllib.parse import unquote

_HARMLESS = re.compile(r"https?:|mailto:|#|[^:]*$|[^:/?#]*[/?#]", re.I)
_OWN = re.compile(r'(<a\b[^<>]* href=")#([^"]*)(")')


class Links:
    """Leads from notebook to notebook.

    `beside` names the chapters whose pages stand beside this one; a chapter elsewhere is linked at
    `home`, the published address, and without one its link becomes plain words.
    """

    def __init__(self, beside: set[str] | None = None, home: str = ""):
        self._beside, self._home = beside or set(), home.rstrip("/")

    def page(self, chapter: str) -> str | None:
        """Address of a chapter's page, or None where nobody would find it."""
        if chapter in self._beside:
            return f"{chapter}.html"
        return f"{self._home}/{chapter}.html" if self._home else None

    def __call__(self, address: str) -> str | None:
        """Address that a link of the notebook gets, or None for one that is dead or harmful."""
        address = address.strip()
        if not _HARMLESS.match(address) or address.lower().startswith(("data:", "javascript:")):
            return None
        chapter = re.fullmatch(r"(?:\./)?([^/:?#]+)\.(?:ipynb|html)(#.*)?", address)
        if not chapter:
            return address
        page = self.page(unquote(chapter[1]))
        return page + (chapter[2] or "") if page else None

    def to_headings(self, markup: str, ids: list[str]) -> str:
        """Markup whose `#links` find the heading that they mean, by its words in any case."""
        known = set(ids)
        loose = {_loose(name): name for name in reversed(ids)}

        def own(match: re.Match) -> str:
            name = unquote(unescape(match[2]))
            found = name if name in known else loose.get(_loose(name), "")
            return f"{match[1]}#{escape(found)}{match[3]}" if found else match[0]

        return _OWN.sub(own, markup) if 'href="#' in markup else markup


def _loose(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
