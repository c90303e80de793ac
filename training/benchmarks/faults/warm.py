"""Everything that commands load, loaded: the server that forks their processes imports this once."""

from __future__ import annotations

import importlib
import pkgutil

import duckdb
import lightgbm
import mlflow.pyfunc
import mlflow.store.tracking.sqlalchemy_store
import numba

import icp_ml
import icp_training

LOADED = (duckdb, lightgbm, mlflow.pyfunc, mlflow.store.tracking.sqlalchemy_store, numba)
LEFT_OUT = ("__main__", "spark", "mlflow_loader")
"""What is loaded only by clusters, and by MLflow's own tools."""

for package in (icp_ml, icp_training):
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not any(word in found.name for word in LEFT_OUT):
            importlib.import_module(found.name)
