#!/usr/bin/env python3
"""Unpacks the C++ libraries that Debian lacks from pinned wheels into .deps/native, ready to link.

  .deps/native/include   Arrow and Parquet headers
  .deps/native/lib       libarrow*, libparquet

The wheels are hash-checked (requirements-native.txt). `libparquet` carries a private OpenSSL and
simdjson, `libarrow_compute` a private RE2; their symbols are renamed in our copies, so that they can
neither capture nor be captured by Debian's libraries of the same names. tools/lint proves it.

Needs: pip, nm (binutils), patchelf >= 0.18 on PATH (Debian's 0.14 cannot rename symbols).
"""
import calendar
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
DEPS = HERE.parent.parent / ".deps"
PREFIX = DEPS / "native"
ARROW_ABI = "2600"
ARROW_LIBRARIES = "arrow|arrow_s3|arrow_compute|arrow_acero|arrow_dataset|parquet"
BUNDLED = {"libparquet": r"simdjson", "libarrow_compute": r"3re2|re2_internal"}


def run(*command):
    subprocess.run([str(part) for part in command], check=True)


def bundled_symbols(library, mangled_pattern):
    """Names of the dynamic symbols in `library` that belong to other projects than Arrow."""
    listing = subprocess.check_output(["nm", "-D", "--defined-only", library], text=True)
    for name in sorted({line.split()[-1].split("@")[0] for line in listing.splitlines()}):
        if re.search(r"arrow|parquet|_lts_|4absl|opentelemetry", name, re.IGNORECASE):
            continue
        if name.startswith("__") or name in ("_init", "_fini", "_edata", "_end"):
            continue
        if name.startswith("_Z") and not re.search(mangled_pattern, name):
            continue
        yield name


def unpack_arrow(wheel, include, lib):
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            member = entry.filename
            header = re.fullmatch(r"pyarrow/include/(.*\.h)", member)
            library = re.fullmatch(rf"pyarrow/(lib(?:{ARROW_LIBRARIES})\.so\.{ARROW_ABI})", member)
            if header and not header[1].startswith("arrow/python/"):
                target = include / header[1]
            elif library:
                target = lib / library[1]
            else:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(member))
            # The wheel's own time: to unpack the same wheel again does not rebuild what includes the header.
            time_of_wheel = calendar.timegm(entry.date_time)
            os.utime(target, (time_of_wheel, time_of_wheel))


def rename_bundled(prefix, lib):
    for stem, pattern in BUNDLED.items():
        library = lib / f"{stem}.so.{ARROW_ABI}"
        names = list(bundled_symbols(library, pattern))
        table = prefix / f"{stem}.rename"
        table.write_text("".join(f"{name} bundled_{name}\n" for name in names))
        run("patchelf", "--rename-dynamic-symbols", table, library)
        print(f"{library.name}: {len(names)} bundled symbols renamed")


def main():
    stamp = PREFIX / "stamp"
    requirements = HERE / "requirements-native.txt"
    want = hashlib.sha256(requirements.read_bytes() + pathlib.Path(__file__).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == want:
        return
    fresh, old = DEPS / "native.new", DEPS / "native.old"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    lib = fresh / "lib"
    lib.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=DEPS) as wheels:
        run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:",
            "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311",
            "--platform", "manylinux_2_28_x86_64", "--require-hashes", "-r", requirements, "-d", wheels)
        unpack_arrow(next(pathlib.Path(wheels).glob("pyarrow-*.whl")), fresh / "include", lib)
    rename_bundled(fresh, lib)
    (fresh / "stamp").write_text(want)
    # The old libraries stand until the new ones are whole.
    if PREFIX.exists():
        PREFIX.rename(old)
    fresh.rename(PREFIX)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    main()
