"""The version is that of the whole tree, which pyproject.toml can't read: it lies outside this folder."""

import pathlib

from setuptools import setup

setup(version=(pathlib.Path(__file__).resolve().parent.parent / "VERSION").read_text().strip())
