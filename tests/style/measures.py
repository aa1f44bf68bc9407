"""Numbers about the tree: each has a bar, a ratchet, or both."""

import re
from collections import defaultdict
from statistics import median

FILE_LINES_GOOD = 300
FUNCTION_LINES_GOOD = 40
WINDOW_LINES = 8

# name: (better is 'low' or 'high', bar or None, step: differences below it do not trip the ratchet,
# or None where only the bar counts)
MEASURES = {
    "file_lines_median": ("low", 100, None),
    "file_lines_p90": ("low", 300, None),
    "files_over_300_lines": ("low", None, 0),
    "functions_over_40_lines": ("low", None, 0),
    "duplicate_percent": ("low", 1.5, 0.2),
    "documented_percent": ("high", 90.0, 1.0),
    "test_lines_per_code_line": ("high", 1.0, 0.1),
    "caf_all_includes": ("low", None, 0),
}


def _code(files):
    return [f for f in files if f.is_code]


def code_lines(file):
    """Counts lines that hold more than white space."""
    return sum(1 for line in file.lines if line.strip())


def _line_counts(files):
    return sorted(len(f.lines) for f in _code(files)) or [0]


def _normal_lines(file):
    """Lines that can be duplicates: no comments, includes, blank lines or lone punctuation."""
    blanked = file.blank_lines
    for number, line in enumerate(file.lines):
        if number < len(blanked) and re.search(r"\w", blanked[number]):
            folded = re.sub(r"\s+", " ", line.strip())
            if not folded.startswith(("#", "//", "namespace ", "using ", "}  // namespace")):
                yield number + 1, folded


def duplicate_lines(files):
    """Returns (duplicated, all, places): lines in 8-line windows that stand elsewhere too."""
    windows = defaultdict(list)
    lines_of = {}
    for file in _code(files):
        lines = lines_of[file.path] = list(_normal_lines(file))
        for at in range(len(lines) - WINDOW_LINES + 1):
            window = tuple(text for _, text in lines[at : at + WINDOW_LINES])
            windows[window].append((file.path, at))
    covered, places = set(), []
    for spots in windows.values():
        if len(spots) > 1:
            places.append(" ~ ".join(f"{p}:{lines_of[p][at][0]}" for p, at in spots))
            covered.update((p, at + k) for p, at in spots for k in range(WINDOW_LINES))
    return len(covered), sum(len(lines) for lines in lines_of.values()), places


def _needs_words(function):
    """Public functions that a reader must be told about.

    Left out: destructors, operators, overrides (the base says it), what is defaulted or deleted,
    and accessors without parameters (const, or one line), whose name is the sentence.
    """
    if function.access != "public" or function.scope == "anonymous":
        return False
    if function.name in ("operator", "inspect") or function.name.startswith("~"):
        return False
    words = set(re.findall(r"\w+", function.header))
    if words & {"override", "friend"} or re.search(r"=\s*(default|delete)\s*$", function.header):
        return False
    is_const = "const" in words or "constexpr" in words
    short = function.body_lines == 1 or (function.body_lines == 0 and is_const)
    return not (function.parameters == 0 and short)


def _is_documented(file, function):
    """A comment on the line, or directly above the run of functions that it stands in."""
    index = function.first_line - 1
    if "//" in file.lines[index]:
        return True
    bodies = {n for f in file.functions for n in range(f.first_line, f.first_line + f.body_lines)}
    for above in range(index - 1, -1, -1):
        line = file.lines[above].strip()
        if line.startswith("//"):
            return True
        if not line or (line.endswith(("{", ":")) and above + 1 not in bodies):
            return False
    return False


def _is_type_itself(file, function):
    """True for a constructor: the comment of its type covers it."""
    type_name = rf"\b(class|struct)\s+(\w+\s+|\w+::)*{re.escape(function.name)}\b"
    return re.search(type_name, file.blank) is not None


def documentation(files):
    """Returns (documented, all, undocumented) of the public functions in the product's headers."""
    documented, missing = 0, []
    for file in _code(files):
        if not file.is_header or file.path.endswith("-inl.hpp"):
            continue
        told = {f.name for f in file.functions if _is_documented(file, f)}  # covers its overloads
        for function in file.functions:
            if not _needs_words(function) or _is_type_itself(file, function):
                continue
            if function.name in told:
                documented += 1
            else:
                text = f"{function.name} lacks its sentence"
                missing.append((file.path, function.first_line, text))
    return documented, documented + len(missing), missing


def measure(files):
    """Returns every number of MEASURES for a tree."""
    counts = _line_counts(files)
    own = [f for f in files if f.kind == "cpp"]
    lengths = [g.body_lines for f in own for g in f.functions]
    duplicated, lines, _ = duplicate_lines(files)
    documented, functions, _ = documentation(files)
    code = sum(code_lines(f) for f in _code(files))
    tests = sum(code_lines(f) for f in files
                if f.folder == "tests" and f.kind in ("cpp", "python", "shell"))
    return {
        "file_lines_median": median(counts),
        "file_lines_p90": counts[min(len(counts) - 1, int(len(counts) * 0.9))],
        "files_over_300_lines": sum(len(f.lines) > FILE_LINES_GOOD for f in files if f.kind),
        "functions_over_40_lines": sum(n > FUNCTION_LINES_GOOD for n in lengths),
        "duplicate_percent": round(100 * duplicated / lines, 2) if lines else 0.0,
        "documented_percent": round(100 * documented / functions, 1) if functions else 100.0,
        "test_lines_per_code_line": round(tests / code, 2) if code else 1.0,
        "caf_all_includes": sum("#include <caf/all.hpp>" in f.text for f in own),
    }


def _worse(better, value, than, slack=0.0):
    return value > than + slack if better == "low" else value < than - slack


def failures(values, ratchet):
    """Yields a sentence for each number that misses its bar or fell behind the ratchet."""
    for name, (better, bar, step) in MEASURES.items():
        value = values[name]
        stored = ratchet.get(name)
        # A number that has not reached its bar yet is held by its ratchet: it may only get closer.
        on_the_way = step is not None and stored is not None and _worse(better, stored, bar or 0)
        if bar is not None and _worse(better, value, bar) and not on_the_way:
            yield f"{name} is {value}, the bar is {bar}"
        if step is not None and stored is not None and _worse(better, value, stored, step):
            yield f"{name} is {value}, was {stored}: it may only get better"


def tightened(values, ratchet):
    """Returns the ratchet with every number that got better."""
    out = {}
    for name, (better, _, step) in MEASURES.items():
        stored = ratchet.get(name)
        if step is not None:
            keep = stored is not None and _worse(better, values[name], stored)
            out[name] = stored if keep else values[name]
    return out
