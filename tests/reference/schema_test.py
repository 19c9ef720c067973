"""The JSON Schema and the reader believe the same: python3 schema_test.py REFERENCE LATERD SOURCE_ROOT."""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import jsonschema

import core_yaml

REFERENCE, LATERD, ROOT = sys.argv[1:4] if len(sys.argv) > 3 else ("", "", ".")
CONFIG = pathlib.Path(ROOT) / "config"
GOLDEN = pathlib.Path(ROOT) / "tests" / "cli" / "golden"

# What is wrong with these is beyond a schema: names that refer to others, contradictions between keys, ranges of
# durations and sizes, the environment, files, librdkafka's own properties, and how YAML is written.
BEYOND = {
    "circles",
    "clusters",
    "clusters_unused",
    "delay_and_due",
    "due_choices",
    "environment",
    "groups",
    "memory_floor",
    "memory_floor_default",
    "own_topics",
    "properties_ignored",
    "properties_owned",
    "properties_together",
    "properties_unknown",
    "second_document",
    "secret_in_file",
    "secrets_missing",
}
# No YAML at all, or none that Python's reader takes.
UNREADABLE = {
    "anchors_tags",
    "deep",
    "not_utf8",
    "open_quote",
    "open_quote_last",
    "syntax_flow",
    "syntax_tab",
    "syntax_variable_in_flow",
    "unknown_keys",
}

# A table in which every key may stand, and is right.
TABLE = {
    "clusters": {"main": {"brokers": ["kafka-1:9092"]}},
    "routes": {
        "a": {
            "from": {"topics": ["orders"], "group": "orders-later"},
            "delay": "15m",
            "to": {"topic": "orders.later"},
        }
    },
}


def ask(*arguments):
    return subprocess.run([REFERENCE, *arguments], check=True, capture_output=True, text=True).stdout


def committed():
    return (CONFIG / "laterd.schema.json").read_text(encoding="utf-8")


def validator():
    return jsonschema.Draft7Validator(json.loads(committed()))


def paths_in(schema, path=""):
    """The paths of the table of keys that a schema has a place for."""
    for form in [schema, *schema.get("anyOf", [])]:
        for name, below in form.get("properties", {}).items():
            here = f"{path}.{name}" if path else name
            yield here
            yield from paths_in(below, here)
        if isinstance(form.get("additionalProperties"), dict):
            yield f"{path}.*"
            yield from paths_in(form["additionalProperties"], f"{path}.*")
        if "items" in form:
            yield f"{path}[]"
            yield from paths_in(form["items"], f"{path}[]")


def check(table, folder):
    """Whether laterd's reader takes the table (JSON is YAML), and what it says."""
    file = pathlib.Path(folder) / "table.yaml"
    file.write_text(json.dumps(table), encoding="utf-8")
    ended = subprocess.run([LATERD, "check", "-c", str(file)], check=False, capture_output=True, text=True)
    return ended.returncode == 0, ended.stderr


def with_value(path, value):
    """TABLE with a value at a path such as routes.*.retry.attempts."""
    table = copy.deepcopy(TABLE)
    names = {"clusters": "main", "routes": "a"}
    steps = path.split(".")
    here = table
    for number, step in enumerate(steps[:-1]):
        key = names[steps[number - 1]] if step == "*" else step
        here = here.setdefault(key, {})
    here[steps[-1]] = value
    return table


