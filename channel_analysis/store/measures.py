"""The register of measures: what was decided to be done about what, by whom, until when, and how it ended.

`measures.parquet` in the workspace's root has one row per measure, as `REGISTER` describes it. Reports
enter what they propose with an owner once they are out; people add measures of their own, complete what
lacks an owner, and close what is done or dropped. Days come from the data or from whoever acts.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, Problem, did_you_mean, refuse
from .ledger import Ledger, fingerprint, found_by_id
from .measure_entries import (
    REGISTER,
    STATES,
    Draft,
    Entry,
    check_proposals,
    draft_of,
    measure_id,
    objections,
    or_none,
    parts_of,
    segment_of,
)
from .measure_file import read_entries, write_entries

if TYPE_CHECKING:
    import pandas as pd

    from .workspace import Workspace

FILE = "measures.parquet"
"""The register's name in a workspace."""


class MeasureRegister:
    """The register of a workspace's measures.

    Parameters
    ----------
    root : Workspace or Path
        The workspace, or its folder.

    Examples
    --------
    >>> import datetime, tempfile
    >>> register = MeasureRegister(tempfile.mkdtemp())
    >>> made = register.add(title="Call every dealer in the East", where={"region": "East"}, owner="Li",
    ...     kpi="net_sales", period="2025Q3", due=datetime.date(2025, 12, 1), author="Wang",
    ...     date=datetime.date(2025, 10, 9))
    >>> register.list(datetime.date(2025, 12, 2))["state"].item()
    'overdue'
    >>> register.close(made.measure_id, author="Li", note="all called", date=datetime.date(2025, 12, 3)).state
    'done'
    """

    def __init__(self, root: Workspace | Path | str) -> None:
        self.root = root.root if hasattr(root, "root") and not isinstance(root, Path) else Path(root)

    def entries(self) -> dict[str, Entry]:
        """Every measure by its id, in the order in which they were entered; empty without a register.

        Raises
        ------
        InputError
            When the file cannot be read, with every row that is no measure.
        """
        return read_entries(self.root / FILE)

    def add(
        self,
        *,
        kpi: str,
        period: str,
        owner: str,
        due: datetime.date | None,
        author: str,
        date: datetime.date,
        measure: str = "",
        title: str = "",
        where: Mapping[str, str] | None = None,
        tag: str = "",
        proof_kpi: str = "",
        expected_amount: float = math.nan,
        note: str = "",
    ) -> Entry:
        """Enter a measure that somebody decided; the same again while it is open changes nothing.

        Parameters
        ----------
        kpi, period : str
            What it is about; `period` is the code of the period whose results led to it.
        owner, due
            Who answers for it, and the last day to get it done.
        author, date
            Who decided it, and when.
        measure, title : str
            A code of the policy's catalogue, or in one's own words what is to be done.
        where : mapping of str to str
            The segment: dimension to value; none: the whole company.
        expected_amount : float
            The change of the KPI it is to bring; NaN where nobody said.

        Raises
        ------
        InputError
            With everything that is missing or wrong; the register is then as before.
        """
        told = {"kpi": kpi, "period": period, "owner": owner, "due": due, "author": author, "date": date}
        own = {"measure": measure, "title": title, "where": where, "tag": tag, "proof_kpi": proof_kpi}
        made = _made(**told, **own, expected_amount=expected_amount, note=note)  # type: ignore[arg-type]
        return self._entered(made)

    def mistakes_in(self, **measure: Any) -> Sequence[Problem]:
        """Whatever is wrong with a measure that is to be added, given as to `add`; nothing is entered."""
        made = _made(**measure)
        return [*_unsigned(made.measure_id, made.decided_by), *objections(made)]

    def enter(self, proposals: pd.DataFrame, period: str) -> list[str]:
        """Enter the complete proposals of a published report; give the ids of those that are new.

        The same again adds nothing. What people touched stays; what they did not follows the last
        report.

        Parameters
        ----------
        proposals : DataFrame
            As `MeasurePlan.proposals`; only rows whose state is "complete" are entered.
        period : str
            Code of the report's period.

        Raises
        ------
        InputError
            When a proposal is no measure, or the register cannot be read or written.
        """
        check_proposals(proposals.columns, "measure_proposals")
        rows = proposals[proposals["state"] == "complete"].to_dict("records")
        wanted = [draft_of(row, period, "report") for row in rows]
        if not wanted:
            return []
        with _LOCK.locked(self.root):
            known = self.entries()
            refuse(problem for made in wanted for problem in objections(made))
            fresh = {made.measure_id: made.entry() for made in wanted}
            kept = {name: one for name, one in fresh.items() if not _stands(known.get(name), one)}
            if kept:
                write_entries(self.root / FILE, {**known, **kept})
        return [name for name in kept if name not in known]

    def complete(
        self,
        given: str,
        proposals: pd.DataFrame,
        *,
        owner: str,
        due: datetime.date | None,
        author: str,
        date: datetime.date,
        note: str = "",
    ) -> Entry:
        """Give a proposal its owner and due date, by which it is entered; or an open measure others.

        Parameters
        ----------
        given : str
            The id, or the beginning of one.
        proposals : DataFrame
            Proposals of published reports: `MeasurePlan.proposals`, with a column `period`.
        owner, due
            Left empty, those of the proposal stand.

        Raises
        ------
        InputError
            When there is no such proposal, or owner, due date or author is missing.
        """
        if len(proposals):
            check_proposals(proposals.columns, "measure_proposals", "period")
        with _LOCK.locked(self.root):
            known = self.entries()
            drafts = {
                str(row["measure_id"]): draft_of(row, str(row["period"]), "report", date)
                for row in proposals.to_dict("records")
            }
            drafts |= {name: Draft(**asdict(one)) for name, one in known.items()}
            draft = found_by_id(drafts, given, "measure", "channel-analysis measures list")
            made = replace(
                draft,
                owner=owner.strip() or draft.owner,
                due=due or draft.due,
                decided_by=author.strip(),
                note=note.strip() or draft.note,
            )
            refuse([*_closed_already(made), *_unsigned(made.measure_id, author), *objections(made)])
            entry = made.entry()
            write_entries(self.root / FILE, {**known, entry.measure_id: entry})
        return entry

    def close(self, given: str, *, author: str, note: str, date: datetime.date, state: str = "done") -> Entry:
        """Close an open measure as "done" or "dropped".

        Raises
        ------
        InputError
            When there is no such measure, it is closed already, the date lies before its decision, or
            author or note is missing.
        """
        with _LOCK.locked(self.root):
            known = self.entries()
            entry = found_by_id(known, given, "measure", "channel-analysis measures list")
            refuse(_objections_to_closing(entry, author, note, date, state))
            closed = replace(
                entry, state=state, closed_on=date, closed_by=author.strip(), closing_note=note.strip()
            )
            write_entries(self.root / FILE, {**known, closed.measure_id: closed})
        return closed

    def digest(self, period: str, end: datetime.date) -> str:
        """A fingerprint of all that a report on a period shows, but for what it entered itself; "" if none.

        `end` is the first day after the period.
        """
        entries = self.entries().values()
        return fingerprint(one for one in entries if _is_before(one, period, end) or _is_own(one, period))

    def before(self, period: str, end: datetime.date) -> Sequence[Entry]:
        """Measures that a report on a period looks back on: decided before its end, and not by itself."""
        return [one for one in self.entries().values() if _is_before(one, period, end)]

    def list(self, day: datetime.date | None = None) -> pd.DataFrame:
        """One row per measure, overdue ones first, then by due date.

        Parameters
        ----------
        day : date
            What is open and was due before it is "overdue"; without it nothing is.
        """
        import pandas as pd

        rows = [asdict(one) | {"state": one.on(day) if day else one.state} for one in self.entries().values()]
        frame = pd.DataFrame(rows, columns=list(REGISTER.column_names))
        frame = frame.astype({"contribution": float, "expected_amount": float})
        order = frame["state"].map({"overdue": 0, "open": 1, "done": 2, "dropped": 3})
        by = frame.assign(order=order).sort_values(["order", "due", "measure_id"], kind="stable")
        return frame.loc[by.index].reset_index(drop=True)

    def _entered(self, made: Draft) -> Entry:
        refuse([*_unsigned(made.measure_id, made.decided_by), *objections(made)])
        entry = made.entry()
        with _LOCK.locked(self.root):
            known = self.entries()
            before = known.get(entry.measure_id)
            if before == entry:
                return entry
            if before is not None:
                what = f"is in the register already, {before.state}, owner {before.owner}"
                fix = "see it with: channel-analysis measures list; change its owner with: measures complete"
                raise InputError([Problem(f"measure {entry.measure_id}", what, fix)])
            write_entries(self.root / FILE, {**known, entry.measure_id: entry})
        return entry


