"""An independent reader of a workspace's folder, written from docs/formats/store.md alone.

It uses nothing of the program and nothing of the database: it looks only at `objects/`, and checks the digest of every
pack and commit, the CRC of every record and the id of every leaf, list, table, order and tree that it reads.
"""
import collections
import hashlib
import json
import pathlib
import typing


from format_records import LEAF, MET, PATCH, Bytes, Damaged, Patch, check, crc32c, full_leaf, leaf_id, \
    stored_rows, string, with_id
from format_types import Column, column_of, parse_type, varint, widen

CHUNK, LIST, TABLE, ORDER, PART, TREE, CHUNKS = 4, 5, 6, 8, 9, 10, 11
TAGS = {CHUNK: "chunk", LIST: "tiles", TABLE: "table", ORDER: "order", PART: "tree-part", TREE: "tree",
        CHUNKS: "chunks"}
ENDS = b"RoostPk\x01"
INDEX_ENTRY = 49
PATCH_LEVELS = 64
KNOWN_VERSIONS = (1, 2, 3)


def digest_of(data):
    return hashlib.sha256(data).hexdigest()


class Found(typing.NamedTuple):
    """Where a record lies."""
    id: str
    kind: int
    pack: bytes
    offset: int
    length: int
    crc: int

    def bytes(self):
        data = self.pack[self.offset:self.offset + self.length]
        check(len(data) == self.length and data[0] == self.kind, "a record is not where the index says")
        check(crc32c(data) == self.crc, "the CRC of a record")
        return data


class Tile(typing.NamedTuple):
    """An entry of a list of tiles; `leaves` is (leaf id, nulls) by column id, in the order of the list."""
    id: str
    rows: int
    leaves: dict


def first_sound(records, read, what):
    """What `read` makes of the first record that it can read: of several with one id any sound one will do."""
    failure = Damaged(f"{what} is nowhere")
    for found in records:
        try:
            return read(found)
        except Damaged as error:
            failure = error
    raise failure


def pack_index(pack):
    """The entries of a pack: id and record."""
    check(pack[:8] == ENDS and pack[-8:] == ENDS, "not a pack")
    entries, crc = (int.from_bytes(pack[at:at + 4], "little") for at in (-16, -12))
    end = len(pack) - 16
    check(entries * INDEX_ENTRY <= end - 8, "an index longer than its pack")
    check(crc32c(pack[end - entries * INDEX_ENTRY:end + 4]) == crc, "the CRC of an index")
    reader = Bytes(pack[end - entries * INDEX_ENTRY:end])
    for _ in range(entries):
        name, kind, offset, length, crc = reader.id(), *(reader.fixed(width) for width in (1, 8, 4, 4))
        yield name, Found(name, kind, pack, offset, length, crc)


def parse_list(data, columns):
    """The tiles of a list. One of format 1 has the columns of the table, `columns`."""
    reader = Bytes(data)
    version, tiles, count = reader.u8(), reader.varint(), reader.varint()
    check(version in (1, 2), "a list of an unknown format")
    columns = [reader.varint() for _ in range(count)] if version == 2 else columns
    check(len(columns) == count, "another count of columns")
    found = [parse_tile(reader, columns) for _ in range(tiles)]
    reader.end()
    return found


def parse_tile(reader, columns):
    start, rows, leaves = reader.at, reader.varint(), {}
    for column in columns:
        leaf, nulls, _, zone = reader.id(), reader.varint(), reader.varint(), reader.u8()
        check(zone == 0, "a zone")
        leaves[column] = leaf, nulls
    named = b"".join(map(varint, columns)) + reader.data[start:reader.at]
    return Tile(digest_of(string(b"tile") + named), rows, leaves)