class SchemaTest(unittest.TestCase):
    def test_the_committed_file_is_what_the_table_of_keys_makes(self):
        self.assertEqual(committed(), ask("schema"), "run script/reference and commit config/laterd.schema.json")

    def test_it_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(json.loads(committed()))

    def test_every_key_of_this_version_has_its_place_and_no_other(self):
        self.assertEqual(sorted(set(ask("keys").split())), sorted(set(paths_in(json.loads(committed())))))

    def test_every_routing_table_of_config_is_right(self):
        files = sorted([*CONFIG.glob("*.yaml"), *(CONFIG / "examples").glob("*.yaml")])
        self.assertGreater(len(files), 6)
        checked = 0
        for file in files:
            for document in core_yaml.read_all(file.read_text(encoding="utf-8")):
                if "routes" not in document:
                    continue  # for containers: its table stands inside, and is another test's
                checked += 1
                with self.subTest(file=file.name):
                    self.assertEqual([], [f"{e.json_path}: {e.message}" for e in validator().iter_errors(document)])
        self.assertGreater(checked, 6)

    def test_what_the_reader_refuses_for_its_shape_is_refused(self):
        names = {file.stem for file in GOLDEN.glob("*.yaml")}
        self.assertLessEqual(BEYOND | UNREADABLE, names)
        for name in sorted(names - UNREADABLE):
            document = core_yaml.read_all((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8"))
            with self.subTest(golden=name):
                accepted = len(document) > 0 and validator().is_valid(document[0])
                self.assertEqual(name in BEYOND, accepted, f"{name} is {'accepted' if accepted else 'refused'}")

    def test_schema_and_reader_agree_about_single_values(self):
        values = {
            "commit_interval": [("5s", True), (5, False), ("5", False), ("1m30s", True), ("30s1m", False), ("", False)],
            "drain_timeout": [("0s", True), (None, False), ([], False), ("10 s", False)],
            "limits.memory": [("512MiB", True), ("1GiB", True), (1 << 30, False), ("512M", False)],
            "limits.disk": [("512MiB", False)],
            "route": [({}, False)],
            "routes.*.form": [({}, False)],
            "clusters.*.broker": [(["a:1"], False)],
            "instance": [("node-7", True), (7, True), ("node 7", False), ("x" * 129, False), ("", False)],
            "log.level": [("debug", True), ("loud", False), (1, False)],
            "routes.*.enabled": [(True, True), (False, True), ("true", True), ("yes", False), (1, False)],
            "routes.*.workers": [(1, True), ("2", True), (0, False), (257, False), (1.5, False), ("two", False)],
            "routes.*.order": [("due", True), ("partition", True), ("time", False)],
            "routes.*.from.start": [("latest", True), ("newest", False), (None, False)],
            "routes.*.from.topics": [(["a", "^b.*"], True), ("a", False), ([], False), ([".."], False), (["a b"], False)],
            "routes.*.from.group": [(5, True), ({}, False), ("", False)],
            "routes.*.from.properties": [({"fetch.wait.max.ms": 100}, True), ({"client.id": None}, False), ([], False)],
            "routes.*.to.topic": [("x" * 249, True), ("x" * 250, False), (["x"], False)],
            "routes.*.dead_letter": [({"topic": "dead"}, True), ({}, False), ({"topic": "d", "guard": "off"}, True)],
            "routes.*.dead_letter.topic": [("dead", True), ("de/ad", False)],
            "routes.*.to": [
                ({"handler": {"socket": "/run/a.sock"}}, True),
                ({"handler": {"socket": "a.sock"}}, False),
                ({"handler": {"address": "127.0.0.1:80", "path": "/a?b=c"}}, True),
                ({"handler": {"address": "10.0.0.1:80"}}, False),
                ({"handler": {"address": "127.0.0.1:80", "path": "a"}}, False),
                ({"handler": {"address": "[::1]:80", "headers": ["a", "b"]}}, True),
                ({"handler": {"address": "localhost:80", "headers": []}}, False),
                ({"handler": {"address": "localhost:80"}, "topic": "a"}, False),
                ({}, False),
            ],
            "routes.*.retry": [
                ({"backoff": "5s"}, True),
                ({"backoff": ["5s", "1m"]}, True),
                ({"backoff": {"initial": "5s", "factor": 1.5, "jitter": 0}}, True),
                ({"backoff": {"initial": 5}}, False),
                ({"backoff": {"jitter": 2}}, False),
                ({"backoff": 5}, False),
                ({"topic": "r", "attempts": 3}, True),
                ({"topic": "r", "attempts": 0}, False),
            ],
            "clusters.*.brokers": [("a:1,b:2", True), (["a:1"], True), (["a"], False), (["[::1]:9"], True), (9092, False)],
            "routes.B": [(TABLE["routes"]["a"], False)],
        }
        known = set(ask("keys").split())
        with tempfile.TemporaryDirectory(prefix="laterd-schema-") as folder:
            for path, cases in values.items():
                for value, expected in cases:
                    with self.subTest(path=path, value=str(value)[:60]):
                        table = with_value(path, value)
                        accepted, said = check(table, folder)
                        self.assertEqual(expected, accepted, said)
                        self.assertEqual(expected, validator().is_valid(table), "the schema")
        self.assertGreater(len(known & set(values)), 12)

    def test_secrets_are_marked(self):
        cluster = json.loads(committed())["properties"]["clusters"]["additionalProperties"]
        self.assertTrue(cluster["properties"]["secrets"]["additionalProperties"]["writeOnly"])

    def test_a_default_is_a_value_that_the_schema_takes(self):
        seen = 0
        pending = [json.loads(committed())]
        while pending:
            schema = pending.pop()
            if "default" in schema:
                seen += 1
                self.assertTrue(jsonschema.Draft7Validator(schema).is_valid(schema["default"]), schema)
            pending += [below for below in schema.values() if isinstance(below, dict)]
            pending += schema.get("anyOf", [])
        self.assertGreater(seen, 15)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
