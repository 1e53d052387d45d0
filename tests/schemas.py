"""The documented forms of the JSON documents, and how one is held against its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

DOCS = Path(__file__).parents[1] / "docs"
FOLDER = DOCS / "schemas"


def schema(name: str) -> dict[str, Any]:
    """The schema of a document at its present version."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}-1.json").read_text(encoding="utf-8"))
    return found


def checked(text: str, name: str) -> dict[str, Any]:
    """The one document that a command printed, which is as its schema says."""
    document: dict[str, Any] = json.loads(text)
    jsonschema.validate(document, schema(name), cls=jsonschema.Draft202012Validator)
    assert document["schema"] == f"flowverse.{name}/1"
    assert text.endswith("}\n")
    return document
