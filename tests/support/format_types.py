"""Types and columns of the store's format (docs/formats/store.md, §2, §3, §3a), for format_reader.py.

A column is a leaf's rows in memory: booleans, `rows x width` bytes, or one bytes object a row.
"""
import re
import typing

import numpy
import pyarrow

WIDTHS = {"int8": 1, "int16": 2, "int32": 4, "int64": 8, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8,
          "halffloat": 2, "float": 4, "double": 8, "date32[day]": 4, "date64[ms]": 8, "time32[s]": 4, "time32[ms]": 4,
          "time64[us]": 8, "time64[ns]": 8, "month_interval": 4, "day_time_interval": 8, "month_day_nano_interval": 16}
FLOATS = {"halffloat": "<f2", "float": "<f4", "double": "<f8"}
ARROW = {"halffloat": "float16", "float": "float32", "double": "float64", "date32[day]": "date32",
         "date64[ms]": "date64", "binary": "binary", "large_binary": "large_binary"}
TEXTS = {"string": "utf8", "large_string": "utf8", "utf8": "utf8", "binary": "binary", "large_binary": "binary"}
NAMED = re.compile(r"(decimal\d+|timestamp|duration|fixed_size_binary|time32|time64|date32|date64)"
                   r"(\((\d+), (-?\d+)\)|\[[^\]]*\])")
WORD = re.compile(r"[a-z_0-9]+")
INTEGER = re.compile(r"u?int\d+")


class Type(typing.NamedTuple):
    """What a stored name says."""
    tag: str
    form: str  # null, bool, fixed, text, list, map, fixed_size_list or struct
    arrow: pyarrow.DataType
    width: int = 0
    parts: tuple = ()
    size: int = 0
    stored: str = ""  # where it is another than the tag

    @property
    def name(self):
        return self.stored or self.tag

    @property
    def is_nested(self):
        return self.form in ("list", "map", "fixed_size_list", "struct")

    @property
    def has_lengths(self):
        return self.form in ("list", "map")

    @property
    def is_float(self):
        return self.tag in FLOATS

    @property
    def numbers(self):
        """How numpy sees the values of a fixed width that are numbers; None where it cannot."""
        if self.is_float:
            return FLOATS[self.tag]
        if self.form != "fixed" or self.width > 8 or self.tag.startswith(("fixed_size_binary", "day_time")):
            return None
        return f"<u{self.width}" if self.tag.startswith("uint") else f"<i{self.width}"


class Parser:
    def __init__(self, text):
        self.text, self.at = text, 0

    def skip(self, word):
        found = self.text.startswith(word, self.at)
        self.at += len(word) * found
        return found

    def need(self, word):
        if not self.skip(word):
            raise ValueError(f"not a type: {self.text}, {word!r} expected at {self.at}")

    def match(self, pattern):
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def quoted(self):
        name = self.match(re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL))
        return re.sub(r"\\(.)", r"\1", name[1], flags=re.DOTALL), name[0]

    def field(self):
        name, quoted = self.quoted()
        self.need(": ")
        kind = self.type()
        bare = self.skip(" not null")
        return kind, f"{quoted}: {kind.name}" + " not null" * bare, pyarrow.field(name, kind.arrow, not bare)

    def fields(self):
        fields = []
        while not self.skip(">"):
            if fields:
                self.need(", ")
            if self.skip("keys_sorted"):
                continue
            fields.append(self.field())
        return fields

    def type(self):
        named = self.match(NAMED)
        if named:
            return named_type(named)
        word = self.match(WORD)[0]
        if self.skip("<"):
            return self.extension() if word == "extension" else self.nested(word)
        if word in TEXTS:
            return Type(TEXTS[word], "text", getattr(pyarrow, word)(), stored=word)
        if word in ("null", "bool"):
            return Type(word, word, pyarrow.null() if word == "null" else pyarrow.bool_())
        arrow = getattr(pyarrow, ARROW.get(word, word), None)  # pyarrow has no name for two of the intervals
        return Type(word, "fixed", arrow() if arrow else pyarrow.binary(WIDTHS[word]), WIDTHS[word])

    def extension(self):
        start = self.at - len("extension<")
        self.quoted()
        self.need(", ")
        self.quoted()
        self.need(", ")
        storage = self.type()
        self.need(">")
        return storage._replace(stored=self.text[start:self.at])

    def nested(self, word):
        start = self.at
        fields = self.fields()
        is_sorted = self.text.endswith(", keys_sorted>", start, self.at)
        inside = ", ".join([text for _, text, _ in fields] + ["keys_sorted"] * is_sorted)
        parts, arrow = tuple(kind for kind, _, _ in fields), [field for _, _, field in fields]
        if word == "fixed_size_list":
            size = int(self.match(re.compile(r"\[(\d+)\]"))[1])
            return Type(f"{word}<{inside}>[{size}]", word, pyarrow.list_(arrow[0], size), 0, parts, size)
        form = "list" if word == "large_list" else word
        made = {"list": lambda: pyarrow.list_(*arrow), "large_list": lambda: pyarrow.large_list(*arrow),
                "map": lambda: pyarrow.map_(*arrow, keys_sorted=is_sorted), "struct": lambda: pyarrow.struct(arrow)}
        return Type(f"{word}<{inside}>", form, made[word](), 0, parts)


