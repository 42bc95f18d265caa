"""What a power cut leaves of a folder: the file operations of a program, recorded by strace and played up to any point.

A file has the bytes that were in it when it was last synced, a folder the names that it had then. What was not synced may
be there or not; `Disk.after_cut` gives three outcomes that find the usual mistakes:
- "nothing": only what was synced is there;
- "names": names are there, the bytes in their files are only those that were synced (a rename before its sync);
- "bytes": all bytes are there, but only the names that were synced (a folder that was not synced).
"""
import pathlib
import re
import shutil
import subprocess

OUTCOMES = ("nothing", "names", "bytes")
CALLS = ("openat,write,pwrite64,lseek,ftruncate,fdatasync,fsync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,"
         "exit_group")
# Calls that change files too and that `Disk` does not know: a program that makes one fails the recording.
UNKNOWN_CALLS = "writev,pwritev,pwritev2,link,linkat,symlink,fallocate,copy_file_range,sendfile,truncate,rmdir,splice"

_LINE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)")
_PART = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?|(?:(-?\w+)<((?:\\x[0-9a-f]{2})*)>)|([^,\s][^,]*)')


def _text(escaped):
    return bytes.fromhex(escaped.replace("\\x", ""))


def _arguments(text):
    """The arguments of a call: bytes for strings, (number, path) for descriptors, text for the rest."""
    parts = []
    for part in _PART.finditer(text):
        if part.group(1) is not None:
            assert part.group(2) is None, "strace cut a string"
            parts.append(_text(part.group(1)))
        elif part.group(3) is not None:
            parts.append((part.group(3), _text(part.group(4)).decode()))
        else:
            parts.append(part.group(5).strip())
    return parts


def record(arguments, trace, **options):
    """Runs a program and returns what it wrote to stdout and its calls: (name, arguments, result), as they ended."""
    done = subprocess.run(["strace", "-f", "-y", "-xx", "-s", "100000000", "-o", trace, "-e",
                           f"trace={CALLS},{UNKNOWN_CALLS}", *map(str, arguments)], check=True, capture_output=True,
                          text=True, **options)
    calls, unfinished = [], {}
    for line in pathlib.Path(trace).read_text().splitlines():
        pid = line.split(" ", 1)[0]
        if line.endswith("<unfinished ...>"):
            unfinished[pid] = line[:-len("<unfinished ...>")]
            continue
        if resumed := re.match(r"^\d+ +<\.\.\. \w+ resumed>(.*)$", line):
            line = unfinished.pop(pid) + resumed.group(1)
        if (call := _LINE.match(line)) and not call.group(4).startswith("-"):
            calls.append((call.group(2), _arguments(call.group(3)), call.group(4)))
    return done.stdout, calls


class Disk:
    """The files below `root`, all of them synced at first."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.bytes, self.synced_bytes = {}, {}   # of a file, by its number
        self.names, self.synced_names = {}, {}   # path -> a file's number, or None for a folder
        self.offsets = {}                        # of a descriptor: (path, place)
        for path in sorted(self.root.rglob("*")):
            self.names[str(path)] = None if path.is_dir() else self._new_file(path.read_bytes())
        self.synced_names = dict(self.names)
        self.synced_bytes = {number: bytes(content) for number, content in self.bytes.items()}

    def _new_file(self, content=b""):
        self.bytes[len(self.bytes)] = bytearray(content)
        return len(self.bytes) - 1

    def _is_ours(self, path):
        # What other processes keep in memory only, SQLite's index of its log, is not on the disk.
        return path.startswith(f"{self.root}/") and not path.endswith("-shm")

    def play(self, name, arguments, result):
        """Plays one call; False where it changed nothing here."""
        if name in UNKNOWN_CALLS.split(","):
            paths = [part[1] if isinstance(part, tuple) else str(part) for part in arguments]
            assert not any(self._is_ours(path) for path in paths), f"a call that is not modelled: {name} {paths}"
            return False
        if name == "openat":
            return self._open(arguments, result)
        if name in ("mkdir", "mkdirat", "unlink", "unlinkat", "rename", "renameat", "renameat2"):
            return self._change_names(name, [part.decode() for part in arguments if isinstance(part, bytes)])
        if not arguments or not isinstance(arguments[0], tuple):
            return False
        path = arguments[0][1]
        if name in ("fsync", "fdatasync") and (path == str(self.root) or self._is_ours(path)):
            self._sync(path)
            return True
        return self._is_ours(path) and self._change_file(name, arguments, int(result))

    def _open(self, arguments, result):
        path = next(part for part in arguments if isinstance(part, bytes)).decode()
        flags = next(part for part in arguments if isinstance(part, str) and "O_" in part)
        if not self._is_ours(path):
            return False
        self.offsets[result] = 0
        if "O_CREAT" in flags and path not in self.names:
            self.names[path] = self._new_file()
        if "O_TRUNC" in flags:
            self.bytes[self.names[path]].clear()
        return "O_CREAT" in flags

    def _change_names(self, name, paths):
        if not self._is_ours(paths[0]):
            return False
        if name.startswith("mkdir"):
            self.names[paths[0]] = None
        elif name.startswith("unlink"):
            del self.names[paths[0]]
        else:
            self.names[paths[1]] = self.names.pop(paths[0])
        return True

    def _change_file(self, name, arguments, result):
        descriptor, path = arguments[0]
        content = self.bytes[self.names[path]]
        if name == "lseek":
            self.offsets[descriptor] = result
            return False
        if name == "ftruncate":
            length = int(arguments[1])
            content[length:] = bytes(max(0, length - len(content)))
            return True
        at = int(arguments[-1]) if name == "pwrite64" else self.offsets.get(descriptor, 0)
        content.extend(bytes(max(0, at - len(content))))
        content[at:at + result] = arguments[1][:result]
        if name == "write":
            self.offsets[descriptor] = at + result
        return True

    def _sync(self, path):
        number = self.names.get(path)
        if number is not None:
            self.synced_bytes[number] = bytes(self.bytes[number])
            return
        is_in = lambda name: str(pathlib.PurePosixPath(name).parent) == path
        self.synced_names = {name: number for name, number in self.synced_names.items() if not is_in(name)}
        self.synced_names |= {name: number for name, number in self.names.items() if is_in(name)}

    def after_cut(self, outcome):
        """What is on the disk when the power comes back: path -> bytes, None for folders."""
        names = self.names if outcome == "names" else self.synced_names
        files = {}
        for path in sorted(names):
            parent = str(pathlib.PurePosixPath(path).parent)
            if parent != str(self.root) and parent not in files:
                continue  # its folder was not synced
            number = names[path]
            content = self.bytes if outcome == "bytes" else self.synced_bytes
            files[path] = None if number is None else bytes(content.get(number, b""))
        return files


def restore(files, root, target):
    """Writes what `after_cut` gave for `root` to the empty folder `target`."""
    shutil.rmtree(target, ignore_errors=True)
    for path, content in files.items():
        copy = pathlib.Path(target) / pathlib.Path(path).relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            copy.mkdir(exist_ok=True)
        else:
            copy.write_bytes(content)
