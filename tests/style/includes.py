"""Includes: the order of the layers, and cycles between files."""

import re

from tree import LAYERS

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')

# What a layer may include besides itself; tests and benches may include everything.
ALLOWED = {layer: set(LAYERS[:i]) for i, layer in enumerate(LAYERS)}
ALLOWED["actors"].discard("engine")


def includes_of(file):
    """Yields (line number, path) of the quoted includes of a C++ file."""
    for number, line in enumerate(file.lines, 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1)


def layer_violations(files):
    """Yields includes that go up, sideways between engine and actors, or nowhere."""
    known = {f.path for f in files}
    for file in files:
        if file.kind != "cpp":
            continue
        for number, target in includes_of(file):
            if target not in known:
                yield file.path, number, f'"{target}" is no file below the root'
                continue
            upper = target.split("/")[0]
            allowed = ALLOWED.get(file.folder)
            if allowed is not None and upper != file.folder and upper not in allowed:
                yield file.path, number, f"{file.folder}/ may not include {upper}/ ({target})"


def cycle_violations(files):
    """Yields one line for each include cycle between files."""
    graph = {f.path: [t for _, t in includes_of(f)] for f in files if f.kind == "cpp"}
    done, reported = set(), set()
    for start in sorted(graph):
        stack = [(start, iter(graph[start]))]
        on_path = [start]
        while stack:
            node, targets = stack[-1]
            target = next((t for t in targets if t in graph and t not in done), None)
            if target is None:
                stack.pop()
                done.add(on_path.pop())
            elif target in on_path:
                cycle = on_path[on_path.index(target) :]
                if frozenset(cycle) not in reported:
                    reported.add(frozenset(cycle))
                    yield cycle[0], 1, "include cycle: " + " -> ".join(cycle + [target])
            else:
                stack.append((target, iter(graph[target])))
                on_path.append(target)