def _stands(known: Entry | None, fresh: Entry) -> bool:
    return known is not None and (known.is_touched or known == fresh)


def _made(
    kpi: str,
    period: str,
    owner: str,
    due: datetime.date | None,
    author: str,
    date: datetime.date,
    measure: str = "",
    title: str = "",
    where: Mapping[str, str] | None = None,
    tag: str = "",
    proof_kpi: str = "",
    expected_amount: float = math.nan,
    note: str = "",
) -> Draft:
    texts = {str(name): str(value) for name, value in (where or {}).items()}
    segment, period, kpi = segment_of(texts), period.strip(), kpi.strip()
    measure, title = measure.strip(), title.strip()
    return Draft(
        measure_id=measure_id(period, kpi, segment, measure or title),
        period=period,
        kpi=kpi,
        measure=measure,
        title=title,
        segment=segment,
        parts=parts_of(texts.items()),
        tag=tag,
        expected_amount=or_none(expected_amount),
        proof_kpi=proof_kpi or kpi,
        owner=owner.strip(),
        due=due,
        origin="person",
        decided_on=date,
        decided_by=author.strip(),
        note=note.strip(),
    )


def _is_before(one: Entry, period: str, end: datetime.date) -> bool:
    return one.decided_on < end and not (one.period == period and one.origin == "report")


