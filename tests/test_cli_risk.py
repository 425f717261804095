"""The commands on partner risk: exit codes a scheduler can use, mistakes as messages, safe terminals."""

import datetime
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from typer.testing import CliRunner

from channel_analysis.cli import app
from channel_analysis.errors import InputError, Problem
from channel_analysis.risks import RiskModelCard
from channel_analysis.store.alerts import LEDGER, Alert, issue, override, overrides_on, read_alerts
from tests.report.test_risk_part import usual

WORK = "channel_analysis.analysis.risk"
AS_OF = datetime.date(2025, 9, 30)
TODAY = datetime.date.today()
SOON = TODAY + datetime.timedelta(days=30)
SALES = (
    "order_id,line_number,kind,order_date,channel_type,net_amount,partner_id\n"
    "a,1,order,2025-06-30,agent,100,P7\nb,1,order,2025-09-30,agent,120,P8\n"
)
PARTNERS = "partner_id,partner_name,channel_type\nP7,喆 trade,agent\nP9,New,agent\n"
ALERT = Alert("P7", "2025Q3", AS_OF, 0.62, "red", "", 1, ("payment", "sales"), "f00d", 6, 1, 54_000.0)
ROW = {
    "partner_id": "P7", "partner_name": "喆 trade", "probability": 0.625, "band": "red", "trigger": "",
    "expected_loss": 54_321.0, "watch_place": 1.0,
}  # fmt: skip
REASON = {
    "partner_id": "P7", "place": 1, "theme": "payment", "feature": "days_late", "value": 45.0,
    "contribution": 0.8,
}  # fmt: skip


