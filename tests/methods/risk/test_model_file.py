"""The model's file: the same model comes back, and a hostile file ends in a message."""

from __future__ import annotations

import copy
import json
import random

import numpy as np
import pandas as pd
import pytest

from channel_analysis.errors import InputError
from channel_analysis.methods.risk.model import MOST_BYTES, Declared, Reference, RiskModel
from channel_analysis.methods.risk.steps import Steps

NASTY = (
    None, True, -1, 0, 1e308, -1e308, 10**400, "", "<script>", "=cmd()", "../../x", "\u0000", "\ud800", [],
    {}, [[]], {"a": 1}, [1, "x"], "NaN", 1e-320, "9" * 5000,
)  # fmt: skip


@pytest.fixture
def model() -> RiskModel:
    return RiskModel(
        kind="additive",
        verdict="told",
        declared=Declared(
            label="failed",
            entity="partner_id",
            period="snapshot",
            horizon=6,
            gap=1,
            families={"finance": ("dso", "limit use"), "sales": ("trend",)},
            signs={"dso": 1},
            missing=("reputation",),
        ),
        intercept=-2.0,
        tables={
            "dso": Steps(thresholds=(30.0, 60.0), values=(-0.4, 0.1, 0.9), missing=0.2),
            "trend": Steps(thresholds=(0.0,), values=(0.5, -0.25)),
        },
        base_rate=0.1,
        rows=1000,
        entities=50,
        events=60,
        split="time",
        folds=5,
        auc=0.8,
        models=({"model": "additive", "auc": 0.8, "chosen": True, "difference": None},),
        strength={"dso": 0.75, "trend": 0.25},
        reference={"dso": Reference(thresholds=(30.0,), counts=(500, 400, 100))},
    )


def test_a_model_comes_back_from_its_file_as_it_was(model, tmp_path):
    model.save(tmp_path / "models" / "risk.json")
    again = RiskModel.load(tmp_path / "models" / "risk.json")
    assert again == model
    assert again.to_json() == model.to_json()


def test_a_score_is_the_intercept_and_its_parts(model):
    frame = pd.DataFrame({"dso": [10.0, 45.0, 99.0, np.nan], "trend": [1.0, -1.0, 0.0, 1.0], "more": "text"})
    assert model.log_odds(frame).tolist() == pytest.approx([-2.65, -1.4, -0.6, -2.05])
    assert (model.contributions(frame).sum(axis=1) - 2.0).tolist() == pytest.approx(
        model.log_odds(frame).tolist()
    )
    assert model.coverage(frame).tolist() == pytest.approx([1, 1, 1, 0.25])


def test_a_panel_without_a_feature_is_refused_by_name(model):
    with pytest.raises(InputError, match="trend") as refused:
        model.probability(pd.DataFrame({"dso": [1.0], "Trend": [2.0]}))
    assert "did you mean 'Trend'" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "a list is no model"),
        ('{"format": 1, "format": 2}', "twice"),
        ('{"intercept": NaN}', "NaN is no number"),
        ('{"intercept": 1e999}', "intercept"),
        ("{}", "kind"),
    ],
)
def test_what_is_no_model_is_told_so(text, said):
    with pytest.raises(InputError, match=said):
        RiskModel.from_json(text)


def test_files_that_are_too_large_absent_or_no_text_are_told_so(tmp_path):
    (tmp_path / "large.json").write_bytes(b" " * (MOST_BYTES + 1))
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    for name, said in (("large", "20 MB"), ("bytes", "UTF-8"), ("absent", "cannot be read")):
        with pytest.raises(InputError, match=said):
            RiskModel.load(tmp_path / f"{name}.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["tables"]["dso"]["values"].pop(), "2 thresholds with 2 values"),
        (lambda m: m["tables"]["dso"]["thresholds"].reverse(), "do not rise"),
        (lambda m: m["tables"].update(stranger=m["tables"]["dso"]), "undeclared features: stranger"),
        (lambda m: m["tables"]["dso"]["values"].__setitem__(0, 1e7), "beyond a million"),
        (lambda m: m["reference"]["dso"]["counts"].pop(), "1 thresholds with 2 counts"),
        (lambda m: m.update(unknown=1), "not known"),
    ],
)
def test_tables_that_do_not_fit_are_named(model, change, said):
    told = json.loads(model.to_json())
    change(told)
    with pytest.raises(InputError, match=said):
        RiskModel.from_json(json.dumps(told))


def test_a_thousand_hostile_files_end_in_a_message_or_in_a_model_that_scores(model):
    frame = pd.DataFrame({"dso": [10.0, np.nan], "trend": [1.0, -1.0]})
    rng, refused = random.Random(20), 0
    for _ in range(1000):
        told = json.loads(model.to_json())
        for _ in range(rng.randint(1, 3)):
            _spoil(told, rng)
        text = json.dumps(told)
        if rng.random() < 0.2:
            cut = rng.randrange(len(text))
            text = text[:cut] + rng.choice(["", "\x00", "}", '"', "1e9"]) + text[cut + rng.randint(0, 5) :]
        try:
            assert np.isfinite(RiskModel.from_json(text).log_odds(frame)).all()
        except InputError as error:
            refused += 1
            assert 1 <= len(error.problems) <= 20
    assert refused > 600


def _spoil(told, rng):
    """Replace, remove or repeat something somewhere in a tree of dicts and lists."""
    places = []

    def walk(node):
        for key in node if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(told)
    if not places:
        return
    node, key = rng.choice(places)
    how = rng.random()
    if how < 0.6:
        node[key] = copy.deepcopy(rng.choice(NASTY))
    elif how < 0.8:
        del node[key]
    elif isinstance(node, list):
        node.extend(copy.deepcopy(node[key]) for _ in range(rng.randint(1, 2000)))
    else:
        node[str(key) + "x"] = copy.deepcopy(node[key])
