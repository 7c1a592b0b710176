"""Reads the streams of the Arrow IPC format that hob writes, without a library.

Arrow's Message.fbs and Schema.fbs say what lies where, as far as hob's types need it: 32- and
64-bit integers, doubles, booleans, texts and moments. Numbers stay in the answer's bytes until
somebody wants them. hob says in the metadata of a column what Arrow has no word for (dtypes, names
that are no text, cells that are JSON).
"""

from __future__ import annotations

import json
import struct
import sys
from datetime import datetime, timedelta, timezone

from ._errors import ConnectionFailed, NotSupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

_SCHEMA, _BATCH = 1, 3
_INT, _FLOAT, _UTF8, _BOOL, _TIMESTAMP, _LARGE_UTF8 = 2, 3, 5, 6, 10, 20
_EPOCH = datetime(1970, 1, 1)
_BITS = [tuple(bool(byte >> bit & 1) for bit in range(8)) for byte in range(256)]

_DTYPES = {"i": "Int32", "q": "int64", "Q": "uint64", "d": "float64"}


class _Node:
    """A table of a flatbuffer; fields by their ids."""

    __slots__ = ("data", "at", "fields")

    def __init__(self, data: memoryview, at: int) -> None:
        self.data = data
        self.at: int = at
        self.fields: tuple[int, ...]
        vtable: int = at - struct.unpack_from("<i", data, at)[0]
        size = struct.unpack_from("<H", data, vtable)[0]
        self.fields = struct.unpack_from(f"<{size // 2 - 2}H", data, vtable + 4)

    def number(self, field: int, code: str, default: int = 0) -> int:
        offset = self.fields[field] if field < len(self.fields) else 0
        return int(struct.unpack_from("<" + code, self.data, self.at + offset)[0]) \
            if offset else default

    def target(self, field: int) -> int | None:
        offset = self.fields[field] if field < len(self.fields) else 0
        if not offset:
            return None
        at = self.at + offset
        return at + int(struct.unpack_from("<I", self.data, at)[0])

    def node(self, field: int) -> _Node:
        at = self.target(field)
        if at is None:
            raise ValueError("a part of the description is missing")
        return _Node(self.data, at)

    def text(self, field: int) -> str | None:
        at = self.target(field)
        if at is None:
            return None
        size = struct.unpack_from("<I", self.data, at)[0]
        return str(self.data[at + 4:at + 4 + size], "utf-8")

    def nodes(self, field: int) -> list[_Node]:
        at = self.target(field)
        if at is None:
            return []
        count = struct.unpack_from("<I", self.data, at)[0]
        places = range(at + 4, at + 4 + 4 * count, 4)
        return [_Node(self.data, i + struct.unpack_from("<I", self.data, i)[0]) for i in places]

    def pairs(self, field: int) -> list[tuple[int, int]]:
        at = self.target(field)
        if at is None:
            return []
        count = struct.unpack_from("<I", self.data, at)[0]
        return [(a, b) for a, b in struct.iter_unpack("<qq", self.data[at + 4:at + 4 + 16 * count])]


class _Chunk:
    """The cells of a column in one batch: what is there, and the buffers."""

    __slots__ = ("rows", "validity", "data", "texts")

    def __init__(self, rows: int, validity: memoryview | None, data: memoryview,
                 texts: memoryview | None) -> None:
        self.rows = rows
        self.validity = validity
        self.data = data
        self.texts = texts

    def present(self) -> list[bool] | None:
        """For each row whether it has a value; None when all have."""
        return None if self.validity is None else _bits(self.validity, self.rows)


