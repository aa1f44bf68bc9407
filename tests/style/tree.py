"""The files of a source tree as the style test sees them."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import cpp_text

SKIPPED_FOLDERS = {".git", ".cache", "build", "node_modules", "__pycache__", ".venv"}
LAYERS = ["runtime", "config", "cuda", "transport", "engine", "actors", "apps"]
SHELL_STARTS = ("#!/usr/bin/env bash", "#!/bin/bash", "#!/bin/sh")
CPP_ENDINGS = {".cpp", ".hpp", ".cu", ".h", ".cc"}


@dataclass
class SourceFile:
    path: str  # relative to the root, with '/'
    text: str
    lines: list = field(init=False)

    def __post_init__(self):
        self.lines = self.text.splitlines()

    @property
    def folder(self):
        """First folder of the path, '' for a file of the root."""
        return self.path.split("/")[0] if "/" in self.path else ""

    @property
    def kind(self):
        """'cpp', 'python', 'shell', 'cmake' or ''."""
        name = self.path.split("/")[-1]
        ending = os.path.splitext(name)[1]
        if ending in CPP_ENDINGS:
            return "cpp"
        if ending == ".py":
            return "python"
        if ending == ".sh" or self.text.startswith(SHELL_STARTS):
            return "shell"
        if ending == ".cmake" or name == "CMakeLists.txt":
            return "cmake"
        return ""

    @property
    def is_header(self):
        return self.path.endswith((".hpp", ".h"))

    @property
    def is_code(self):
        """True for the product's own C++, as opposed to tests and benches."""
        return self.kind == "cpp" and self.folder in LAYERS

    @cached_property
    def blank(self):
        """The text with comments and the insides of literals replaced by spaces (C++ only)."""
        return cpp_text.blank_comments_and_literals(self.text)

    @cached_property
    def blank_lines(self):
        return self.blank.splitlines()

    @cached_property
    def functions(self):
        """Definitions and declarations found in a C++ file."""
        return cpp_text.find_functions(self.blank)


def load_tree(root):
    """Returns every text file below the root, sorted by path."""
    files = []
    root = Path(root)
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(s for s in subfolders if s not in SKIPPED_FOLDERS)
        for name in sorted(names):
            full = Path(folder) / name
            try:
                text = full.read_text(encoding="utf-8")
            except (UnicodeDecodeError, OSError):
                continue  # data, or a file that vanished meanwhile
            files.append(SourceFile(full.relative_to(root).as_posix(), text))
    return files
