"""Validates config files against config/topology.schema.json with Python's jsonschema.

Exit code 77 says that jsonschema or PyYAML is not installed: the test is skipped.
"""

import copy
import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

ROOT = pathlib.Path(sys.argv[1])
GOOD = sorted((ROOT / "config").glob("*.yaml")) + [ROOT / "tests/config/every_key.yaml"]


def broken_variants(document):
    """Yields (what is broken, document): each breaks one rule that the reader has too."""

    def variant(what, change):
        changed = copy.deepcopy(document)
        change(changed, changed["nodes"]["one"])
        return what, changed

    def engine(node, index):
        return node["actors"][index]["engine"]

    yield variant("version", lambda top, node: top.update(troupe=2))
    yield variant("unknown key", lambda top, node: node.update(endpont={}))
    yield variant("policy", lambda top, node: node["actors"][0]["router"].update(policy="best"))
    yield variant("size", lambda top, node: engine(node, 1).update(kv="64 megabytes"))
    yield variant("duration", lambda top, node: node["supervisor"].update(period="soon"))
    yield variant("range", lambda top, node: node["endpoint"].update(threads=0))
    yield variant("embedded with url", lambda top, node: engine(node, 1).update(url="http://a:1"))
    yield variant("openai with model", lambda top, node: engine(node, 2).update(model="a.gguf"))
    yield variant("openai without url", lambda top, node: engine(node, 2).pop("url"))
    yield variant("scheme", lambda top, node: engine(node, 2).update(url="ftp://a:1"))
    yield variant("no name", lambda top, node: engine(node, 1).pop("name"))
    yield variant("two kinds in an item", lambda top, node: node["actors"][0].update(engine={}))
    yield variant("label", lambda top, node: node["labels"].update(zone="a b"))
    yield variant("seed", lambda top, node: top["cluster"].update(seeds=["nowhere"]))
    yield variant("insecure", lambda top, node: top["cluster"].update(insecure="maybe"))
    yield variant("replicas", lambda top, node: node.update(replicas=5000))


def main():
    schema = json.loads((ROOT / "config/topology.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = 0
    for path in GOOD:
        for error in validator.iter_errors(yaml.safe_load(path.read_text())):
            failures += 1
            print(f"{path}: {error.json_path}: {error.message}")
    every_key = yaml.safe_load((ROOT / "tests/config/every_key.yaml").read_text())
    for what, document in broken_variants(every_key):
        if validator.is_valid(document):
            failures += 1
            print(f"the schema accepts a broken document: {what}")
    print(f"{len(GOOD)} files, {failures} failures")
    return 1 if failures else 0


sys.exit(main())
