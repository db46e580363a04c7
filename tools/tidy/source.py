"""Reads C++ sources the way tidy and lint need them: with comments and literals blanked, with their
includes, and with a fingerprint over all that a file is made of."""

import functools
import hashlib
import pathlib
import re
import subprocess

_LITERALS = re.compile(
    r'R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'  # string
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'"  # character, not a digit separator
    r"|//[^\n]*|/\*.*?\*/",
    re.S)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">\n]+)[">]', re.M)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def blank_comments(text):
    """The text with comments as spaces; lines stay where they are."""
    return _LITERALS.sub(lambda m: blank(m[0]) if m[0].startswith("/") else m[0], text)


def blank_literals(text):
    """The text with comments, strings and characters as spaces; quotes and lines stay."""
    def replace(match):
        token = match[0]
        if token.startswith("/"):
            return blank(token)
        return token[0] + blank(token[1:-1]) + token[-1] if token[0] != "R" else blank(token)
    return _LITERALS.sub(replace, text)


def raw_string_lines(text):
    """The numbers of the lines that lie in a raw string."""
    lines = set()
    for match in _LITERALS.finditer(text):
        if match[0].startswith('R"'):
            first = text.count("\n", 0, match.start()) + 1
            lines.update(range(first, first + match[0].count("\n") + 1))
    return lines


def includes(text):
    """Yields (line, is_quoted, path) for each include."""
    code = blank_comments(text)
    for match in _INCLUDE.finditer(code):
        yield code.count("\n", 0, match.start()) + 1, match[1] == '"', match[2]


@functools.cache
def _read(path):
    return path.read_text(encoding="utf-8", errors="replace")


@functools.cache
def _includes_of(path):
    return tuple(name for _, quoted, name in includes(_read(path)) if quoted)


def fingerprint(root, path, *salt):
    """A hash over a file, every file of the house that it includes, and `salt`."""
    seen, queue = {}, [root / path]
    while queue:
        file = queue.pop()
        if file in seen or not file.is_file():
            continue
        seen[file] = hashlib.sha256(_read(file).encode()).hexdigest()
        queue += [root / "src" / name for name in _includes_of(file)]
    digest = hashlib.sha256("\0".join(salt).encode())
    for file in sorted(seen):
        digest.update(f"{file.relative_to(root)} {seen[file]}\n".encode())
    return digest.hexdigest()


def tracked_files(root):
    """Files that git tracks, or would if asked: what is ignored is not looked at. In a tree without
    git: all but what is built."""
    done = subprocess.run(["git", "-C", str(root), "ls-files", "-coz", "--exclude-standard"],
                          check=False, capture_output=True, text=True)
    if done.returncode == 0:
        names = done.stdout.split("\0")
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*")
                 if not {"build", ".git", "node_modules"} & set(path.relative_to(root).parts)]
    return sorted(name for name in names if name and pathlib.Path(root, name).is_file())


def forget():
    """Files are read once; this makes the next look see changes."""
    _read.cache_clear()
    _includes_of.cache_clear()
