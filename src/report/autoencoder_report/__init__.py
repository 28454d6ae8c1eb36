"""The chapters as self-contained pages: executed, exported and indexed."""


class ReportError(ValueError):
    """What keeps a chapter from becoming a page: the cell and what is wrong with it."""
