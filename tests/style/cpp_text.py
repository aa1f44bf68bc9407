"""Just enough of C++ to measure it: literals blanked, functions found by their braces."""

import re
from dataclasses import dataclass

RAW_STRING = re.compile(r'R"([^()\\\s]{0,16})\(')
NO_FUNCTION = {
    "if", "for", "while", "switch", "catch", "return", "sizeof", "decltype", "alignas", "noexcept",
    "static_assert", "requires", "defined", "throw", "new", "delete", "co_await", "co_return",
    "co_yield", "alignof", "typeid", "explicit", "else", "using", "typedef", "goto", "case",
}
NO_DECLARATION = re.compile(
    r"\s*(using|typedef|return|static_assert|friend|template class|extern template)\b")
DECLARATOR = re.compile(r"[\w>&*\]]\s+[*&]*~?[\w:]+\s*$|operator|^\s*(explicit\s+)?~?\w+\s*$")


@dataclass
class Function:
    name: str
    first_line: int  # of its header, from 1
    body_lines: int  # from the header to the closing brace; 0: a declaration
    parameters: int
    scope: str  # 'class', 'namespace' or 'anonymous'
    access: str  # 'public', 'protected' or 'private'; namespaces are public
    header: str  # blanked text up to the body or semicolon


@dataclass
class Scope:
    kind: str
    access: str


def _spaces(text):
    return "".join("\n" if c == "\n" else " " for c in text)


def _end_of_quoted(text, start):
    i = start + 1
    while i < len(text) and text[i] != text[start]:
        i += 2 if text[i] == "\\" else 1
        if i < len(text) and text[i - 1] == "\n":
            return i
    return min(i + 1, len(text))


def _end_of_token(text, i):
    """Returns (end, keep) of the comment or literal at i, or None where plain code is."""
    two = text[i : i + 2]
    if two == "//":
        end = text.find("\n", i)
        return (len(text) if end < 0 else end), 0
    if two == "/*":
        end = text.find("*/", i + 2)
        return (len(text) if end < 0 else end + 2), 0
    if text[i] == "R" and (i == 0 or not (text[i - 1].isalnum() or text[i - 1] == "_")):
        match = RAW_STRING.match(text, i)
        if match:
            close = ")" + match.group(1) + '"'
            end = text.find(close, match.end())
            return (len(text) if end < 0 else end + len(close)), 1
    if text[i] == '"':
        return _end_of_quoted(text, i), 1
    if text[i] == "'" and not (i and text[i - 1].isalnum() and text[i + 1 : i + 2].isalnum()):
        return _end_of_quoted(text, i), 1
    return None


def blank_comments_and_literals(text):
    """Returns the text, same length and lines, with comments and the insides of literals blank."""
    out = []
    i = 0
    while i < len(text):
        found = _end_of_token(text, i)
        if found is None:
            out.append(text[i])
            i += 1
            continue
        end, keep = found
        piece = _spaces(text[i:end])
        if keep and len(piece) >= 2:
            piece = '"' + piece[1:-1] + '"'
        out.append(piece)
        i = end
    return "".join(out)


def _without_preprocessor(text):
    lines = text.split("\n")
    continued = False
    for n, line in enumerate(lines):
        if continued or line.lstrip().startswith("#"):
            continued = line.rstrip().endswith("\\")
            lines[n] = " " * len(line)
    return "\n".join(lines)


def _matching(text, start):
    """Index of the bracket that closes the one at start, or the text's length."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    open_, close = text[start], pairs[text[start]]
    depth = 0
    for i in range(start, len(text)):
        if text[i] == open_:
            depth += 1
        elif text[i] == close:
            depth -= 1
            if depth == 0:
                return i
    return len(text)


def _parameter_group(header):
    """Returns (name, start, end) of the parameter list in a function's header, or None."""
    at = re.search(r"\boperator\s*(\(\s*\)|[^\s\w(]+|\s[\w:]+|\"\"\s*\w+)\s*\(", header)
    if at:
        start = at.end() - 1
        return "operator", start, _matching(header, start)
    for match in re.finditer(r"(~?[A-Za-z_]\w*)\s*\(", header):
        if match.group(1) not in NO_FUNCTION:
            start = match.end() - 1
            return match.group(1), start, _matching(header, start)
    return None


def count_parameters(inside):
    """Counts the parameters in the text between a function's parentheses."""
    inside = inside.strip()
    if not inside or inside == "void":
        return 0
    depth, angle, commas = 0, 0, 0
    for i, c in enumerate(inside):
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "<":
            angle += 1
        elif c == ">" and inside[i - 1 : i] != "-":
            angle = max(0, angle - 1)
        elif c == "," and depth == 0 and angle == 0:
            commas += 1
    return commas + 1


