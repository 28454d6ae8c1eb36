"""Chapters as self-contained pages: executed, exported and indexed."""


class ReportError(ValueError):
    """Reason why a chapter cannot become a page: the cell, and the fault in it."""


def where(index: int, cells: int, source: str) -> str:
    """Name of a cell in a message: its position and its first line."""
    first = next((line.strip() for line in source.splitlines() if line.strip()), "")
    first = first if len(first) <= 60 else f"{first[:57]}..."
    return f"cell {index + 1} of {cells} ({first})" if first else f"cell {index + 1} of {cells}"


def well_formed(text: str) -> str:
    """Text that UTF-8 can hold: surrogate pairs joined, lone surrogates as U+FFFD."""
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