class Store:
    """A workspace's objects, as they were when it was opened."""

    def __init__(self, folder):
        self.objects = pathlib.Path(folder) / "objects"
        facts = json.loads((self.objects / "format.json").read_text())
        check(facts["format"] == "roost store" and facts["version"] in KNOWN_VERSIONS, "another format")
        check(not facts["reader_features"], "an unknown feature")
        self.records, self.leaves, self.patches, self.lists = collections.defaultdict(list), {}, {}, {}
        self.columns = ()  # of the table that is read: what a list of format 1 does not tell
        for path in sorted(self.objects.glob("packs/*.pack")):
            for name, found in pack_index(self.named_file(path)):
                self.records[name].append(found)

    def named_file(self, path):
        data = path.read_bytes()
        check(digest_of(data) == path.stem, f"{path.name} has another digest")
        return data

    def object(self, name, kind):
        """The bytes of an object of kinds 4 to 11."""
        def read(found):
            data = Bytes(found.bytes()[1:]).body().rest()
            check(digest_of(string(TAGS[kind].encode()) + data) == name, f"{TAGS[kind]} {name} has another id")
            return data
        return first_sound(self.of_kind(name, kind), read, f"{TAGS[kind]} {name}")

    def of_kind(self, name, kind):
        return [found for found in self.records[name] if found.kind == kind]

    # --- Names and commits (§8, §11) ---

    def versions(self, dataset):
        """The record of each version that is not deleted, by its number."""
        found = {}
        for path in sorted((self.objects / "names/datasets" / dataset).glob("*")):
            record = json.loads(path.read_text())
            check((record["dataset"], record["version"]) == (dataset, int(path.name)), "a record of another key")
            if not (self.objects / "names/deleted" / dataset / path.name).exists():
                found[record["version"]] = record
        return found

    def commit(self, dataset, version):
        name = self.versions(dataset)[version]["commit"]
        for path in sorted((self.objects / "names/erased" / dataset).glob("*")):
            for change in json.loads(path.read_text())["versions"]:
                name = change["after"] if change["before"] == name else name
        commit = json.loads(self.named_file(self.objects / f"commits/{name}.json"))
        check((commit["dataset"], commit["version"]) == (dataset, version), "a commit of another version")
        return commit

    # --- Tables (§7) ---

    def tiles(self, name):
        key = name, self.columns  # tables with other columns may share a list of format 1
        if key not in self.lists:
            self.lists[key] = parse_list(self.object(name, LIST), self.columns)
        return self.lists[key]

    def table(self, dataset, version):
        return json.loads(self.object(self.commit(dataset, version)["table"], TABLE))

    def rows(self, dataset, version):
        """The columns of a version by name, in order, each a format_types.Column."""
        table = self.table(dataset, version)
        self.columns = tuple(column["id"] for column in table["columns"])
        tiles = []
        for run in table["runs"]:
            found = self.tiles(run["id"])
            check((len(found), sum(tile.rows for tile in found)) == (run["tiles"], run["rows"]), "another run")
            tiles += found
        check(sum(tile.rows for tile in tiles) == table["rows"], "another count of rows")

        def stored(column, kind=None):
            return self.joined([self.leaf(tile, column) for tile in tiles], kind)
        made = {column["name"]: stored(column["id"], parse_type(column["type"])) for column in table["columns"]}
        if table["order"] == "identity":
            return made
        order = stored_rows(self.object(table["order"], ORDER), table["rows"], stored)
        return {name: column.take(order) for name, column in made.items()}

    def joined(self, leaves, kind):
        kind = kind or max((leaf.type for leaf in leaves), key=lambda kind: kind.width)
        return Column.concatenate([column_of(kind, [])] + [widen(leaf, kind) for leaf in leaves])

    def leaf(self, tile, column, level=0):
        """A tile's leaf: from the full leaf where there is one, else from the tile's patch."""
        name, nulls = tile.leaves[column]
        if name not in self.leaves:
            check(level < PATCH_LEVELS, "too many patches upon patches")
            full = self.of_kind(name, LEAF)
            upon = [] if full else self.of_kind(tile.id, PATCH)

            def read(found):
                if not full:
                    return with_id(self.patched(tile, column, found, level), name)
                made = full_leaf(found.bytes())
                check(leaf_id(made) == name, f"leaf {name} has another id")
                return made
            self.leaves[name] = first_sound(full or upon, read, f"leaf {name}")
        leaf = self.leaves[name]
        check((len(leaf), len(leaf) - leaf.valid.sum()) == (tile.rows, nulls), "a leaf of other rows than its tile")
        return leaf

    def patched(self, tile, column, found, level):
        if (found.crc, found.id) not in self.patches:
            self.patches[found.crc, found.id] = Patch(found.bytes())
        patch, number = self.patches[found.crc, found.id], list(tile.leaves).index(column)
        check(len(patch.leaves) == len(tile.leaves) and patch.rows == tile.rows, "a patch of another tile")
        check(patch.leaves[number][0] != 1, "a full leaf is missing")
        bases = [self.tiles(name)[index] for name, index in patch.bases]
        leaves = [self.leaf(base, column, level + 1) for base in bases]
        return patch.leaf(number, self.joined(leaves, None))

    # --- Files (§7a) ---

    def files(self, dataset, version):
        """What lies at each path: bytes of a file, ("link", target), or None for an empty folder."""
        reader = Bytes(self.object(self.commit(dataset, version)["tree"], TREE))
        check(reader.u8() == 1, "a tree of an unknown format")
        count, size, found = reader.varint(), reader.varint(), {}
        for _ in range(reader.varint()):
            part, entries, first = reader.id(), reader.varint(), reader.string()
            made = self.tree_part(self.object(part, PART))
            check(len(made) == entries and next(iter(made)) == first, "another part of the tree")
            found |= made
        reader.end()
        check(list(found) == sorted(found), "paths out of order")
        check(sum(value is not None for value in found.values()) == count, "another count of files")
        check(sum(len(value) for value in found.values() if isinstance(value, bytes)) == size, "another size")
        return {path.decode(): value for path, value in found.items()}

    def tree_part(self, data):
        reader = Bytes(data)
        check(reader.u8() == 1, "a part of an unknown format")
        path, found = b"", {}
        for _ in range(reader.varint()):
            path = path[:reader.varint()] + reader.string()
            kind = reader.u8()
            check(kind <= 3, "an entry of an unknown type")
            found[path] = self.file(reader) if kind < 2 else ("link", reader.string()) if kind == 2 else None
        reader.end()
        return found

    def file(self, reader):
        size, digest, lists = reader.varint(), reader.id(), reader.u8()
        MET["lists of chunks"] += lists
        parts = [(reader.id(), reader.varint()) for _ in range(reader.varint())]
        data = b"".join(self.listed(*part) if lists else self.chunk(*part) for part in parts)
        check(len(data) == size and digest_of(data) == digest, "a file of other bytes")
        return data

    def listed(self, name, size):
        reader = Bytes(self.object(name, CHUNKS))
        check(reader.u8() == 1, "a list of chunks of an unknown format")
        data = b"".join(self.chunk(reader.id(), reader.varint()) for _ in range(reader.varint()))
        reader.end()
        check(len(data) == size, "a list of chunks of another size")
        return data

    def chunk(self, name, size):
        data = self.object(name, CHUNK)
        check(len(data) == size, "a chunk of another size")
        return data


def arrow_rows(columns):
    """The columns of Store.rows as pyarrow's arrays."""
    return {name: column.arrow() for name, column in columns.items()}
