"""Hard rules: each yields (path, line, text) for what breaks it, at any count."""

import ast
import contextlib
import io
import re
import tokenize

CLOCK_FILES = ("runtime/clock.hpp", "runtime/clock.cpp")
COLUMNS_MAX = 100
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 4
README_LINES_MAX = 40

# Where the clear thing and a rule disagree: (rule, file, what) and why.
EXCEPTIONS = {
    ("parameters", "runtime/ask.hpp", "ask"):
        "reads like CAF's request(...).then(...): who, how long, what, and the two ends",
    ("parameters", "transport/http/client.hpp", "start"):
        "the fifth is an options struct that is hardly ever given",
    ("parameters", "transport/http/client.cpp", "start"): "as in its header",
}

FORBIDDEN_STEMS = {"utils", "util", "common", "misc", "helpers", "helper"}
FORBIDDEN_TYPE = re.compile(r"\b(?:class|struct)\s+(\w*(?:manager|helper)s?)\b", re.IGNORECASE)
# The verb is banned; an operating system's process has a name and an environment.
FORBIDDEN_FUNCTION = re.compile(r"^(process_(?!name|id|environment|group|metrics)|do_|handle_)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
CPP_SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(")
PYTHON_SLEEP = re.compile(r"\bsleep\s*\(|\bimport sleep\b")
SHELL_SLEEP = re.compile(r"(^|[;&|(]|\bdo|\bthen)\s*sleep\s+[\d.$]")
CPP_CLOCK = re.compile(
    r"\b(steady_clock|system_clock|high_resolution_clock|utc_clock)\s*::\s*now\b"
    r"|\b(clock_gettime|gettimeofday|timespec_get|__rdtsc|__builtin_ia32_rdtsc)\s*\("
    r"|\bstd::time\s*\(|[^\w.>:]time\s*\(\s*(nullptr|NULL|0)\s*\)")
PYTHON_CLOCK = re.compile(r"\btime\.time\s*\(|\bdatetime\.now\s*\(|\butcnow\s*\(")
RAW_REQUEST = re.compile(r"(->|\.)\s*request\s*\(")
DEAD_CODE = re.compile(
    r"^(return\b.*;|(if|for|while|switch)\s*\(.*\)\s*(\{|.*;)|#\s*include\b.*|#\s*(if|endif)\b.*"
    r"|[\w:.>\[\]-]+\s*[-+*/|&]?=\s*.*;|[\w:.>-]+\(.*\)\s*;|(const |auto |std::)\S.*;|[{}]\s*;?)$")


def _in_tests(file):
    return file.folder in ("tests", "bench", "examples")


def _python_code_lines(file):
    """The lines of a Python file with strings and comments blank."""
    lines = [list(line) for line in file.text.splitlines(keepends=True)]
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(file.text).readline))
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return file.lines
    for token in tokens:
        if token.type not in (tokenize.STRING, tokenize.COMMENT):
            continue
        (row, column), (end_row, end_column) = token.start, token.end
        for n in range(row, end_row + 1):
            left = column if n == row else 0
            right = end_column if n == end_row else len(lines[n - 1])
            lines[n - 1][left:right] = " " * (right - left)
    return ["".join(line) for line in lines]


def _matches(file, lines, pattern, text):
    for number, line in enumerate(lines, 1):
        if pattern.search(line):
            yield file.path, number, text


def sleeps(files):
    """Sleeps in tests, benches and examples, in C++, Python and shell."""
    for file in files:
        if not _in_tests(file):
            continue
        text = "a sleep: wait for the event itself"
        if file.kind == "cpp":
            yield from _matches(file, file.blank_lines, CPP_SLEEP, text)
        elif file.kind == "python":
            yield from _matches(file, _python_code_lines(file), PYTHON_SLEEP, text)
        elif file.kind == "shell":
            yield from _matches(file, file.lines, SHELL_SLEEP, text)


def clock_reads(files):
    """Clock reads outside runtime/clock.*; wall-clock reads in Python tests."""
    for file in files:
        if file.kind == "cpp" and file.path not in CLOCK_FILES:
            text = "reads a clock: use runtime/clock.hpp"
            yield from _matches(file, file.blank_lines, CPP_CLOCK, text)
        elif file.kind == "python" and file.folder == "tests":
            lines = _python_code_lines(file)
            yield from _matches(file, lines, PYTHON_CLOCK, "reads the wall clock")


def raw_requests(files):
    """CAF's own request(), whose timer is never cancelled, outside runtime/ask.hpp.

    Tests may use it: a scoped_actor there waits on its own thread.
    """
    for file in files:
        if file.is_code and file.path != "runtime/ask.hpp":
            text = "raw request(): use runtime/ask.hpp"
            yield from _matches(file, file.blank_lines, RAW_REQUEST, text)


