"""A bundle as an MLflow model: a folder with the bundle, a signature, and the name of the module that opens it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

import icp_ml
from icp_ml.serve import mlflow_loader
from icp_ml.serve.loading import AnyScorer, load
from icp_ml.serve.scoring import Scorer
from icp_ml.serve.weighted_scoring import WeightedScorer

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

LOADER: Final = "icp_ml.serve.mlflow_loader"
ALWAYS_THERE: Final = {"probability": "double", "log_odds": "double", "status": "string"}
"""Columns of every reply, whatever the list is called by and however many reasons were asked for."""
ALWAYS_THERE_WEIGHTED: Final = {"score": "double", "status": "string"}
"""The same of a hand-weighted scorecard."""
ALWAYS_THERE_LOOKALIKE: Final = {"resemblance": "double", "log_odds": "double", "status": "string"}
"""The same of a model of resemblance."""


def save_model(bundle: Path, folder: Path) -> None:
    """Write the bundle in `bundle` as an MLflow model into the new folder `folder`. Raises as `load` does."""
    with warnings.catch_warnings():  # MLflow warns of its own hints, and would like an example of rows
        warnings.simplefilter("ignore")
        import mlflow  # noqa: PLC0415 - it takes seconds, which verbs without a record of runs need not wait
        from mlflow import pyfunc  # noqa: PLC0415 - as above

        pyfunc.save_model(
            path=str(folder),
            loader_module=LOADER,
            data_path=str(bundle.resolve()),
            signature=_signature(load(bundle)),
            pip_requirements=[f"icp-ml=={icp_ml.__version__}", f"mlflow=={mlflow.__version__}"],
        )


def _always_there(scorer: AnyScorer) -> dict[str, str]:
    if isinstance(scorer, WeightedScorer):
        return ALWAYS_THERE_WEIGHTED
    return ALWAYS_THERE if isinstance(scorer, Scorer) else ALWAYS_THERE_LOOKALIKE


def _signature(scorer: AnyScorer) -> ModelSignature:
    """Numbers are doubles, all else is text; every column may be absent, as it may in a list."""
    from mlflow.models import ModelSignature  # noqa: PLC0415 - as above
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema  # noqa: PLC0415 - as above

    columns, defaults = mlflow_loader.input_columns(scorer), mlflow_loader.DEFAULTS
    replied = _always_there(scorer)
    kinds = {mlflow_loader.AS_OF: DataType.string, mlflow_loader.HOW_MANY: DataType.long}
    return ModelSignature(
        inputs=Schema([ColSpec(kind, name, required=False) for name, kind in columns.items()]),
        outputs=Schema([ColSpec(kind, name) for name, kind in replied.items()]),
        params=ParamSchema([ParamSpec(name, kind, defaults[name]) for name, kind in kinds.items()]),
    )
