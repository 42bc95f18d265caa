"""Records of the store: bytes, CRC, full leaves, patches, orders, by §5 to §7b of docs/formats/store.md.

Used by format_reader.py, which finds the records.
"""
import collections
import hashlib
import math

import numpy
import pyarrow

from format_types import Column, can_widen, numbers_of, parse_type, unite, varint, widen

LEAF, PATCH = 1, 2
WIDER = ("int16", "int32", "int64", "uint16", "uint32", "uint64", "double")
MET = collections.Counter()  # codecs and forms that were read: tests look whether they met all of them


class Damaged(Exception):
    """The bytes are not what the format says."""


def check(right, what):
    if not right:
        raise Damaged(what)


# --- CRC-32C -------------------------------------------------------------------------------------------------------

def crc_table():
    table = numpy.arange(256, dtype=numpy.uint32)
    for _ in range(8):
        table = numpy.where(table & 1, (table >> 1) ^ numpy.uint32(0x82F63B78), table >> 1)
    return table


CRC_TABLE = crc_table()


def multiply(matrix, states):
    """A linear map of 32 bits, given by what it makes of each bit, for many states at once."""
    result = numpy.zeros_like(states)
    for bit in range(32):
        result ^= numpy.where(states >> numpy.uint32(bit) & 1, matrix[bit], numpy.uint32(0))
    return result


def zeros_behind(count):
    """What `count` bytes of zeros make of a state."""
    power = numpy.uint32(1) << numpy.arange(32, dtype=numpy.uint32)
    square = CRC_TABLE[power & 255] ^ (power >> 8)
    while count:
        if count & 1:
            power = multiply(square, power)
        square, count = multiply(square, square), count >> 1
    return power


