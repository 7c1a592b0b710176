"""What programs hand in: tables in any shape, and paths, as the server takes them."""

from __future__ import annotations

import datetime
import json
import os

from ._errors import InvalidType, InvalidValue
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from ._address import Address

# Where pandas has None for a cell that is missing, and not NaN: what is made of records.
_RECORDS = ("json", "ndjson", "yaml", "local", "markdown", "bibtex", "list")
_ENDINGS = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".yml": "yaml",
            ".yaml": "yaml", ".md": "markdown", ".bib": "bibtex"}


def encode(body: object) -> bytes:
    """As JSON. NaN is written as such, which hob reads as a missing cell."""
    try:
        return json.dumps(body, separators=(",", ":"), default=_plain).encode("ascii")
    except TypeError as error:
        raise InvalidType(f"the request cannot be written as JSON: {error}") from error


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    to_list = getattr(value, "tolist", None)  # NumPy's scalars and arrays
    if callable(to_list):
        return to_list()
    raise TypeError(f"{type(value).__name__} {value!r}")


def columns_and_records(data: Any) -> dict[str, Any]:
    """The `data` of a request, of a Table, a DataFrame, a list of rows or a mapping of columns."""
    is_frame = hasattr(data, "iloc") and hasattr(data, "dtypes")
    if isinstance(data, Table) or is_frame:
        names = [str(name) for name in data.columns]
        for name in names:
            if names.count(name) > 1:
                raise InvalidValue(f"cannot send the table: several columns are called {name!r}",
                                   hint="rename all but one of them")
        if is_frame:
            from . import _frame
            return {"records": _frame.columns_of(data), "columns": names}
        return {"records": dict(zip(names, data.to_columns().values())), "columns": names}
    if hasattr(data, "keys"):
        content = dict(data)
        return content if isinstance(content.get("records"), (list, dict)) else {"records": content}
    if isinstance(data, (str, bytes)) or not hasattr(data, "__iter__"):
        raise InvalidType(f"a {type(data).__name__} is no table", hint="give a Table, a DataFrame, "
                          "a list of mappings, or a mapping of lists")
    return {"records": [dict(row) if hasattr(row, "keys") else list(row) for row in data]}


def place(path: Any, base: str | None, address: Address) -> str:
    """A path as the server is to see it: absolute where both are on one machine, because the
    server's working directory is another; else as it is, for the server's own directory."""
    text = os.fsdecode(path)
    if not address.is_local or text.startswith(("~", "$")):
        return text
    base = base or os.getcwd()
    return base if text in ("", ".") else os.path.join(base, text)


def source(given: Mapping[str, Any], base: str | None, address: Address) -> dict[str, Any]:
    """A data source or an output with its paths as the server is to see them."""
    content = dict(given)
    if content.get("directory") or content.get("base_directory"):
        key = "base_directory" if content.get("base_directory") else "directory"
        content[key] = place(content[key], base, address)
    elif isinstance(content.get("filename"), (str, os.PathLike)):
        content["filename"] = place(content["filename"], base, address)
    elif isinstance(content.get("filename"), (list, tuple)):
        content["filename"] = [place(name, base, address) for name in content["filename"]]
    return content


def has_none(content: Mapping[str, Any]) -> bool:
    """Whether pandas has None where a cell of text from this source is missing."""
    kind = content.get("type")
    if kind in (None, "auto"):
        name = content.get("filename")
        ending = os.path.splitext(name)[1].lower() if isinstance(name, str) else ""
        return ending in _ENDINGS
    return kind in _RECORDS
