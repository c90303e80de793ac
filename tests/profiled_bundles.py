"""A bundle with three profiles, each with a model of other deals, and what scores with it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from icp_ml.deals.profile_settings import DealFilter, ProfileSettings
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.model.win_model import fit_win_model
from icp_ml.profile.several import ProfileRecord, ProfilesRecord, notes_on
from icp_ml.serve.bundle import Bundle, Profiles
from icp_ml.serve.golden import make_golden
from icp_ml.serve.profiled_scoring import ProfiledScorer
from tests import serve_models

LARGE = ProfileSettings(name="large", where=(ConditionSettings(attribute="employees", at_least=200.0),))
SMALL = ProfileSettings(name="small", where=(ConditionSettings(attribute="employees", under=400.0),))
PRODUCT = ProfileSettings(name="product", deals=DealFilter.model_validate({"column": "Product", "is": ["A"]}))
ASKED = (LARGE, SMALL, PRODUCT)


def record(asked: ProfileSettings, deals: int = 100, shared: int = 0) -> ProfileRecord:
    """What is said of a profile that shares `shared` deals with each of the others."""
    return ProfileRecord(
        asked=asked,
        deals=deals,
        accounts=deals,
        won=deals // 3,
        borrows_all=False,
        discount=0.3,
        level=0.0,
        ranking=None,
        shared={each.name: shared for each in ASKED if each != asked and shared},
        sentence=f"'{asked.name}' has a model of its own.",
    )


@cache
def own_bundle(place: int) -> Bundle:
    """A profile's bundle: the model of three quarters of the deals, another quarter left out by each."""
    data = serve_models.training()
    rows = np.flatnonzero(np.arange(len(data.won)) % 4 != place)
    model = fit_win_model(data.take(rows), serve_models.PARAMS, seed=place)
    whole = serve_models.bundle()
    golden = make_golden(model, whole.attributes, serve_models.AS_OF, seed=7, band=serve_models.calibration().band)
    name = f"{whole.provenance.name}-{ASKED[place].name}"
    provenance = whole.provenance.model_copy(update={"name": name})
    return replace(whole, model=model, golden=golden, provenance=provenance)


@cache
def bundle(count: int = 3) -> Bundle:
    """The planted bundle with the first `count` profiles in it."""
    records = tuple(record(each, shared=10) for each in ASKED[:count])
    said = ProfilesRecord(profiles=records, deals=400, in_none=30, notes=notes_on(records, 400, 30))
    whole = serve_models.bundle()
    profiles = Profiles(said, tuple(own_bundle(place) for place in range(count))).under(whole.policy)
    return replace(whole, profiles=profiles)


@cache
def scorer() -> ProfiledScorer:
    """What scores with it, without the way through a folder."""
    return ProfiledScorer(bundle())
