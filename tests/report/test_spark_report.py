"""A report made on Spark: the same bytes as one made on DuckDB."""

import json
import shutil
from pathlib import Path

from channel_analysis.report.publish import publish


def test_a_report_made_on_spark_has_the_same_bytes(spark, demo_workspace, demo_report, tmp_path):
    folder = tmp_path / "workspace"
    shutil.copytree(demo_workspace, folder, ignore=shutil.ignore_patterns("cache", "reports"))
    settings = folder / "workspace.toml"
    text = settings.read_text(encoding="utf-8").replace('engine = "duckdb"', 'engine = "spark"')
    options = 'master = "local[2]"\nconf = { "spark.sql.shuffle.partitions" = "2" }'
    settings.write_text(text.replace('master = "local[*]"', options), encoding="utf-8")
    published, _ = publish(folder)
    assert record(published.folder)["engine"] == "spark"
    assert record(published.folder)["inputs"] == record(demo_report.folder)["inputs"]
    assert contents(published.folder) == contents(demo_report.folder)


def record(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))["review"]


def contents(folder: Path) -> dict[str, bytes]:
    """Every page and table of a period's folder; the run record holds the clock."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "run.json"]
    assert len(files) > 10
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
