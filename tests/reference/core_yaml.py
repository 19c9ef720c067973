"""Reads YAML as YAML 1.2 and laterd do: `off`, `no` and `12:30` are text."""

import re

import yaml


class CoreLoader(yaml.SafeLoader):
    """PyYAML's loader with the implicit types of YAML 1.2's core schema."""

    yaml_implicit_resolvers = {}


for tag, pattern, first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def read(text):
    return yaml.load(text, Loader=CoreLoader)  # noqa: S506 (a SafeLoader)


def read_all(text):
    return [document for document in yaml.load_all(text, Loader=CoreLoader) if document is not None]
