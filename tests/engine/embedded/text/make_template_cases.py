#!/usr/bin/env python3
"""Fills template_cases.json with what Python's jinja2 makes of each of its chat templates.

Usage: make_template_cases.py template_cases.json   (needs: jinja2; rewrites the file)

A case holds a template and its variables, or `"data": true` for the file's common ones; "output" or
"error" is written here. To add a case, add it to the file without either and run this.

The environment is the one Hugging Face's transformers renders chat templates with: sandboxed and
immutable, trim_blocks and lstrip_blocks on, loop controls, its own tojson and raise_exception. The
templates are our own, in the style of the well-known model families.
"""

import datetime
import json
import sys

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = 1735689600  # 2025-01-01 00:00:00 UTC, the `now_unix_s` of every case


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, **options):
        return json.dumps(x, **{"ensure_ascii": False, **options})

    def strftime_now(form):
        return datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).strftime(form)

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = strftime_now
    return env



def run(env, template, variables):
    try:
        return {"output": env.from_string(template).render(**variables)}
    except Exception as error:  # what Python raises is what a client would see as an error
        raised = type(error) is jinja2.exceptions.TemplateError
        return {"error": str(error) if raised else ""}



def main():
    path = sys.argv[1]
    with open(path, encoding="utf-8") as file:
        table = json.load(file)
    env = environment()
    common = {key: value for key, value in table["data"].items() if key != "now_unix_s"}
    for case in table["cases"]:
        case.pop("output", None)
        case.pop("error", None)
        case.update(run(env, case["template"], case.get("variables", common)))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(table, file, ensure_ascii=False, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