def call(*arguments) -> tuple[int, str, str]:
    """Call the command line; exit code, what it printed, what it said of errors."""
    done = CliRunner().invoke(app, ["risk", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def refused(*arguments) -> str:
    """Call what must be refused; what was said."""
    code, told, said = call(*arguments)
    assert (code, told) == (2, "")
    assert "Traceback" not in said
    return said


@pytest.fixture
def workspace(tmp_path) -> Path:
    """Give a workspace of two orders and two partners."""
    folder = tmp_path / "ours"
    CliRunner().invoke(app, ["init", str(folder)])
    for name, text in (("sales", SALES), ("partners", PARTNERS)):
        (folder / "data" / "raw" / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def trained(workspace, monkeypatch) -> Path:
    """Give that workspace with a file where its model is kept."""
    path = workspace / "models" / "partner_risk.json"
    path.parent.mkdir()
    path.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(f"{WORK}.model_path", lambda ws: path)
    return workspace


def scored(monkeypatch, *rows, reasons=(REASON,)) -> list:
    """Let the analysis give these partners; the periods it was asked for."""
    asked: list[str] = []

    def answer(_ws, period):
        asked.append(period)
        return SimpleNamespace(
            partners=pd.DataFrame(list(rows), columns=list(ROW)),
            reasons=pd.DataFrame(list(reasons), columns=list(REASON)),
        )

    monkeypatch.setattr(f"{WORK}.partner_risk", answer)
    return asked


def test_training_says_what_came_of_it_and_where_the_model_is(workspace, monkeypatch):
    asked: list = []

    def train(ws, until=None, force=False, progress=None):
        asked.append((ws.root, until, force))
        progress("fitting", 1, 1)
        return SimpleNamespace(verdict="few_events", events=31, entities=120)

    monkeypatch.setattr(f"{WORK}.train_partner_risk", train)
    code, told, said = call("train", workspace, "--until", "2025-06-30", "--force")
    assert (code, asked) == (0, [(workspace.resolve(), datetime.date(2025, 6, 30), True)])
    assert told.splitlines()[0].endswith("(31 bad ends, 120 partners).") and "Few bad ends" in told
    assert told.splitlines()[1] == str(workspace.resolve() / "models" / "partner_risk.json")
    assert "fitting: 1 of 1" in said
    call("train", workspace)
    assert asked[1] == (workspace.resolve(), None, False)


@pytest.mark.parametrize("day", ["soon", "2025-02-30", "20250630", "2025-W01-1", " 2025-06-30"])
def test_a_day_that_is_none_is_refused_before_anything_is_done(workspace, monkeypatch, day):
    monkeypatch.setattr(f"{WORK}.train_partner_risk", None)
    said = refused("train", workspace, "--until", day)
    assert f"'{day}' is not a date" in said and "YYYY-MM-DD" in said


def test_what_stops_the_training_is_a_message(workspace, monkeypatch):
    def stop(*_given, **_named):
        raise InputError([Problem("panel column exit_code", "alone it tells the outcome", "leave it out")])

    monkeypatch.setattr(f"{WORK}.train_partner_risk", stop)
    assert "panel column exit_code: alone it tells the outcome" in refused("train", workspace)


def test_partners_are_shown_the_gravest_first_with_the_first_reason(trained, monkeypatch):
    other = ROW | {
        "partner_id": "P8", "partner_name": None, "probability": float("nan"), "trigger": "insolvency",
        "expected_loss": float("nan"), "watch_place": float("nan"),
    }  # fmt: skip
    asked = scored(monkeypatch, ROW, other)
    code, told, _ = call("score", trained, "--period", "2025Q3")
    head, first, second = told.splitlines()
    assert (code, asked) == (0, ["2025Q3"])
    assert head.split() == [
        "place", "partner", "name", "probability", "band", "expected_loss", "first_reason",
    ]  # fmt: skip
    assert first.split() == [
        "1", "P7", "喆", "trade", "62.5%", "red", "54,321", "payment:", "days_late", "45",
    ]  # fmt: skip
    assert second.split() == ["P8", "red", "(insolvency)"]


def test_no_more_partners_are_shown_than_asked_for_and_the_rest_is_counted(trained, monkeypatch):
    scored(monkeypatch, *(ROW | {"partner_id": f"P{number}"} for number in range(30)))
    assert "10 more partners; show them with --limit 30" in call("score", trained)[1]
    told = call("score", trained, "--limit", "3")[1]
    assert told.count("62.5%") == 3 and "27 more" in told
    assert "more partners" not in call("score", trained, "--limit", "30")[1]
    assert call("score", trained, "--limit", "0")[0] == 2


def test_what_lowers_the_risk_is_no_reason_and_what_is_missing_is_said(trained, monkeypatch):
    scored(monkeypatch, ROW, reasons=[REASON | {"contribution": -0.1}])
    assert "payment" not in call("score", trained)[1]
    scored(monkeypatch, ROW, reasons=[REASON | {"value": float("nan")}])
    assert "payment: days_late no value" in call("score", trained)[1]
    scored(monkeypatch, ROW, reasons=[])
    assert call("score", trained)[0] == 0


def test_names_cannot_steer_the_terminal(trained, monkeypatch):
    scored(monkeypatch, ROW | {"partner_name": "a\x1b[31m\n\u202eb"})
    told = call("score", trained)[1]
    assert "\x1b" not in told and "\u202e" not in told and len(told.splitlines()) == 2


def test_without_partners_it_is_said(trained, monkeypatch):
    scored(monkeypatch, reasons=[])
    assert call("score", trained)[:2] == (0, "There is no partner to score.\n")


@pytest.mark.parametrize("command", ["score", "card"])
def test_without_a_model_it_is_said_how_to_train_one(workspace, command):
    said = refused(command, workspace)
    assert "there is no trained model" in said and "channel-analysis risk train DIR" in said


def test_the_card_is_printed_in_the_language_asked_for_or_the_workspace_s_own(trained, monkeypatch):
    monkeypatch.setattr(f"{WORK}.risk_model_card", lambda ws: RiskModelCard(usual()))
    assert call("card", trained, "--language", "en")[1].startswith("## Partner risk")
    assert call("card", trained)[1].startswith("## 伙伴风险")
    assert "there is no language 'fr'" in refused("card", trained, "--language", "fr")


def test_a_model_that_is_damaged_ends_in_a_message(trained, monkeypatch):
    assert "partner_risk.json" in refused("card", trained)


def overriding(folder, partner="P7", **given) -> list:
    options = {"band": "green", "by": "王喆", "reason": "the guarantee came in", "until": SOON} | given
    return ["override", partner, *(part for name, text in options.items() for part in (f"--{name}", text)),
            "--workspace", folder]  # fmt: skip


def test_an_override_is_entered_with_author_reason_and_last_day(workspace):
    code, told, _ = call(*overriding(workspace))
    assert (code, told) == (0, f"P7 is green until {SOON}, by 王喆.\n")
    made = overrides_on(workspace, TODAY)["P7"]
    assert (made.band, made.author, made.reason) == ("green", "王喆", "the guarantee came in")
    assert (made.date, made.until) == (TODAY, SOON)


@pytest.mark.parametrize("partner", ["P7", "P8", "P9"])
def test_partners_of_the_sales_and_of_their_own_table_are_known(workspace, partner):
    assert call(*overriding(workspace, partner))[0] == 0


def test_partners_are_known_from_sales_alone(workspace):
    (workspace / "data" / "raw" / "partners.csv").unlink()
    assert call(*overriding(workspace, "P8"))[0] == 0
    assert "there is no such partner" in refused(*overriding(workspace, "P9"))


def test_every_mistake_of_an_override_is_told_at_once_and_nothing_is_entered(workspace):
    said = refused(*overriding(workspace, "p77", band="gren", by=" ", reason="", until="tomorrow"))
    for part in (
        "5 problems", "partner p77: there is no such partner", "did you mean 'P7'", "did you mean 'green'",
        "with --by", "with --reason", "'tomorrow' is not a date",
    ):  # fmt: skip
        assert part in said
    assert not (workspace / LEDGER).exists()


def test_an_override_ends_within_the_policy_s_days(workspace):
    late = TODAY + datetime.timedelta(days=181)
    assert "override_days" in refused(*overriding(workspace, until=late))
    (workspace / "policy.toml").write_text("[risk]\noverride_days = 200\n", encoding="utf-8")
    assert call(*overriding(workspace, until=late))[0] == 0
    assert "lies before" in refused(*overriding(workspace, until=TODAY - datetime.timedelta(days=1)))


def test_an_override_needs_its_band_and_its_last_day(workspace):
    said = refused("override", "P7", "--by", "Li", "--reason", "x", "--workspace", workspace)
    assert "there is no band ''" in said and "no day is given" in said


def test_an_override_can_be_withdrawn(workspace):
    call(*overriding(workspace))
    who = "--by", "Li", "--reason", "called", "--workspace", workspace
    assert call("withdraw", "P7", *who)[:2] == (0, "The override of P7 has ended.\n")
    assert overrides_on(workspace, TODAY) == {}
    assert "no override of it holds" in refused("withdraw", "P7", *who)


def test_warnings_are_listed_as_issued_and_overrides_that_hold_below(workspace):
    assert call("alerts", workspace)[:2] == (0, "Nobody has been warned of.\n")
    issue(workspace, "2025Q3", AS_OF, [ALERT])
    override(
        workspace, "P8", band="red", author="Li", reason="rumours", date=TODAY, until=SOON, most_days=180
    )
    code, told, _ = call("alerts", workspace)
    head, first, blank, own_head, own = told.splitlines()
    assert (code, blank) == (0, "")
    assert head.split()[:4] == ["period", "as_of", "place", "partner"]
    assert first.split() == [
        "2025Q3", "2025-09-30", "1", "P7", "62.0%", "red", "54,000", "payment,", "sales",
    ]  # fmt: skip
    assert own_head.split() == ["partner", "band", "from", "until", "by", "reason"]
    assert own.split() == ["P8", "red", str(TODAY), str(SOON), "Li", "rumours"]


def test_warnings_of_one_period_are_chosen(workspace):
    issue(workspace, "2025Q3", AS_OF, [ALERT])
    assert "P7" in call("alerts", workspace, "--period", "2025Q3")[1]
    assert "did you mean '2025Q3'" in refused("alerts", workspace, "--period", "2025Q33")


def test_a_ledger_that_is_damaged_ends_in_a_message(workspace):
    issue(workspace, "2025Q3", AS_OF, [ALERT])
    with (workspace / LEDGER).open("ab") as ledger:
        ledger.write(b"[]\n")
    assert "line 2: this is no event of a warning" in refused("alerts", workspace)
    assert "line 2" in refused(*overriding(workspace))
    (workspace / LEDGER).write_bytes(b"")
    assert read_alerts(workspace) == []


@pytest.mark.parametrize("command", ["train", "score", "card", "alerts"])
def test_a_folder_that_is_no_workspace_is_refused(tmp_path, command):
    assert "this folder is no workspace" in refused(command, tmp_path / "none")