def crc32c(data):
    """Many lanes at once, then joined in pairs: byte after byte is too slow in Python."""
    data = bytes(byte ^ 255 for byte in data[:4]) + bytes(data[4:])  # as if the state began with ones
    check(len(data) >= 4, "too few bytes for a CRC")
    lanes = 1 << max(0, len(data).bit_length() // 2 + 1)
    steps = math.ceil(len(data) / lanes)
    rows = numpy.frombuffer(data.rjust(lanes * steps, b"\0"), numpy.uint8).reshape(lanes, steps)
    states = numpy.zeros(lanes, numpy.uint32)
    for step in range(steps):
        states = CRC_TABLE[(states ^ rows[:, step]) & 255] ^ (states >> 8)
    shift = zeros_behind(steps)
    while len(states) > 1:
        states = multiply(shift, states[0::2]) ^ states[1::2]
        shift = multiply(shift, shift)
    return int(states[0]) ^ 0xFFFFFFFF


# --- Bytes ---------------------------------------------------------------------------------------------------------

class Bytes:
    """Reads numbers and strings one after another."""

    def __init__(self, data):
        self.data, self.at = bytes(data), 0

    def take(self, count):
        check(0 <= count <= len(self.data) - self.at, "the bytes end too early")
        self.at += count
        return self.data[self.at - count:self.at]

    def rest(self):
        return self.take(len(self.data) - self.at)

    def end(self):
        check(self.at == len(self.data), "bytes behind the end")

    def fixed(self, width):
        return int.from_bytes(self.take(width), "little")

    def u8(self):
        return self.fixed(1)

    def varint(self):
        number = shift = 0
        while True:
            byte = self.u8()
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    def zigzag(self):
        number = self.varint()
        return number >> 1 ^ -(number & 1)

    def string(self):
        return self.take(self.varint())

    def id(self):
        return self.take(32).hex()

    def body(self):
        """`u8 compression | varint size | bytes`, decompressed; the bytes are the rest."""
        compression, size = self.u8(), self.varint()
        check(compression in (0, 1), "an unknown compression")
        data = self.rest()
        if compression:
            data = pyarrow.Codec("zstd").decompress(data, size, asbytes=True)
        check(len(data) == size, "another size than it says")
        return Bytes(data)

    def bits(self, count):
        data = numpy.frombuffer(self.take((count + 7) // 8), numpy.uint8)
        return numpy.unpackbits(data, bitorder="little")[:count].astype(bool)

    def numbers_of_width(self, width, count):
        bits = numpy.zeros((count, 64), numpy.uint8)
        bits[:, :width] = self.bits(width * count).reshape(count, width)
        return numpy.packbits(bits, axis=1, bitorder="little").view("<u8").reshape(count)

    def packed(self, count):
        return self.numbers_of_width(self.u8(), count)

    def zigzags(self, count):
        """`count` zigzag varints, modulo 2^64."""
        data = numpy.frombuffer(self.data, numpy.uint8)[self.at:]
        ends = numpy.flatnonzero(data < 128)[:count]
        check(len(ends) == count, "too few varints")
        if not count:
            return numpy.zeros(0, numpy.uint64)
        data = data[:ends[-1] + 1].astype(numpy.uint64)
        self.at += len(data)
        starts = numpy.concatenate([[0], ends[:-1] + 1])
        shifts = (numpy.arange(len(data)) - numpy.repeat(starts, ends - starts + 1)).astype(numpy.uint64) * 7
        numbers = numpy.bitwise_or.reduceat((data & 127) << shifts, starts)
        return numbers >> 1 ^ -(numbers & 1)

    def golomb_rice(self, k, count):
        text = "".join("01"[bit] for bit in self.rest_bits().tolist())
        numbers, at = [], 0
        for _ in range(count):
            zero = text.find("0", at, at + 32)
            MET["escaped number"] += zero < 0
            ones, at, width = (zero - at, zero + 1, k) if zero >= 0 else (0, at + 32, 40)
            check(at + width <= len(text), "the bits end too early")
            numbers.append(ones << k | int("0" + text[at:at + width][::-1], 2))
            at += width
        return numbers

    def rest_bits(self):
        return self.bits((len(self.data) - self.at) * 8)

    def numbers(self, count):
        """*n numbers* of §6a."""
        if not count:
            return []
        form = self.u8()
        MET["numbers " + {0: "equal", 34: "runs"}.get(form, "golomb-rice")] += 1
        if form == 0:
            return [self.varint()] * count
        if form != 34:
            check(form <= 33, "an unknown form of numbers")
            return Bytes(self.string()).golomb_rice(form - 1, count)
        numbers = []
        for _ in range(self.varint()):
            number, repeats = self.varint(), self.varint()
            numbers += [number] * repeats
        check(len(numbers) == count, "another count of numbers")
        return numbers


def string(data):
    return varint(len(data)) + data


# --- Full leaves (§6) ----------------------------------------------------------------------------------------------

def leaf_id(column):
    has_nulls = not column.valid.all()
    head = string(b"leaf/" + column.type.tag.encode()) + varint(len(column)) + bytes([has_nulls])
    return hashlib.sha256(head + (column.validity() if has_nulls else b"") + column.canonical()).hexdigest()


def with_id(column, name):
    """The column, or its values as a wider type, whichever has this id."""
    for kind in [column.type] + [parse_type(wide) for wide in WIDER]:
        if kind == column.type or can_widen(column.type, kind):
            wider = widen(column, kind)
            if leaf_id(wider) == name:
                MET["widened by its id"] += kind != column.type
                return wider
    raise Damaged(f"leaf {name} has another id")


def raw_values(kind, rows, body):
    if kind.form == "null":
        return numpy.zeros(rows, bool)
    if kind.form == "bool":
        return body.bits(rows)
    if kind.form == "fixed":
        return numpy.frombuffer(body.take(rows * kind.width), f"V{kind.width}")
    values = numpy.empty(rows, object)
    lengths = body.packed(rows).tolist()
    values[:] = [body.take(length) for length in lengths]
    return values


def whole_numbers(codec, rows, body):
    if codec == 1:
        return numpy.cumsum(body.zigzags(rows), dtype=numpy.uint64)
    check(codec == 2, "not a codec of whole numbers")
    return numpy.uint64(body.fixed(8)) + body.packed(rows)


def decimal_values(kind, rows, body):
    k, codec = body.u8(), body.u8()
    check(k <= 15, "too many decimal places")
    values = whole_numbers(codec, rows, body).view(numpy.int64).astype(numpy.float64) / 10.0 ** k
    return values.astype({4: "<f4", 8: "<f8"}[kind.width]).view(f"V{kind.width}")


def parts_values(kind, valid, body):
    there, parts = int(valid.sum()), []
    if kind.has_lengths:
        lengths = full_leaf(body.string())
        check(lengths.type.tag == "uint32" and len(lengths) == len(valid) and lengths.valid.all(), "wrong lengths")
        lengths = numbers_of(lengths).astype(int)
        check(not lengths[~valid].any(), "items of a null")
    else:
        lengths = valid * (kind.size or 0)
    for part in kind.parts:
        column = full_leaf(body.string())
        check(column.type.tag == part.tag, f"a part of type {column.type.tag}, not {part.tag}")
        check(len(column) == (there if kind.form == "struct" else lengths.sum()), "another count of rows of a part")
        parts.append(column)
    return unite(kind, valid, lengths, parts)


def leaf_values(kind, codec, valid, body):
    rows = len(valid)
    if codec == 0:
        return raw_values(kind, rows, body)
    if codec in (1, 2):
        return whole_numbers(codec, rows, body).astype(f"<u{kind.width}").view(f"V{kind.width}")
    if codec == 3:
        distinct = raw_values(kind, body.varint(), body)
        return distinct[body.packed(rows).astype(int)]
    if codec == 4:
        split = numpy.frombuffer(body.take(rows * kind.width), numpy.uint8).reshape(kind.width, rows)
        return numpy.ascontiguousarray(split.T).view(f"V{kind.width}").reshape(rows)
    if codec == 5:
        return decimal_values(kind, rows, body)
    check(codec == 6, f"an unknown codec: {codec}")
    return parts_values(kind, valid, body)


def full_leaf(record):
    reader = Bytes(record)
    check(reader.u8() == LEAF, "not a full leaf")
    kind = parse_type(reader.string().decode())
    rows, nulls, codec = reader.varint(), reader.varint(), reader.u8()
    body = reader.body()
    valid = body.bits(rows) if nulls else numpy.ones(rows, bool)
    check(rows - valid.sum() == nulls, "another count of nulls")
    MET[f"codec {codec}"] += 1
    column = Column(kind, valid, leaf_values(kind, codec, valid, body))
    body.end()
    return column


# --- Patches (§6a) -------------------------------------------------------------------------------------------------

class Patch:
    """The record of a tile as what the rows of its bases became."""

    def __init__(self, record):
        reader = Bytes(record)
        check(reader.u8() == PATCH, "not a patch")
        head = Bytes(reader.string()).body()
        self.base_rows, self.rows, self.depth, self.given_rows = (head.varint() for _ in range(4))
        self.bases = [(head.id(), head.varint()) for _ in range(head.varint())]
        MET["bases"] += len(self.bases) > 1
        self.source = self.read_edits(Bytes(head.string()))
        self.changed = self.read_changed(Bytes(head.string()))
        self.leaves = [self.read_leaf(head) for _ in range(head.varint())]
        head.end()
        self.given = [self.read_given(form, reader) for form, _ in self.leaves]
        reader.end()

    def read_edits(self, reader):
        """The row of the base that each row comes from; -1 for a new one."""
        steps = reader.varint()
        keep, remove, insert = (reader.numbers(steps) for _ in range(3))
        reader.end()
        at, source = 0, [numpy.zeros(0, int)]
        for kept, removed, inserted in zip(keep, remove, insert):
            source += [numpy.arange(at, at + kept), numpy.full(inserted, -1)]
            at += kept + removed
        source = numpy.concatenate(source)
        check(at == self.base_rows and len(source) == self.rows, "edits of another count of rows")
        return source

    def read_changed(self, reader):
        gaps = numpy.array(reader.numbers(reader.varint()), int)
        reader.end()
        return numpy.cumsum(gaps + 1) - 1

    def read_leaf(self, head):
        """A leaf's form, and which of its rows are given."""
        form, given = head.u8(), self.source < 0
        check(form <= 3, "an unknown form of a leaf")
        MET[f"form {form}"] += 1
        if form >= 2:
            mask = head.u8()
            check(mask <= 2, "an unknown mask")
            MET[f"mask {mask}"] += 1
            marked = head.bits(len(self.changed)) if mask == 2 else numpy.full(len(self.changed), mask == 1)
            given[self.changed[marked]] = True
        return form, given

    def read_given(self, form, reader):
        if form == 1:
            return None
        values = Bytes(reader.string()) if form == 3 else None
        values = values and [full_leaf(values.string()), full_leaf(values.string()), values.end()][:2]
        record = reader.string()
        return values, full_leaf(record) if record else None

    def leaf(self, number, base):
        """The leaf of form 0, 2 or 3 made of the base's."""
        given, (values, new) = self.leaves[number][1], self.given[number]
        check(len(base) == self.base_rows, "a base of another count of rows")
        for other in [new] + (values or []):
            base = widen(base, other.type) if other is not None else base
        if values:
            base = replaced(base, *values)
        if new is None:
            check(not given.any(), "new rows without values")
            return base.take(self.source)
        check(len(new) == given.sum(), "another count of given values")
        source = self.source.copy()
        source[given] = len(base) + numpy.arange(len(new))
        return Column.concatenate([base, new]).take(source)


def replaced(base, before, after):
    """Form 3: each value, or null, that is in `before` becomes the one beside it."""
    rows = {key: row for row, key in enumerate(before.keys())}
    check(len(rows) == len(before) == len(after), "a value is replaced twice")
    source = numpy.array([rows.get(key, -1) for key in base.keys()], int)
    source = numpy.where(source < 0, numpy.arange(len(base)), source + len(base))
    return Column.concatenate([base, after]).take(source)


# --- Orders (§7b) --------------------------------------------------------------------------------------------------

def sort_keys(column, way):
    """Two numbers a row that sort as the column does, the first one first."""
    values, kind = numbers_of(column), column.type
    group = numpy.zeros(len(column), int)
    if kind.is_float:
        group[numpy.isnan(values)] = -1 if way & 4 else 1
        values = numpy.where(group, 0, values) + 0.0  # -0.0 is 0.0
    group[~column.valid] = -2 if way & 2 else 2
    ranks = numpy.unique(values, return_inverse=True)[1]
    ranks = numpy.where(group, 0, -ranks if way & 1 else ranks)
    return group, ranks


def sort_order(reader, rows, column_of):
    keys = []
    for _ in range(reader.varint()):
        column = column_of(reader.varint()).take(numpy.arange(rows))
        keys += sort_keys(column, reader.u8())
    return numpy.lexsort(keys[::-1])


def piece_order(reader):
    at, pieces = 0, [numpy.zeros(0, int)]
    for _ in range(reader.varint()):
        first = at + reader.zigzag()
        at = first + reader.varint()
        pieces.append(numpy.arange(first, at))
    return numpy.concatenate(pieces)


def number_order(reader, rows):
    counts = [min(65536, rows - start) for start in range(0, rows, 65536)]
    heads = [(reader.varint(), reader.u8()) for _ in counts]
    parts = [reader.numbers_of_width(width, count).astype(int) + least for count, (least, width) in zip(counts, heads)]
    return numpy.concatenate([numpy.zeros(0, int)] + parts)


def stored_rows(data, total, column_of):
    """The stored row of each row that was handed in."""
    reader = Bytes(data)
    check(reader.u8() == 1, "an order of an unknown format")
    form, rows = reader.u8(), reader.varint()
    MET[f"order {form}"] += 1
    if form == 1:
        rows = rows or total
        order = sort_order(reader, rows, column_of)
    else:
        check(form in (2, 3), "an order of an unknown form")
        order = piece_order(reader) if form == 2 else number_order(reader, rows)
    reader.end()
    check(rows <= total and numpy.array_equal(numpy.sort(order), numpy.arange(rows)), "not each row once")
    return numpy.concatenate([order, numpy.arange(rows, total)])
