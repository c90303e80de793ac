"""A bundle converts the amounts of a list by itself: what it needs travels in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

import icp_ml
from icp_ml.deals.currencies import Currency, RateSeries
from icp_ml.serve.bundle import read_bundle, write_bundle
from icp_ml.serve.golden import make_golden
from icp_ml.serve.mlflow_loader import input_columns
from icp_ml.serve.scoring import Scorer
from tests import serve_models

IN_DOLLARS = Currency(("USD",), "code", (RateSeries("EUR", ("2024-01-01",), (1.25,)),))


def written(folder: Path) -> Path:
    """The small bundle, with its revenue in USD by a column that says the currency of each amount."""
    plain = serve_models.bundle()
    attributes = tuple(
        replace(each, currency=IN_DOLLARS) if each.name == "revenue" else each for each in plain.attributes
    )
    golden = make_golden(plain.model, attributes, serve_models.AS_OF, 7, serve_models.calibration().band)
    write_bundle(replace(plain, attributes=attributes, golden=golden), folder)
    return folder


def test_the_currency_of_an_attribute_comes_back_as_it_was_written(tmp_path: Path) -> None:
    read = {each.name: each.currency for each in read_bundle(written(tmp_path / "v1")).attributes}
    assert read.pop("revenue") == IN_DOLLARS
    assert set(read.values()) == {None}


def test_an_amount_scores_as_what_it_is_worth(tmp_path: Path) -> None:
    scorer = icp_ml.load(written(tmp_path / "v1"))
    assert isinstance(scorer, Scorer)
    rows = serve_models.raw_list(200, 3).drop_columns(["annual_revenue"])

    def probabilities(amount: str | None, code: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        columns = {"annual_revenue": pa.array([amount] * 200, pa.string()), "code": pa.array([code] * 200)}
        table = rows
        for name, column in columns.items():
            table = table.append_column(name, column)
        return np.asarray(scorer.score(table, as_of=serve_models.AS_OF)["probability"])

    in_dollars = probabilities("$10M", "USD")
    np.testing.assert_array_equal(probabilities("8000000", "EUR"), in_dollars)
    np.testing.assert_array_equal(probabilities("8M", "GBP"), probabilities(None, "USD"))
    assert (probabilities("8M", "GBP") != in_dollars).any()


def test_the_column_of_the_currency_is_one_that_a_request_may_hold(tmp_path: Path) -> None:
    scorer = icp_ml.load(written(tmp_path / "v1"))
    assert input_columns(scorer)["code"] == "string"
    assert input_columns(scorer)["annual_revenue"] == "double"