def named_type(named):
    word, inside = named[1], named[2][1:-1]
    if word.startswith("decimal"):
        arrow = getattr(pyarrow, word)(int(named[3]), int(named[4]))
        return Type(named[0], "fixed", arrow, int(word[7:]) // 8)
    if word == "fixed_size_binary":
        size = int(inside)
        return Type(named[0], "fixed" if size <= 32 else "text", pyarrow.binary(size), size)
    if word in ("date32", "date64"):
        return Type(named[0], "fixed", getattr(pyarrow, word)(), WIDTHS[named[0]])
    unit, _, zone = inside.partition(", tz=")
    arrow = getattr(pyarrow, word)(unit, zone) if zone else getattr(pyarrow, word)(unit)
    return Type(named[0], "fixed", arrow, 4 if word == "time32" else 8)


TYPES = {}


def parse_type(name):
    if name not in TYPES:
        parser = Parser(name)
        TYPES[name] = parser.type()
        if parser.at != len(name):
            raise ValueError(f"not a type: {name}")
    return TYPES[name]


class Column:
    """Rows of one type, with what is under nulls as the format has it: zero or empty."""

    def __init__(self, kind, valid, values):
        self.type, self.valid, self.values = kind, valid, values

    def __len__(self):
        return len(self.valid)

    def take(self, rows):
        return Column(self.type, self.valid[rows], self.values[rows])

    @staticmethod
    def concatenate(columns):
        return Column(columns[0].type, numpy.concatenate([column.valid for column in columns]),
                      numpy.concatenate([column.values for column in columns]))

    def validity(self):
        return numpy.packbits(self.valid, bitorder="little").tobytes()

    def ends(self):
        return numpy.cumsum([len(value) for value in self.values], dtype=numpy.int64)

    def canonical(self):
        """The values' bytes as a leaf's id takes them (§2)."""
        if self.type.form == "null":
            return b""
        if self.type.form == "bool":
            return numpy.packbits(self.values, bitorder="little").tobytes()
        if self.type.form == "fixed":
            return self.values.tobytes()
        return self.ends().astype("<u4").tobytes() + b"".join(self.values)

    def keys(self):
        """A key a row, equal where the values are equal to the bit; None for null."""
        values = self.values.tolist()
        return [value if there else None for value, there in zip(values, self.valid.tolist())]

    def arrow(self):
        """As pyarrow has it."""
        rows, kind = len(self), self.type.arrow
        if self.type.form == "null":
            return pyarrow.nulls(rows)
        validity = pyarrow.py_buffer(self.validity())
        if self.type.is_nested:
            return nested_arrow(self, validity)
        if self.type.form != "text":
            return pyarrow.Array.from_buffers(kind, rows, [validity, pyarrow.py_buffer(self.canonical())])
        if pyarrow.types.is_fixed_size_binary(kind):
            data = b"".join(value.rjust(self.type.width, b"\0") for value in self.values)
            return pyarrow.Array.from_buffers(kind, rows, [validity, pyarrow.py_buffer(data)])
        offsets = offsets_of(kind, [len(value) for value in self.values])
        return pyarrow.Array.from_buffers(kind, rows, [validity, offsets, pyarrow.py_buffer(b"".join(self.values))])


def numbers_of(column):
    """The values as something that numpy compares by value: numbers, or objects."""
    kind = column.type
    if kind.numbers:
        return numpy.ascontiguousarray(column.values).view(kind.numbers)
    if kind.tag.startswith("decimal"):
        return numpy.array([int.from_bytes(value.tobytes(), "little", signed=True) for value in column.values], object)
    return numpy.array([value.tobytes() for value in column.values], object) if kind.form == "fixed" else column.values


def can_widen(one, wide):
    if (one.tag, wide.tag) == ("float", "double"):
        return True
    if not (INTEGER.fullmatch(one.tag) and INTEGER.fullmatch(wide.tag)) or wide.width <= one.width:
        return False
    return not wide.tag.startswith("u") or one.tag.startswith("u")


def widen(column, kind):
    """Numbers as numbers of a wider type; else the type must be the same but for its stored name."""
    if column.type.tag == kind.tag:
        return Column(kind, column.valid, column.values)
    if not can_widen(column.type, kind):
        raise ValueError(f"{column.type.tag} cannot be widened to {kind.tag}")
    return Column(kind, column.valid, numbers_of(column).astype(kind.numbers).view(f"V{kind.width}"))


# --- Nested values (§3a) -------------------------------------------------------------------------------------------

def varint(number):
    data = b""
    while number > 127:
        data, number = data + bytes([number & 127 | 128]), number >> 7
    return data + bytes([number])


def encoded(column):
    """Each row as an item or field: `u8 0`, or `u8 1` and its value."""
    kind, values = column.type, column.values.tolist()
    if kind.form in ("null", "bool"):
        values = [bytes([value]) for value in values]
    elif kind.form == "fixed":
        values = [bytes(value) for value in values]
    elif kind.form == "text" and not kind.width:
        values = [varint(len(value)) + value for value in values]
    valid = column.valid if kind.form != "null" else [False] * len(column)  # a leaf of nulls has no validity
    return [b"\1" + value if there else b"\0" for value, there in zip(values, valid)]


def unite(kind, valid, lengths, parts):
    """The values of a nested type from its parts."""
    items = [encoded(part) for part in parts]
    if kind.form == "struct":
        made = iter([b"".join(fields) for fields in zip(*items)] if items else [b""] * int(valid.sum()))
    else:
        flat, at, made = [b"".join(item) for item in zip(*items)], 0, []
        for there, length in zip(valid.tolist(), lengths.tolist()):
            if there:
                head = varint(length) if kind.has_lengths else b""
                made.append(head + b"".join(flat[at:at + length]))
                at += length
        made = iter(made)
    values = numpy.empty(len(valid), object)
    values[:] = [next(made) if there else b"" for there in valid]
    return values


def number_at(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number, shift, at = number | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return number, at


def value_end(kind, data, at):
    """Where a value's own bytes begin and where they end."""
    if kind.form == "bool":
        return at, at + 1
    if kind.form == "fixed" or kind.width:
        return at, at + kind.width
    if kind.form == "text":
        length, at = number_at(data, at)
        return at, at + length
    start, items = at, 1
    if kind.form != "struct":
        items, at = number_at(data, at) if kind.has_lengths else (kind.size, at)
    for part in kind.parts * items:
        there, at = data[at], at + 1
        if there:
            at = value_end(part, data, at)[1]
    return start, at


def shred(column):
    """The parts of a nested column, of the rows that are there, and how many items each row has."""
    kind, lengths = column.type, numpy.zeros(len(column), int)
    found = [[] for _ in kind.parts]
    for row in numpy.flatnonzero(column.valid):
        data, at, items = column.values[row], 0, 1
        if kind.form != "struct":
            items, at = number_at(data, at) if kind.has_lengths else (kind.size, at)
        lengths[row] = items
        for number, part in list(enumerate(kind.parts)) * items:
            there, at = data[at], at + 1
            start, at = value_end(part, data, at) if there else (at, at)
            found[number].append(data[start:at] if there else None)
        if at != len(data):
            raise ValueError("bytes behind a nested value")
    return lengths, [column_of(part, values) for part, values in zip(kind.parts, found)]


def column_of(kind, items):
    valid = numpy.array([item is not None for item in items], bool)
    if kind.form in ("null", "bool"):
        return Column(kind, valid, numpy.array([item == b"\1" for item in items], bool))
    if kind.form == "fixed":
        data = b"".join(item or bytes(kind.width) for item in items)
        return Column(kind, valid, numpy.frombuffer(data, f"V{kind.width}"))
    values = numpy.empty(len(items), object)
    values[:] = [item or b"" for item in items]
    return Column(kind, valid, values)


def offsets_of(kind, lengths):
    wide = str(kind).startswith("large_")
    offsets = numpy.concatenate([[0], numpy.cumsum(lengths)])
    return pyarrow.py_buffer(offsets.astype(numpy.int64 if wide else numpy.int32).tobytes())


def spread(part, rows):
    """A part with a null for each row that has none of it; `rows` is the part's row, or -1."""
    empty = column_of(part.type, [None])
    return Column.concatenate([part, empty]).take(rows)


def nested_arrow(column, validity):
    kind, rows = column.type, len(column)
    lengths, parts = shred(column)
    if not kind.has_lengths:
        each = kind.size if kind.form == "fixed_size_list" else 1
        there = numpy.repeat(column.valid, each)
        source = numpy.where(there, numpy.cumsum(there) - 1, -1)
        parts = [spread(part, source).arrow() for part in parts]
        return pyarrow.Array.from_buffers(kind.arrow, rows, [validity], children=parts)
    parts = [part.arrow() for part in parts]
    if kind.form == "map":
        fields = [kind.arrow.key_field, kind.arrow.item_field]
        parts = [pyarrow.StructArray.from_arrays(parts, fields=fields)]
    return pyarrow.Array.from_buffers(kind.arrow, rows, [validity, offsets_of(kind.arrow, lengths)], children=parts)
