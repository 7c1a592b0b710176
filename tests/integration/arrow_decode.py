"""Decodes the Arrow IPC stream format far enough to compare values: what Arrow's Message.fbs and
Schema.fbs say, for the types that hob writes. Checks alignments and bounds on the way.

Python 3 standard library only."""

import datetime
import struct

EPOCH = datetime.datetime(1970, 1, 1)
SCHEMA, RECORD_BATCH = 1, 3
INT, FLOAT, UTF8, BOOL, TIMESTAMP, LARGE_UTF8 = 2, 3, 5, 6, 10, 20


class Malformed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Malformed(what)


class Table:
    """A table of a flatbuffer; fields by their ids."""

    def __init__(self, data, position):
        check(position % 4 == 0, "a table is aligned to 4")
        self.data, self.position = data, position
        vtable = position - struct.unpack_from("<i", data, position)[0]
        check(vtable % 2 == 0 and 0 <= vtable, "a vtable is aligned to 2")
        size, self.size = struct.unpack_from("<HH", data, vtable)
        check(size >= 4 and vtable + size <= len(data), "the vtable is inside")
        check(position + self.size <= len(data), "the table is inside")
        self.places = struct.unpack_from("<%dH" % ((size - 4) // 2), data, vtable + 4)

    @staticmethod
    def root(data):
        return Table(data, struct.unpack_from("<I", data, 0)[0])

    def place(self, field):
        place = self.places[field] if field < len(self.places) else 0
        check(place < self.size, "a field is inside its table")
        return self.position + place if place else None

    def number(self, field, code, default=0):
        place = self.place(field)
        if place is None:
            return default
        check(place % struct.calcsize(code) == 0, "a number is aligned to its size")
        return struct.unpack_from("<" + code, self.data, place)[0]

    def target(self, field):
        place = self.place(field)
        if place is None:
            return None
        check(place % 4 == 0, "a reference is aligned to 4")
        target = place + struct.unpack_from("<I", self.data, place)[0]
        check(target + 4 <= len(self.data), "a reference leads inside")
        return target

    def table(self, field):
        return Table(self.data, self.target(field))

    def text(self, field):
        return read_text(self.data, self.target(field))

    def tables(self, field):
        start, count = self.vector(field, 4, 4)
        places = [start + 4 * i for i in range(count)]
        return [Table(self.data, place + struct.unpack_from("<I", self.data, place)[0])
                for place in places]

    def pairs(self, field):
        start, count = self.vector(field, 16, 8)
        return [struct.unpack_from("<qq", self.data, start + 16 * i) for i in range(count)]

    def vector(self, field, size, alignment):
        target = self.target(field)
        if target is None:
            return 0, 0
        count = struct.unpack_from("<I", self.data, target)[0]
        check((target + 4) % alignment == 0 or count == 0, "items are aligned")
        check(target + 4 + count * size <= len(self.data), "a vector is inside")
        return target + 4, count


def read_text(data, position):
    size = struct.unpack_from("<I", data, position)[0]
    check(position + 4 + size < len(data) and data[position + 4 + size] == 0, "a text ends in NUL")
    return data[position + 4:position + 4 + size].decode()


class Field:
    def __init__(self, table):
        self.name = table.text(0)
        self.nullable = table.number(1, "B")
        self.kind = table.number(2, "B")
        self.metadata = {pair.text(0): pair.text(1) for pair in table.tables(6)}
        kind = table.table(3)
        self.zone = kind.text(1) if self.kind == TIMESTAMP and kind.target(1) else None
        self.code, self.type = {
            INT: lambda: self.integer(kind.number(0, "i"), kind.number(1, "B")),
            FLOAT: lambda: ("d", {2: "double"}[kind.number(0, "h")]),
            UTF8: lambda: ("i", "utf8"),
            LARGE_UTF8: lambda: ("q", "large_utf8"),
            BOOL: lambda: (None, "bool"),
            TIMESTAMP: lambda: ("q", {2: "timestamp[us]"}[kind.number(0, "h")]),
        }[self.kind]()

    @staticmethod
    def integer(bits, signed):
        code = {32: "i", 64: "q"}[bits]
        return (code if signed else code.upper()), "%sint%d" % ("" if signed else "u", bits)

    @property
    def has_offsets(self):
        return self.kind in (UTF8, LARGE_UTF8)


class Body:
    """The buffers of a record batch, one after another."""

    def __init__(self, data, buffers):
        self.data, self.buffers = data, iter(buffers)

    def next(self):
        offset, size = next(self.buffers)
        check(offset % 8 == 0 and offset + size <= len(self.data), "a buffer is aligned, and inside")
        return self.data[offset:offset + size]


def bits(data, count):
    check(len(data) >= (count + 7) // 8, "there is a bit for each row")
    return [bool(data[i // 8] >> i % 8 & 1) for i in range(count)]


def numbers(data, code, count):
    check(len(data) >= count * struct.calcsize(code), "there is a number for each row")
    return list(struct.unpack_from("<%d%s" % (count, code), data))


def read_cells(field, body, rows):
    if field.has_offsets:
        offsets = numbers(body.next(), field.code, rows + 1)
        texts = body.next()
        check(offsets[0] == 0 and offsets[-1] == len(texts) and sorted(offsets) == offsets,
              "offsets go up")
        return [texts[a:b].decode() for a, b in zip(offsets, offsets[1:])]
    data = body.next()
    if field.kind == BOOL:
        return bits(data, rows)
    cells = numbers(data, field.code, rows)
    if field.kind == TIMESTAMP:
        return [EPOCH + datetime.timedelta(microseconds=cell) for cell in cells]
    return cells


def read_column(field, body, node, rows):
    length, nulls = node
    check(length == rows, "a column has the rows of its batch")
    validity = body.next()
    check(nulls == 0 or validity, "where there are nulls there is a bitmap")
    there = bits(validity, rows) if validity else [True] * rows
    check(there.count(False) == nulls, "nulls are counted")
    return [cell if here else None for cell, here in zip(read_cells(field, body, rows), there)]


def messages(data):
    """Kind, header and body of each message; ends at the end of the stream, which must be there."""
    at = 0
    while True:
        marker, size = struct.unpack_from("<II", data, at)
        check(marker == 0xFFFFFFFF and at % 8 == 0, "messages start at a multiple of 8")
        at += 8
        if size == 0:
            check(at == len(data), "nothing follows the end")
            return
        check(size % 8 == 0 and at + size <= len(data), "descriptions are padded, and inside")
        message = Table.root(data[at:at + size])
        check(message.number(0, "h") == 4, "the version is V5")
        at += size
        length = message.number(3, "q")
        check(length % 8 == 0 and at + length <= len(data), "a body is padded, and inside")
        yield message.number(1, "B"), message.table(2), data[at:at + length]
        at += length


class Stream:
    """fields, columns (a list of cells each) and batches (rows of each) of a stream."""

    def __init__(self, data):
        stream = messages(data)
        kind, schema, body = next(stream)
        check(kind == SCHEMA and not body, "the schema comes first")
        check(schema.number(0, "h") == 0, "cells are little-endian")
        self.fields = [Field(table) for table in schema.tables(1)]
        self.columns = [[] for _ in self.fields]
        self.batches = []
        for kind, header, body in stream:
            check(kind == RECORD_BATCH, "only batches follow")
            self.read_batch(header, body)

    def read_batch(self, header, data):
        rows = header.number(0, "q")
        nodes, body = header.pairs(1), Body(data, header.pairs(2))
        check(len(nodes) == len(self.fields), "there is a node for each field")
        for field, column, node in zip(self.fields, self.columns, nodes):
            column.extend(read_column(field, body, node, rows))
        check(next(body.buffers, None) is None, "no buffer is left over")
        self.batches.append(rows)

    def column(self, name):
        return self.columns[[field.name for field in self.fields].index(name)]

    def field(self, name):
        return self.fields[[field.name for field in self.fields].index(name)]