def _without_template(header):
    """Drops a leading `template <...>` and what it requires."""
    if not header.startswith("template"):
        return header
    depth, i = 0, 0
    while i < len(header):
        c = header[i]
        if c == "(":
            i = _matching(header, i)
        elif c == "<":
            depth += 1
        elif c == ">" and header[i - 1] != "-":
            depth -= 1
            if depth == 0:
                return _without_template(header[i + 1 :].lstrip())
        i += 1
    return header


def _scope_of(header):
    """Names what a '{' opens here: namespace, anonymous, class, function or other."""
    stripped = re.sub(r"\[\[.*?\]\]", " ", header, flags=re.S).strip()
    namespace = re.search(r"\bnamespace\b\s*([\w:]*)\s*$", stripped)
    if namespace:
        return "namespace" if namespace.group(1) else "anonymous"
    if re.search(r"\bextern\s*\"\s*\"\s*$", stripped):
        return "namespace"
    bare = _without_template(stripped)
    if re.match(r"(typedef\s+)?enum\b", bare):
        return "other"
    if re.match(r"(typedef\s+)?(class|struct|union)\b", bare):
        return "other" if "=" in bare else "class"
    return "function" if _opens_body(stripped) else "other"


def _opens_body(header):
    """True where the '{' that follows the header starts a function's body."""
    header = _without_template(header)
    group = _parameter_group(header)
    if group is None or "=" in header[: group[1]].replace("operator=", ""):
        return False
    tail = header[group[2] + 1 :]
    colon = re.match(r"\s*(noexcept(\(.*?\))?\s*)?:(?!:)", tail)
    if colon:
        return re.search(r"[)}]\s*$", tail) is not None
    qualifiers = r"\s*(const|noexcept|override|final|mutable|try|&&?|->|requires|$)"
    return re.match(qualifiers, tail) is not None


def _default_access(header):
    return "private" if re.search(r"\bclass\b", header) else "public"


class _Finder:
    def __init__(self, text):
        self.text = _without_preprocessor(text)
        self.scopes = [Scope("namespace", "public")]
        self.functions = []
        self.start = 0  # where the current header begins

    def line(self, position):
        return self.text.count("\n", 0, position) + 1

    def add(self, header_end, body_end):
        raw = self.text[self.start : header_end]
        header = _without_template(raw.lstrip())
        group = _parameter_group(header)
        if group is None:
            return
        first = self.line(self.start + len(raw) - len(raw.lstrip()))
        lines = self.line(body_end) - first + 1 if body_end is not None else 0
        inside = header[group[1] + 1 : group[2]]
        scope = self.scopes[-1]
        kind = "anonymous" if any(s.kind == "anonymous" for s in self.scopes) else scope.kind
        hidden = any(s.access != "public" for s in self.scopes[:-1])
        access = "private" if hidden else scope.access
        parameters = count_parameters(inside)
        self.functions.append(
            Function(group[0], first, lines, parameters, kind, access, header.strip()))

    def open_brace(self, i):
        header = self.text[self.start : i]
        kind = _scope_of(header)
        if kind == "function":
            end = _matching(self.text, i)
            self.add(i, min(end, len(self.text) - 1))
            self.start = end + 1
            return end + 1
        if kind in ("namespace", "anonymous", "class"):
            access = _default_access(header) if kind == "class" else "public"
            self.scopes.append(Scope(kind, access))
            self.start = i + 1
            return i + 1
        end = _matching(self.text, i)  # an initialiser or enumerators: part of the statement
        return end + 1

    def close_brace(self, i):
        if len(self.scopes) > 1:
            self.scopes.pop()
        self.start = i + 1

    def semicolon(self, i):
        header = _without_template(self.text[self.start : i].lstrip())
        group = _parameter_group(header)
        if group and not NO_DECLARATION.match(header):
            before = header[: group[1]]
            if "=" not in before.replace("operator=", "") and DECLARATOR.search(before):
                self.add(i, None)
        self.start = i + 1

    def run(self):
        i = 0
        while i < len(self.text):
            c = self.text[i]
            if c == "{":
                i = self.open_brace(i)
                continue
            if c == "}":
                self.close_brace(i)
            elif c == "(":
                i = _matching(self.text, i)
            elif c == ";":
                self.semicolon(i)
            elif c == ":":
                label = re.search(r"\b(public|protected|private)\s*$", self.text[self.start : i])
                if label:
                    self.scopes[-1].access = label.group(1)
                    self.start = i + 1
            i += 1
        return self.functions


def find_functions(blanked):
    """Returns the functions of a blanked C++ text that stand in namespaces and classes."""
    return _Finder(blanked).run()
