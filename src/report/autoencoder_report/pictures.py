"""Pictures and sounds as data URIs: attachments, files near the notebook, data."""

import base64
import mimetypes
import re
from pathlib import Path
from urllib.parse import unquote

_NETWORK = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//", re.I)
_SIGNATURES = {
    "image/png": rb"\x89PNG",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/gif": rb"GIF8",
    "image/webp": rb"RIFF....WEBP",
    "image/avif": rb"....ftypavi[fs]",
    "image/bmp": rb"BM",
    "image/x-icon": rb"\x00\x00\x01\x00",
    "image/svg+xml": rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!doctype svg|svg)",
}
_PREFERRED = ("image/svg+xml", "image/png", "image/jpeg")
_MOST = 30_000_000  # bytes of a file that a page carries
_LEVELS = 2  # folders above a notebook whose pictures it may name outside of a clone


def svg_uri(markup: str) -> str:
    """Data URI of an SVG; adds the namespaces that an HTML parser does without."""
    head = re.search(r"<svg\b[^<>]*", markup)
    if head and not re.search(r"\sxmlns\s*=", head[0]):
        markup = markup.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    if head and "xlink:" in markup and "xmlns:xlink" not in markup:
        markup = markup.replace("<svg", '<svg xmlns:xlink="http://www.w3.org/1999/xlink"', 1)
    markup = markup.replace("&nbsp;", "&#160;")
    return "data:image/svg+xml;base64," + base64.b64encode(markup.encode()).decode()


def is_picture(encoded: str) -> bool:
    """True for base64 of bytes that begin as a picture does, of whatever type it is said to be."""
    head = re.sub(r"\s", "", encoded[:400])
    try:
        return _kind_of(base64.b64decode(head[: len(head) // 4 * 4])) is not None
    except ValueError:
        return False


def _kind_of(data: bytes) -> str | None:
    kinds = _SIGNATURES.items()
    return next((k for k, sign in kinds if re.match(sign, data[:300], re.S | re.I)), None)


class Pictures:
    """Finds the pictures that a notebook in `folder` names."""

    def __init__(self, folder: str):
        self._folder = Path(folder or ".").resolve()
        above = [self._folder, *self._folder.parents]
        clone = next((folder for folder in above if (folder / ".git").exists()), None)
        # pictures come from the clone, else from two folders above the notebook
        self._root = clone or above[min(_LEVELS, len(above) - 1)]
        self.attachments: dict[str, dict[str, str]] = {}

    def embed(self, source: str) -> tuple[str | None, str]:
        """`(data URI, "")` of a picture or a sound, or `(None, reason)`."""
        source = source.strip()
        if source[:5].lower() == "data:":
            kinds = r"data:(image|audio|video)/[^,]*?(;base64)?,(.{,400})"
            inert = re.match(kinds, source, re.I | re.S)
            if not inert or (inert[1].lower() == "image" and inert[2] and not is_picture(inert[3])):
                return None, "which is no picture"
            return source, ""
        if source[:11].lower() == "attachment:":
            return self._attachment(source[11:])
        if _NETWORK.match(source):
            return None, "which is on the network"
        if re.match(r"[a-z][a-z0-9+.-]+:", source, re.I):
            return None, "whose address a page cannot open"
        return self._file(source)

    def _attachment(self, name: str) -> tuple[str | None, str]:
        found = self.attachments.get(name) or self.attachments.get(unquote(name))
        if not isinstance(found, dict) or not found:
            return None, "which the cell does not have attached"
        kind = next((kind for kind in _PREFERRED if kind in found), next(iter(found)))
        data = "".join(found[kind]) if isinstance(found[kind], list) else str(found[kind])
        if not re.fullmatch(r"(?:image|audio|video)/[\w.+-]+", kind):
            return None, "which is no picture"
        if kind == "image/svg+xml" and "<" in data:
            return svg_uri(data), ""
        if not re.fullmatch(r"[\w+/=\s-]+", data):
            return None, "whose data are not base64"
        if kind.startswith("image/") and not is_picture(data):
            return None, "which is no picture"
        return f"data:{kind};base64,{re.sub(r'[^A-Za-z0-9+/=]', '', data)}", ""

    def _file(self, source: str) -> tuple[str | None, str]:
        names = [source, unquote(source), unquote(re.sub(r"[?#].*", "", source))]
        try:
            paths = [(self._folder / name).resolve() for name in names]
            path = next((path for path in paths if path.is_file()), None)
            if path is None:
                return None, "of which there is no such file"
            if Path(names[-1]).is_absolute() or self._root not in path.parents:
                return None, "which is outside of the notebook's project"
            if path.stat().st_size > _MOST:
                return None, f"which has more than {_MOST // 1_000_000} MB"
            data = path.read_bytes()
        except (OSError, ValueError, RuntimeError):
            return None, "of which there is no such file"
        guessed = mimetypes.guess_type(path.name)[0] or ""
        kind = _kind_of(data) or (guessed if guessed.startswith(("audio/", "video/")) else None)
        if not kind:
            return None, "which is no picture"
        if kind == "image/svg+xml":
            return svg_uri(data.decode("utf-8", "replace")), ""
        return f"data:{kind};base64,{base64.b64encode(data).decode()}", ""
