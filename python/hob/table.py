"""Table: what a server answered when a table was read."""

from __future__ import annotations

from datetime import datetime

from . import _arrow
from ._errors import ConnectionFailed, InvalidKey, LibraryMissing, NotSupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

    import pandas
    import pyarrow


class _Listed:
    """A column of an answer in JSON: its cells are Python objects already."""

    __slots__ = ("label", "dtype", "cells")

    is_number = is_moment = False

    def __init__(self, label: Any, dtype: str, cells: list[Any]) -> None:
        self.label = label
        self.dtype = dtype
        self.cells = [_moment(cell) for cell in cells] if dtype.startswith("datetime64") else cells

    def values(self) -> list[Any]:
        return self.cells


def _moment(cell: Any) -> Any:
    return datetime.fromisoformat(cell) if isinstance(cell, str) else cell


class Table:
    """Typed columns of equal length. Does not change; cells that are missing are None.

        table.columns           ['title', 'amount']
        table.dtypes            {'title': 'object', 'amount': 'int64'}: pandas' names
        table["title"]          a column as a list
        for row in table: ...   rows as dictionaries
        table.rows              rows as tuples
        table.to_pandas()       a DataFrame, as pandas would have read it
    """

    __slots__ = ("_columns", "_count", "_cells", "_stream", "index", "_none")

    def __init__(self, columns: list[_arrow.Column] | list[_Listed], count: int, *,
                 index: Any = None, none: bool = False, stream: bytes | None = None) -> None:
        """Client.read makes tables; programs need not."""
        self._columns: list[_arrow.Column | _Listed] = list(columns)
        self._count = count
        self._cells: dict[int, list[Any]] = {}
        self._stream = stream
        self._none = none
        self.index = index
        """The name of the column that frames have as their index; None where they are numbered."""

    @classmethod
    def from_arrow(cls, stream: bytes, *, index: Any = None, none: bool = False) -> Table:
        """From an Arrow IPC stream."""
        columns, count = _arrow.read(stream)
        return cls(columns, count, index=index, none=none, stream=stream)

    @classmethod
    def from_json(cls, data: Any, *, index: Any = None, none: bool = False) -> Table:
        """From records with columns, shape and dtypes, as servers answer them."""
        try:
            records, labels = data["records"], data.get("columns")
            if labels is None:
                labels = list(records[0]) if records else []
            dtypes = data.get("dtypes") or {}
            columns = [_Listed(label, dtypes.get(_key(label), "object"),
                               [_hole(record.get(_key(label))) for record in records])
                       for label in labels]
            shape = data.get("shape") or [len(records)]
            return cls(columns, len(records) if labels else int(shape[0]), index=index, none=none)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ConnectionFailed(f"the server's answer is no table: {error!r}") from error

    # ---- what it is ----

    @property
    def columns(self) -> list[Any]:
        """The names of the columns, in order; numbers where they are numbered."""
        return [column.label for column in self._columns]

    @property
    def dtypes(self) -> dict[Any, str]:
        """Pandas' name for the type of each column."""
        return {column.label: column.dtype for column in self._columns}

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns."""
        return self._count, len(self._columns)

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        names = ", ".join(str(column.label) for column in self._columns[:8])
        more = ", ..." if len(self._columns) > 8 else ""
        return f"<hob.Table {self._count} x {len(self._columns)}: {names}{more}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return (self.columns == other.columns and self.dtypes == other.dtypes
                and self.shape == other.shape and self.rows == other.rows)

    __hash__ = None  # type: ignore[assignment]

    # ---- cells ----

    def _column(self, position: int) -> list[Any]:
        cells = self._cells.get(position)
        if cells is None:
            cells = self._cells[position] = self._columns[position].values()
        return cells

    def __getitem__(self, name: Any) -> list[Any]:
        """The cells of a column, the first one of that name. The list belongs to the table."""
        for position, column in enumerate(self._columns):
            if column.label == name:
                return self._column(position)
        raise InvalidKey(f"the table has no column {name!r}",
                         hint="it has " + ", ".join(repr(name) for name in self.columns))

    def __contains__(self, name: object) -> bool:
        return any(column.label == name for column in self._columns)

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        if not self._columns:
            return [()] * self._count
        return list(zip(*(self._column(i) for i in range(len(self._columns)))))

    def __iter__(self) -> Iterator[dict[Any, Any]]:
        """Rows as dictionaries; of columns with one name, the last counts."""
        labels = self.columns
        return (dict(zip(labels, row)) for row in self.rows)

    def to_records(self) -> list[dict[Any, Any]]:
        """All rows as dictionaries."""
        return list(self)

    def to_columns(self) -> dict[Any, list[Any]]:
        """All columns as lists; of columns with one name, the last counts."""
        return {column.label: list(self._column(i)) for i, column in enumerate(self._columns)}

    def to_dict(self, orient: str = "dict") -> Any:
        """As DataFrame.to_dict, for programs that have to work without pandas: `dict`, `list` or
        `records`."""
        if orient == "records":
            return self.to_records()
        if orient == "list":
            return self.to_columns()
        if orient == "dict":
            return {name: dict(enumerate(cells)) for name, cells in self.to_columns().items()}
        raise NotSupported(f"no orient {orient!r}", hint="use dict, list or records")

    # ---- other libraries ----

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame as pandas would have read it; needs pandas."""
        from . import _frame
        return _frame.make(self._columns, self._count, self.index, self._none)

    def to_arrow(self) -> pyarrow.Table:
        """A pyarrow Table; needs pyarrow."""
        try:
            import pyarrow.ipc
        except ImportError as error:
            raise LibraryMissing("a table becomes one of Arrow through pyarrow, which is not here",
                                 hint="install pyarrow") from error
        if self._stream is not None:
            return pyarrow.ipc.open_stream(self._stream).read_all()
        return pyarrow.table([pyarrow.array(self._column(i)) for i in range(len(self._columns))],
                             names=[str(name) for name in self.columns])


def _key(label: Any) -> str:
    """What records and dtypes have for a name: names are texts there."""
    if isinstance(label, str):
        return label
    if isinstance(label, bool) or label is None:
        return {True: "true", False: "false", None: "null"}[label]
    return str(label)


def _hole(cell: Any) -> Any:
    """None for the NaN that lynguine's server writes."""
    return None if isinstance(cell, float) and cell != cell else cell
