"""A table as a pandas DataFrame, and a DataFrame as what a server takes. The only file that needs
pandas."""

from __future__ import annotations

import math

from ._errors import LibraryMissing

try:
    import numpy
    import pandas
except ImportError as error:
    raise LibraryMissing("a table becomes a frame through pandas, which is not here",
                         hint="install pandas, or use to_records() or to_columns()") from error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

_PLAIN = ("int64", "uint64", "float64", "bool")
_NULLABLE = ("Int32", "Int64", "Float64", "boolean")
# What datetime64[ns] can hold, in microseconds.
_MOST_MOMENT = 2 ** 63 // 1000 - 1


def make(columns: Sequence[Any], count: int, index: Any, none: bool) -> pandas.DataFrame:
    """A frame of the columns. `none`: cells of object columns that are missing are None, as pandas
    has them from records; else NaN, as from files of text."""
    # What an empty frame has is another kind in each version of pandas.
    rows = pandas.RangeIndex(count) if count > 0 else pandas.DataFrame().index
    arrays = {i: _array(column, none) for i, column in enumerate(columns)}
    frame = pandas.DataFrame(arrays, index=rows)
    frame.columns = pandas.Index([column.label for column in columns],
                                 dtype=None if columns else object)
    if index is not None and list(frame.columns).count(index) == 1:
        frame = frame.set_index(index)
    return frame


def _array(column: Any, none: bool) -> Any:
    if column.is_number and column.dtype in ("int64", "uint64", "float64"):
        return _numbers(column)
    if column.is_moment:
        moments = _moments(column)
        if moments is not None:
            return moments
    cells = column.values()
    if column.dtype in _NULLABLE:
        return pandas.array(cells, dtype=column.dtype)
    if column.dtype in _PLAIN and (column.dtype == "float64" or None not in cells):
        return numpy.array(cells, dtype=column.dtype)
    if column.dtype.startswith("datetime64"):
        return _listed_moments(cells)
    return _objects(cells, none)


def _objects(cells: list[Any], none: bool) -> Any:
    if not none and None in cells:
        cells = [math.nan if cell is None else cell for cell in cells]
    array = numpy.empty(len(cells), dtype=object)
    if any(isinstance(cell, (list, dict)) for cell in cells):
        for i, cell in enumerate(cells):  # at once, lists would be taken for a dimension
            array[i] = cell
    else:
        array[:] = cells
    return array


def _joined(column: Any) -> tuple[Any, Any]:
    """The numbers of all chunks, which belong to nobody else, and which of them are missing."""
    arrays = [numpy.frombuffer(chunk.data, dtype=column.code) for chunk in column.chunks]
    missing = [_missing(chunk) for chunk in column.chunks]
    if not arrays:
        return numpy.empty(0, dtype=column.code), numpy.empty(0, dtype=bool)
    return numpy.concatenate(arrays), numpy.concatenate(missing)


def _missing(chunk: Any) -> Any:
    if chunk.validity is None:
        return numpy.zeros(chunk.rows, dtype=bool)
    bits = numpy.frombuffer(chunk.validity, dtype=numpy.uint8)
    return ~numpy.unpackbits(bits, bitorder="little", count=chunk.rows).astype(bool)


def _numbers(column: Any) -> Any:
    numbers, missing = _joined(column)
    if missing.any():
        numbers = numbers.astype("float64")
        numbers[missing] = math.nan
    return numbers


def _moments(column: Any) -> Any:
    """Moments as datetime64[ns]; None where one lies beyond what that can hold."""
    numbers, missing = _joined(column)
    numbers[missing] = 0
    if len(numbers) and (numbers.min() < -_MOST_MOMENT or numbers.max() > _MOST_MOMENT):
        return None
    moments = (numbers * 1000).view("datetime64[ns]")
    moments[missing] = numpy.datetime64("NaT")
    if column.zone is None:
        return moments
    # Pandas has a spelling of its own for this one.
    zone = "UTC" if column.zone.utcoffset(None).total_seconds() == 0 else column.zone
    return pandas.DatetimeIndex(moments).tz_localize("UTC").tz_convert(zone)


def _listed_moments(cells: list[Any]) -> Any:
    """Of an answer in JSON, or of moments that datetime64[ns] cannot hold, which stay objects."""
    try:
        return pandas.to_datetime(pandas.Series(cells, dtype=object)).array
    except (ValueError, OverflowError):
        return _objects([pandas.NaT if cell is None else cell for cell in cells], True)


def columns_of(frame: pandas.DataFrame) -> dict[str, list[Any]]:
    """The cells of a frame, such as JSON can hold; without its index."""
    columns: dict[str, list[Any]] = {}
    for name, series in frame.items():
        if series.dtype.kind == "M":
            cells = [None if cell is pandas.NaT else cell.isoformat() for cell in series]
        else:
            missing = series.isna().tolist()
            cells = [None if hole else cell for cell, hole in zip(series.tolist(), missing)]
        columns[str(name)] = cells
    return columns
