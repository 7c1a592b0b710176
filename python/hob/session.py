"""Session: a table that a server keeps open, to walk, read and edit."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence

    from .client import Client


class _Absent:
    """What stands for a parameter that is left out, where None is a value."""

    def __repr__(self) -> str:
        return "absent"


_ABSENT: Any = _Absent()


class Session:
    """Each method is an operation of the HTTP API (docs/http-api.md), of the same name.

        with client.create_session("grades.yml") as session:
            for index in session.get_indices():
                session.set_index(index)
                session.set_column("score")
                session.set_value(session.get_value() or 0)

    Leaving the `with` ends the session; `save` writes what was edited to its files first.
    Operations that only read are tried again when the connection breaks; edits are not.
    """

    def __init__(self, client: Client, info: Mapping[str, Any]) -> None:
        """Client.create_session and Client.get_session make sessions."""
        self._client = client
        from urllib.parse import quote
        self._id = str(info["session_id"])
        self._place = "/api/sessions/" + quote(self._id, safe="")
        self._info = dict(info)

    @property
    def session_id(self) -> str:
        return self._id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._id} of {self._info.get('interface_file')}>"

    # ---- life ----

    def info(self) -> dict[str, Any]:
        """Shape, columns, files, ages: what the server tells of the session now."""
        self._info = dict(self._client.request("GET", self._path()).json()["session"])
        return dict(self._info)

    def delete(self) -> None:
        """Ends the session; what was not saved is gone."""
        self._client.request("DELETE", self._path())

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *ignored: object) -> None:
        self.delete()

    # ---- the focus ----

    def get_index(self) -> Any:
        """The row in focus."""
        return self._read("get_index", "index")

    def set_index(self, index: Any) -> None:
        """Moves the focus to a row, by its label."""
        self._edit("set_index", index=index)

    def get_column(self) -> str:
        """The column in focus."""
        return str(self._read("get_column", "column"))

    def set_column(self, column: str) -> None:
        """Moves the focus to a column."""
        self._edit("set_column", column=column)

    def get_selector(self) -> str | None:
        """The column that tells the entries of a series apart, or None."""
        selector = self._read("get_selector", "selector")
        return None if selector is None else str(selector)

    def set_selector(self, column: str) -> None:
        """Says which column that is."""
        self._edit("set_selector", column=column)

    def get_subindex(self) -> Any:
        """The entry in focus, the last one if none was chosen."""
        return self._read("get_subindex", "subindex")

    def set_subindex(self, value: Any) -> None:
        """Moves the focus to an entry of the row, by its value of the selector."""
        self._edit("set_subindex", value=value)

    # ---- values ----

    def get_value(self) -> Any:
        """The value in focus."""
        return self._read("get_value", "value")

    def set_value(self, value: Any) -> None:
        """Changes the value in focus."""
        self._edit("set_value", value=value)

    def get_value_at(self, index: Any, column: str) -> Any:
        """A value, without moving the focus."""
        return self._read("get_value_at", "value", index=index, column=column)

    def set_value_at(self, index: Any, column: str, value: Any) -> None:
        """Changes a value, without moving the focus."""
        self._edit("set_value_at", index=index, column=column, value=value)

    # ---- what there is ----

    def get_shape(self) -> tuple[int, ...]:
        """Rows, entries of series counted, and columns."""
        return tuple(self._read("get_shape", "shape"))

    def get_columns(self) -> list[Any]:
        """All columns."""
        return list(self._read("get_columns", "columns"))

    def get_indices(self) -> list[Any]:
        """The labels of all rows."""
        return list(self._read("get_indices", "indices"))

    def get_input_columns(self) -> list[Any]:
        """Columns of input, data and constants, which never change."""
        return list(self._read("get_input_columns", "columns"))

    def get_output_columns(self) -> list[Any]:
        """Columns of output, series and parameters."""
        return list(self._read("get_output_columns", "columns"))

    def get_series_columns(self) -> list[Any]:
        """Columns of series."""
        return list(self._read("get_series_columns", "columns"))

    def get_column_type(self, column: str) -> str | None:
        """The flow that a column belongs to, or None."""
        kind = self._read("get_column_type", "column_type", column=column)
        return None if kind is None else str(kind)

    # ---- parts ----

    def get_subseries(self) -> Any:
        """All entries of the row in focus, as a Table."""
        from .table import Table
        return Table.from_json(self._read("get_subseries", "subseries"), none=True)

    def get_slice(self, start: int | None = None, end: int | None = None,
                  columns: Sequence[str] | None = None) -> Any:
        """Rows by position, as in Python's slices: what the server answers."""
        return self._all("get_slice", start=_given(start), end=_given(end),
                         columns=_given(columns))

    def get_column_data(self, column: str | None = None) -> Any:
        """A whole column, the one in focus if none is named: what the server answers."""
        return self._all("get_column_data", column=_given(column))

    def get_row_data(self, index: Any = None, columns: Sequence[str] | None = None) -> Any:
        """A whole row, the one in focus if none is named: what the server answers."""
        return self._all("get_row_data", index=_given(index), columns=_given(columns))

    def filter(self, column: str, operator: str, value: Any = _ABSENT,
               columns: Sequence[str] | None = None) -> Any:
        """The rows whose value compares as asked (==, <, in, contains, is_null...), and with
        `columns` their records: what the server answers."""
        return self._all("filter", column=column, operator=operator, value=value,
                         columns=_given(columns))

    # ---- edits ----

    def add_row(self, index: Any, values: Mapping[str, Any] | None = None) -> None:
        """A new row; in a row that is there, a new entry of a series."""
        self._edit("add_row", index=index, values=_given(values))

    def add_column(self, column: str, value: Any = _ABSENT) -> None:
        """A new column of the cache, with one value for all rows."""
        self._edit("add_column", column=column, value=value)

    def drop_column(self, column: str) -> None:
        """Takes a column of output, series or cache out."""
        self._edit("drop_column", column=column)

    def run_compute(self, compute: Any = None) -> Any:
        """Computes what the interface says, or what is given: what the server answers."""
        return self._edit("run_compute", compute=_given(compute))

    def undo(self) -> Any:
        """Takes the last edit back: what the server answers."""
        return self._edit("undo")

    def save(self, *, all: bool = False, force: bool = False) -> Any:
        """Writes output and series, if they changed, to their files; what was written. `all`: also
        what did not change; `force`: also over what another program changed meanwhile."""
        return self._edit("save", all=all or _ABSENT, force=force or _ABSENT)

    def reload(self, *, keep: bool = True) -> Any:
        """Reads the files again when they changed; edits are made again unless `keep` is False."""
        return self._edit("reload", keep=keep)

    # ---- requests ----

    def _path(self, operation: str = "") -> str:
        return self._place + "/" + operation if operation else self._place

    def _ask(self, operation: str, safe: bool, parameters: dict[str, Any]) -> dict[str, Any]:
        body = {name: value for name, value in parameters.items() if value is not _ABSENT}
        answer = self._client.request("POST", self._path(operation), body, safe=safe).json()
        return {name: value for name, value in answer.items() if name != "status"}

    def _all(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._ask(operation, True, parameters)

    def _read(self, operation: str, member: str, **parameters: Any) -> Any:
        return self._ask(operation, True, parameters).get(member)

    def _edit(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._ask(operation, False, parameters)


def _given(value: Any) -> Any:
    return _ABSENT if value is None else value