def file_lengths(files):
    """Files over the hard length, and folder READMEs over theirs."""
    for file in files:
        if file.kind and len(file.lines) > FILE_LINES_MAX:
            text = f"{len(file.lines)} lines, at most {FILE_LINES_MAX}"
            yield file.path, FILE_LINES_MAX + 1, text
        own_page = file.path.endswith("/README.md") and file.folder not in ("docs", "examples")
        if own_page and len(file.lines) > README_LINES_MAX:
            text = f"a folder's README has at most {README_LINES_MAX} lines"
            yield file.path, README_LINES_MAX + 1, text


def line_lengths(files):
    """Lines over the column limit."""
    for file in files:
        if file.kind not in ("cpp", "python", "shell"):
            continue
        for number, line in enumerate(file.lines, 1):
            if len(line) > COLUMNS_MAX:
                yield file.path, number, f"{len(line)} columns, at most {COLUMNS_MAX}"


def _python_functions(file):
    try:
        module = ast.parse(file.text)
    except SyntaxError as problem:
        yield None, problem.lineno or 1, 0, 0
        return
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names = [a.arg for a in node.args.posonlyargs + node.args.args]
            own = names[1:] if names[:1] in (["self"], ["cls"]) else names
            length = node.end_lineno - node.lineno + 1
            yield node.name, node.lineno, length, len(own)


def function_sizes(files):
    """Functions over the hard length or with too many parameters, in C++ and Python."""
    for file in files:
        found = []
        if file.kind == "cpp":
            # The signature of an override is its base's business.
            found = [(f.name, f.first_line, f.body_lines,
                      0 if re.search(r"\boverride\b", f.header) else f.parameters)
                     for f in file.functions]
        elif file.kind == "python":
            found = _python_functions(file)
        for name, line, length, parameters in found:
            if name is None:
                yield file.path, line, "does not parse"
            elif length > FUNCTION_LINES_MAX:
                yield file.path, line, f"{name}: {length} lines, at most {FUNCTION_LINES_MAX}"
            excepted = ("parameters", file.path, name) in EXCEPTIONS
            if parameters > PARAMETERS_MAX and not excepted:
                yield file.path, line, f"{name}: {parameters} parameters, at most {PARAMETERS_MAX}"


def forbidden_names(files):
    """Folders, files, types and functions whose names say nothing."""
    types = set()
    for file in files:
        if file.kind == "cpp":
            types.update(re.findall(r"\b(?:class|struct)\s+(\w+)", file.blank))
    for file in files:
        for part in file.path.split("/"):
            if part.split(".")[0] in FORBIDDEN_STEMS:
                yield file.path, 1, f"nothing is called '{part}': name what it holds"
        if file.kind != "cpp":
            continue
        for number, line in enumerate(file.blank_lines, 1):
            match = FORBIDDEN_TYPE.search(line)
            if match:
                yield file.path, number, f"no type is called '{match.group(1)}'"
        for function in file.functions:
            if FORBIDDEN_FUNCTION.match(function.name) and function.name not in types:
                yield file.path, function.first_line, f"'{function.name}' does not say what it does"


def _comments(file):
    """Yields (line, text, stands alone) of the comments that end a line."""
    if file.kind == "python":
        with contextlib.suppress(tokenize.TokenError, IndentationError, SyntaxError):
            for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
                if token.type == tokenize.COMMENT:
                    yield token.start[0], token.string[1:], False
        return
    mark = "//" if file.kind == "cpp" else "#"
    for number, line in enumerate(file.lines, 1):
        at = line.find(mark)
        if at >= 0 and (file.kind != "cpp" or file.blank_lines[number - 1][at] == " "):
            yield number, line[at + len(mark) :], not line[:at].strip()


def unfinished(files):
    """Marks of unfinished work, and code that is commented out."""
    for file in files:
        if not file.kind:
            continue
        for number, comment, alone in _comments(file):
            if UNFINISHED.search(comment):
                yield file.path, number, "unfinished work: do it or leave it out"
            if file.kind == "cpp" and alone and DEAD_CODE.match(comment.strip()):
                yield file.path, number, "commented-out code"


def header_openings(files):
    """Headers that do not begin with what they are, or lack their guard."""
    for file in files:
        if file.kind != "cpp" or not file.is_header:
            continue
        if not file.text.startswith("//"):
            yield file.path, 1, "a header's first line says what it is"
        included_often = file.path.endswith("-inl.hpp")  # once for each instruction set
        if not included_often and not re.search(r"^#pragma once$", file.text, re.MULTILINE):
            yield file.path, 1, "lacks #pragma once"


ALL = [sleeps, clock_reads, raw_requests, file_lengths, line_lengths, function_sizes,
       forbidden_names, unfinished, header_openings]