def _is_own(one: Entry, period: str) -> bool:
    """Whether a person touched what a report on the period had proposed, so that its plan shows it."""
    return one.period == period and one.origin == "report" and one.is_touched


def _unsigned(name: str, author: str) -> Iterator[Problem]:
    if not author.strip():
        yield Problem(f"measure {name}", "nobody is named as author", "say who decides, with --by")


def _closed_already(made: Draft) -> Iterator[Problem]:
    if made.state != "open":
        yield Problem(f"measure {made.measure_id}", f"is {made.state} already, since {made.closed_on}")


def _objections_to_closing(
    entry: Entry, author: str, note: str, date: datetime.date, state: str
) -> Iterator[Problem]:
    where = f"measure {entry.measure_id}"
    closing = STATES[1:]
    if state not in closing:
        yield Problem("--as", f"a measure cannot be closed as '{state}'", did_you_mean(state, closing))
    if entry.state != "open":
        yield Problem(where, f"is {entry.state} already, since {entry.closed_on} by {entry.closed_by}")
    elif date < entry.decided_on:
        what = f"{date} lies before {entry.decided_on}, the day of the decision"
        yield Problem(where, what, "correct the date")
    yield from _unsigned(entry.measure_id, author)
    if not note.strip():
        yield Problem(where, "nothing is said of what came of it", "say it in a sentence, with --note")


_LOCK: Ledger[dict[str, Any]] = Ledger(FILE, "measure", dict)
"""Keeps other writers out; the file itself is no ledger of lines."""
