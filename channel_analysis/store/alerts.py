"""The ledger of warnings: partners warned of, as issued, and overrides of their bands.

`alerts.jsonl` in the workspace's root has one event per line and is only ever appended to. What was
issued stands for good, so that looking back tells what was known then. An override holds from its date
to its last day, unless it is withdrawn or another one takes its place.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Problem, did_you_mean, refuse
from .ledger import Ledger, date_in, fingerprint, texts_in

LEDGER = "alerts.jsonl"
"""The ledger's name in a workspace."""

BANDS = ("green", "yellow", "orange", "red")
"""Bands that an override can set."""

UNKNOWN = "unknown"
"""The band of a partner of whom too little is known; a trigger or an override can set another."""

_MOST = 10**4
_MOST_MONEY = 10**18
_LAST_YEAR = 9000


@dataclass(frozen=True, slots=True)
class Alert:
    """A partner that a published report warned of, as it was told then.

    `as_of` is the last date of what was known. `probability` (0 to 1) and `expected_loss` (the
    workspace's currency) are None where there was none. `trigger` is "" or what makes the partner red;
    `place` that on the watch list, 0: not on it; `reasons` are codes, the strongest first; `model` is
    the model's fingerprint.
    """

    partner_id: str
    period: str
    as_of: datetime.date
    probability: float | None
    band: str
    trigger: str
    place: int
    reasons: tuple[str, ...]
    model: str
    horizon_months: int
    gap_months: int
    expected_loss: float | None
    event: str = "issued"


@dataclass(frozen=True, slots=True)
class Override:
    """A band that somebody sets in place of the model's, from `date` to `until`, both included."""

    partner_id: str
    band: str
    author: str
    reason: str
    date: datetime.date
    until: datetime.date
    event: str = "overridden"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The end of a partner's override before its last day: from `date` on it no longer holds."""

    partner_id: str
    author: str
    reason: str
    date: datetime.date
    event: str = "withdrawn"


Event = Alert | Override | Withdrawal


def read_alerts(root: Path) -> list[Alert]:
    """Every alert as first issued, in the order of the ledger; empty without one.

    Raises
    ------
    InputError
        For lines that cannot be read, each with its number.
    """
    return list(_first_issues(_LEDGER.read(root)).values())


def earlier_alerts(root: Path, before: datetime.date) -> list[Alert]:
    """Alerts issued on what was known before a day; InputError as `read_alerts`."""
    return [one for one in read_alerts(root) if one.as_of < before]


def issue(root: Path, period: str, as_of: datetime.date, alerts: Iterable[Alert]) -> list[Alert]:
    """Enter the alerts of a published report; give those that are new.

    A partner's first alert of a period stands, whatever a later run of that period would tell; the same
    run again adds nothing.

    Raises
    ------
    InputError
        When an alert is of another period or date or holds impossible values, or when the ledger
        cannot be read or written to; nothing is added then.
    """
    wanted = list(alerts)
    refuse(problem for one in wanted for problem in _objections_to(one, period, as_of))
    if not wanted:
        return []
    with _LEDGER.locked(root):
        known = _first_issues(_LEDGER.read(root))
        news = {key: one for key, one in _first_issues(wanted).items() if key not in known}
        _LEDGER.add(root, news.values())
    return list(news.values())


def override(
    root: Path,
    partner_id: str,
    *,
    band: str,
    author: str,
    reason: str,
    date: datetime.date,
    until: datetime.date,
    most_days: int,
) -> Override:
    """Set a partner's band in place of the model's, until a day; an earlier override ends by it.

    Saying the same again while it holds adds nothing.

    Parameters
    ----------
    date : date
        The first day on which it holds.
    until : date
        The last one, at most `most_days` (`policy.risk.override_days`) later.

    Raises
    ------
    InputError
        With every mistake: no partner, author or reason, an unknown band, an expiry that is past or too
        far away, a date before the last step about this partner; or when the ledger cannot be used.
    """
    made = Override(partner_id, band, author, reason, date, until)
    problems = mistakes_in(made, most_days)
    with _LEDGER.locked(root):
        past = _steps(_LEDGER.read(root), partner_id)
        if past and past[-1] == made:
            return made
        refuse([*problems, *_out_of_order(past, made)])
        _LEDGER.add(root, [made])
    return made


def mistakes_in(made: Override, most_days: int) -> list[Problem]:
    """Whatever is wrong with an override by itself; see `override`."""
    return [*_unsigned(made), *_wrong_band(made.band), *_wrong_days(made.date, made.until, most_days)]


def withdraw(root: Path, partner_id: str, *, author: str, reason: str, date: datetime.date) -> Withdrawal:
    """End a partner's override before its last day.

    Raises
    ------
    InputError
        When no override of the partner holds on that day, author or reason is missing, or the date
        lies before the last step about this partner; or when the ledger cannot be used.
    """
    made = Withdrawal(partner_id, author, reason, date)
    with _LEDGER.locked(root):
        events = _LEDGER.read(root)
        problems = [*_unsigned(made), *_out_of_order(_steps(events, partner_id), made)]
        if partner_id not in _holding(events, date):
            what = f"no override of it holds on {date}"
            problems.append(
                Problem(f"partner {partner_id}", what, "see them with: channel-analysis risk alerts")
            )
        refuse(problems)
        _LEDGER.add(root, [made])
    return made


def overrides_on(root: Path, day: datetime.date) -> dict[str, Override]:
    """The overrides that hold on a day, by partner_id; InputError as `read_alerts`."""
    return _holding(_LEDGER.read(root), day)