class Column:
    """A column as it came."""

    __slots__ = ("label", "dtype", "code", "kind", "json", "zone", "chunks")

    def __init__(self, field: _Node) -> None:
        notes = {pair.text(0): pair.text(1) for pair in field.nodes(6)}
        label = notes.get("hob:label")
        self.label: Any = field.text(0) if label is None else json.loads(label)
        self.json = notes.get("hob:json") == "true"
        self.kind = field.number(2, "B")
        self.code, self.zone = self._layout(field.node(3))
        self.dtype = notes.get("hob:dtype") or self._usual_dtype()
        self.chunks: list[_Chunk] = []

    def _layout(self, kind: _Node) -> tuple[str, timezone | None]:
        if self.kind == _INT:
            bits, signed = kind.number(0, "i"), kind.number(1, "B")
            code = {32: "i", 64: "q"}.get(bits)
            if code is not None and (signed or bits == 64):
                return (code if signed else code.upper()), None
        elif self.kind == _FLOAT and kind.number(0, "h") == 2:
            return "d", None
        elif self.kind == _TIMESTAMP and kind.number(0, "h") == 2:
            return "q", _zone(kind.text(1))
        elif self.kind in (_UTF8, _LARGE_UTF8, _BOOL):
            return {_UTF8: "i", _LARGE_UTF8: "q", _BOOL: ""}[self.kind], None
        raise NotSupported(f"the column {self.label!r} has a type that hob does not write")

    def _usual_dtype(self) -> str:
        if self.kind == _TIMESTAMP:
            return f"datetime64[ns, {self.zone}]" if self.zone else "datetime64[ns]"
        if self.kind in (_INT, _FLOAT):
            return _DTYPES[self.code]
        return "bool" if self.kind == _BOOL else "object"

    @property
    def is_number(self) -> bool:
        """Whether the chunks' data are plain numbers of `code`."""
        return self.kind in (_INT, _FLOAT)

    @property
    def is_moment(self) -> bool:
        """Whether they are microseconds since 1970, in UTC where there is a zone."""
        return self.kind == _TIMESTAMP

    def take(self, rows: int, nulls: int, buffers: Iterator[memoryview]) -> None:
        """Adds what a batch has of this column."""
        validity = next(buffers)
        data = next(buffers)
        texts = next(buffers) if self.kind in (_UTF8, _LARGE_UTF8) else None
        if self.code:
            wanted = (rows + (texts is not None)) * struct.calcsize(self.code)
            data = data[:wanted].cast(self.code)
            if len(data) * data.itemsize != wanted:
                raise ValueError("a buffer is too short")
        self.chunks.append(_Chunk(rows, validity if nulls else None, data, texts))

    def values(self) -> list[Any]:
        """The cells as Python objects; None for what is missing."""
        result: list[Any] = []
        for chunk in self.chunks:
            result.extend(self._cells(chunk))
        return result

    def _cells(self, chunk: _Chunk) -> list[Any]:
        present = chunk.present()
        cells: list[Any]
        if chunk.texts is not None:
            cells = _texts(chunk.data.tolist(), chunk.texts)
            if self.json:
                there = present or [True] * chunk.rows
                return [json.loads(c) if p else None for c, p in zip(cells, there)]
        elif self.kind == _BOOL:
            cells = _bits(chunk.data, chunk.rows)
        else:
            cells = chunk.data.tolist()
        if self.kind == _TIMESTAMP:
            return _moments(cells, present, self.zone)
        if present is None:
            return cells
        return [c if p else None for c, p in zip(cells, present)]


def _bits(data: memoryview, count: int) -> list[bool]:
    bits = [bit for byte in data[:(count + 7) // 8] for bit in _BITS[byte]]
    if len(bits) < count:
        raise ValueError("a buffer of bits is too short")
    del bits[count:]
    return bits


def _texts(offsets: list[int], data: memoryview) -> list[str]:
    raw = bytes(data)
    if raw.isascii():  # then characters are where bytes are
        text = raw.decode("ascii")
        return [text[a:b] for a, b in zip(offsets, offsets[1:])]
    return [raw[a:b].decode() for a, b in zip(offsets, offsets[1:])]


def _zone(name: str | None) -> timezone | None:
    """hob's zones are UTC, and whole minutes away from it."""
    if name is None:
        return None
    if name == "UTC":
        return timezone.utc
    sign = -1 if name[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(name[1:3]), minutes=int(name[4:6])))


def _moments(cells: list[int], present: list[bool] | None,
             zone: timezone | None) -> list[datetime | None]:
    result: list[datetime | None] = []
    for i, cell in enumerate(cells):
        if present is not None and not present[i]:
            result.append(None)
            continue
        moment = _EPOCH + timedelta(microseconds=cell)
        result.append(moment.replace(tzinfo=timezone.utc).astimezone(zone) if zone else moment)
    return result


def _messages(data: memoryview) -> Iterator[tuple[int, _Node, memoryview]]:
    """Kind, header and body of each message, to the end of the stream."""
    at = 0
    while True:
        marker, size = struct.unpack_from("<II", data, at)
        if marker != 0xFFFFFFFF:
            raise ValueError("a message does not start where it should")
        at += 8
        if size == 0:
            return
        head = data[at:at + size]
        message = _Node(head, struct.unpack_from("<I", head, 0)[0])
        at += size
        length = message.number(3, "q")
        body = data[at:at + length]
        if length < 0 or len(body) != length:
            raise ValueError("a batch is cut")
        yield message.number(1, "B"), message.node(2), body
        at += length


def _buffers(body: memoryview, extents: list[tuple[int, int]]) -> Iterator[memoryview]:
    for offset, size in extents:
        buffer = body[offset:offset + size]
        if offset < 0 or len(buffer) != size:
            raise ValueError("a buffer lies outside its batch")
        yield buffer


def _read(data: memoryview) -> tuple[list[Column], int]:
    stream = _messages(data)
    kind, schema, _ = next(stream)
    if kind != _SCHEMA:
        raise ValueError("the schema is missing")
    if bool(schema.number(0, "h")) != (sys.byteorder == "big"):
        raise NotSupported("the server's machine has another order of bytes",
                           hint="ask for another form: read(..., form='json')")
    columns = [Column(field) for field in schema.nodes(1)]
    rows = 0
    for kind, batch, body in stream:
        if kind != _BATCH:
            raise ValueError("something other than a batch follows the schema")
        count = batch.number(0, "q")
        buffers = _buffers(body, batch.pairs(2))
        for column, (_, nulls) in zip(columns, batch.pairs(1)):
            column.take(count, nulls, buffers)
        rows += count
    return columns, rows


def read(data: bytes) -> tuple[list[Column], int]:
    """The columns of a whole stream, and how many rows it has."""
    try:
        return _read(memoryview(data))
    except (struct.error, ValueError, TypeError, IndexError, StopIteration, RuntimeError) as error:
        if isinstance(error, NotSupported):
            raise
        raise ConnectionFailed(f"the server's answer is no table that can be read: {error}") \
            from error
