"""Saving: a review, or tables of one's own, become files and a summary that says what is known."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from channel_analysis.errors import InputError
from channel_analysis.report.saving import DONE, save_tables

FRAME = pd.DataFrame({"channel_type": ["online"], "net_sales": [120.0]})


def test_tables_of_one_s_own_become_files_by_their_names(tmp_path):
    save_tables({"mine": FRAME, "网店-2": FRAME}, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.parquet", "网店-2.parquet"]
    assert pq.read_table(tmp_path / "mine.parquet").to_pydict() == FRAME.to_dict("list")


def test_the_summary_of_one_s_own_tables_leaves_open_what_they_do_not_tell():
    summary = save_tables({"mine": FRAME})._repr_mimebundle_()[DONE]
    told = {name for name, value in summary.items() if value not in (None, {})}
    assert (told, summary["tables"]) == ({"tables"}, ["mine"])


def test_a_review_s_summary_has_the_same_fields_and_all_of_them_told(demo_review):
    summary = save_tables(demo_review).summary
    assert set(summary) == set(save_tables({}).summary)
    assert [name for name, value in summary.items() if value is None] == []


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_tables({"mine": FRAME})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (FRAME, "a DataFrame is neither a report nor tables by name"),
        ({"mine": 1}, "'mine' is a int, not a DataFrame"),
        ({"../mine": FRAME}, "'../mine' cannot be a file's name"),
        ({"": FRAME}, "'' cannot be a file's name"),
    ],
)
def test_what_is_no_table_is_refused_before_anything_is_written(tmp_path, given, said):
    with pytest.raises(InputError) as caught:
        save_tables(given, tmp_path / "tables")
    assert said in str(caught.value) and caught.value.problems[0].fix
    assert list(tmp_path.iterdir()) == []