def overrides_digest(root: Path) -> str:
    """A fingerprint of all overrides and withdrawals, for what depends on them; empty without any."""
    return fingerprint(event for event in _LEDGER.read(root) if not isinstance(event, Alert))


def _first_issues(events: Iterable[Event]) -> dict[tuple[str, str], Alert]:
    """Alerts by partner and period; the first one stands."""
    first: dict[tuple[str, str], Alert] = {}
    for one in events:
        if isinstance(one, Alert):
            first.setdefault((one.partner_id, one.period), one)
    return first


def _steps(events: Iterable[Event], partner_id: str) -> list[Override | Withdrawal]:
    """What people did about a partner's band, in order; a step told twice happened once."""
    steps = (one for one in events if not isinstance(one, Alert) and one.partner_id == partner_id)
    return list(dict.fromkeys(steps))


def _holding(events: Iterable[Event], day: datetime.date) -> dict[str, Override]:
    last: dict[str, Override | Withdrawal] = {}
    for one in dict.fromkeys(events):
        if not isinstance(one, Alert) and one.date <= day:
            last[one.partner_id] = one
    return {name: one for name, one in last.items() if isinstance(one, Override) and day <= one.until}


def _objections_to(alert: Alert, period: str, as_of: datetime.date) -> Iterator[Problem]:
    where = f"alert of partner {alert.partner_id}"
    if (alert.period, alert.as_of) != (period, as_of):
        yield Problem(where, f"it is of {alert.period} ({alert.as_of}), not of {period} ({as_of})")
    try:
        _checked(alert)
    except (ValueError, TypeError):
        yield Problem(where, "it holds values that no alert can have", "correct what made it")


def _unsigned(made: Override | Withdrawal) -> Iterator[Problem]:
    where = f"partner {made.partner_id}"
    if not made.partner_id.strip():
        yield Problem("override", "no partner is named", "give its partner_id")
    if not made.author.strip():
        yield Problem(where, "nobody is named as author", "say who decides, with --by")
    if not made.reason.strip():
        yield Problem(where, "no reason is given", "say why in a sentence, with --reason")


def _wrong_band(band: str) -> Iterator[Problem]:
    if band not in BANDS:
        yield Problem("--band", f"there is no band '{band}'", did_you_mean(band, BANDS))


def _wrong_days(date: datetime.date, until: datetime.date, most_days: int) -> Iterator[Problem]:
    fix = f"give a day from {date} on, at most {most_days} days later"
    if until < date:
        yield Problem("--until", f"{until} lies before {date}, its first day", fix)
    elif (until - date).days > most_days:
        what = f"{until} is {(until - date).days} days away; override_days in the policy allows {most_days}"
        yield Problem("--until", what, fix)


def _out_of_order(past: list[Override | Withdrawal], made: Override | Withdrawal) -> Iterator[Problem]:
    where = f"partner {made.partner_id}"
    if past and made.date < past[-1].date:
        what = f"{made.date} lies before the last step about it, of {past[-1].date}"
        yield Problem(where, what, "correct the date")
    elif made in past[:-1]:
        yield Problem(
            where, "the very same was set before and has ended", "say in the reason why it is set again"
        )


def _event(told: dict[str, Any]) -> Event:
    """An event from its line; names nobody knows yet are left alone. ValueError and kin for what is none."""
    made: Event = _READERS[told["event"]](told)
    if isinstance(made, Alert):
        return _checked(made)
    if not made.partner_id or made.date.year > _LAST_YEAR:
        raise ValueError(told)
    return made


def _alert_in(told: dict[str, Any]) -> Alert:
    if not isinstance(told["reasons"], list):
        raise ValueError(told)
    return Alert(
        **texts_in(told, "partner_id", "period", "band", "trigger", "model"),
        as_of=date_in(told, "as_of"),
        probability=told["probability"],
        place=told["place"],
        reasons=tuple(told["reasons"]),
        horizon_months=told["horizon_months"],
        gap_months=told["gap_months"],
        expected_loss=told["expected_loss"],
    )


def _override_in(told: dict[str, Any]) -> Override:
    texts = texts_in(told, "partner_id", "band", "author", "reason")
    if texts["band"] not in BANDS:
        raise ValueError(told)
    return Override(**texts, date=date_in(told, "date"), until=date_in(told, "until"))


def _withdrawal_in(told: dict[str, Any]) -> Withdrawal:
    return Withdrawal(**texts_in(told, "partner_id", "author", "reason"), date=date_in(told, "date"))


def _checked(alert: Alert) -> Alert:
    """The alert itself; ValueError when it holds what none can."""
    texts = (alert.partner_id, alert.period, alert.band, alert.trigger, alert.model, *alert.reasons)
    named = {str(place): text for place, text in enumerate(texts)}
    texts_in(named, *named)
    least = ((alert.place, 0), (alert.horizon_months, 1), (alert.gap_months, 0))
    most = ((alert.probability, 1), (alert.expected_loss, _MOST_MONEY))
    is_sound = all(type(number) is int and lowest <= number <= _MOST for number, lowest in least)
    is_sound &= all(value is None or _is_within(value, highest) for value, highest in most)
    if not (is_sound and alert.partner_id and alert.band in (*BANDS, UNKNOWN)):
        raise ValueError(alert)
    if alert.as_of.year > _LAST_YEAR:
        raise ValueError(alert)
    return alert


def _is_within(value: object, highest: int) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= highest  # type: ignore[operator]


_READERS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "issued": _alert_in,
    "overridden": _override_in,
    "withdrawn": _withdrawal_in,
}

_LEDGER: Ledger[Event] = Ledger(LEDGER, "warning", _event)
