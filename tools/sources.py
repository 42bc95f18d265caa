"""What the checks of tools/lint share: which files are the project's, and C++ text without comments and literals."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent

_COMMENT_OR_LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'',
                                 re.DOTALL)


def files(*patterns):
    """Paths under ROOT that git tracks or would track, as strings, sorted; all of them where no pattern is given."""
    listing = subprocess.check_output(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--",
                                       *patterns], cwd=ROOT, text=True)
    return sorted({name for name in listing.split("\0") if name and (ROOT / name).is_file()})


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def bare(text):
    """C++ `text` with comments and the insides of literals gone and every line in its place."""
    def blank(match):
        found = match[0]
        filler = "" if found.startswith("/") else '""'
        return filler + "\n" * found.count("\n")
    return _COMMENT_OR_LITERAL.sub(blank, text)


def finish(problems):
    """Prints the problems and ends the program as a check does."""
    for problem in problems:
        print(f"  {problem}")
    raise SystemExit(1 if problems else 0)
