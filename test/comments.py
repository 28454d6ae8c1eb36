"""Prints the comments and docstrings of Python files: JSON lists of [path, line, text]."""

import ast
import io
import json
import sys
import tokenize
from pathlib import Path


def comments(path: str):
    """Yields line and text of each comment and docstring."""
    text = Path(path).read_text("utf-8")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.lineno, value.value


print(json.dumps([[path, *one] for path in sys.argv[1:] for one in comments(path)]))
