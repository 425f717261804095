"""Mail: a published report as a message with a short summary and the page attached."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import smtplib
import ssl
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from ..errors import Problem, refuse
from ..words import Words, words
from .html import environment
from .records import RUNS, read_runs
from .secrets import without_secrets
from .staging import ReportError
from .telling import title_of

LARGEST = 60_000
"""Bytes of the summary: mail programs cut what is much longer."""

SECONDS = 60
"""After so long a silent server is given up."""

PREFIX = "CHANNEL_ANALYSIS_SMTP_"
"""What the environment's variables about the server begin with."""

_PORTS = {"starttls": 587, "ssl": 465, "none": 25}
_ADDRESS = re.compile(
    r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+\.[^\s@<>()\[\]\\,;:\".]+|[^\s@<>,;:\"]+@localhost"
)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in; the password is never shown."""

    host: str
    port: int
    security: str
    user: str
    password: str
    sender: str

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port}, {self.security})"


def server_of(variables: Mapping[str, str] = os.environ) -> Server:
    """The server that the environment names.

    Raises
    ------
    InputError
        For every variable that is missing or wrong.
    """
    told = {name: variables.get(PREFIX + name, "") for name in ("HOST", "PORT", "SECURITY", "USER", "FROM")}
    refuse(_server_problems(told))
    security = told["SECURITY"] or "starttls"
    port = int(told["PORT"] or _PORTS[security])
    password = variables.get(f"{PREFIX}PASSWORD", "")
    return Server(told["HOST"], port, security, told["USER"], password, told["FROM"])


def _server_problems(told: Mapping[str, str]) -> Iterator[Problem]:
    if not told["HOST"]:
        yield Problem(f"{PREFIX}HOST", "names no server", "set it, or write the message with --dry-run")
    if told["PORT"] and not (told["PORT"].isdigit() and 0 < int(told["PORT"]) < 65536):
        yield Problem(f"{PREFIX}PORT", f"{told['PORT']!r} is no port", "such as 587")
    if told["SECURITY"] not in ("", *_PORTS):
        yield Problem(f"{PREFIX}SECURITY", f"{told['SECURITY']!r} is unknown", f"one of {', '.join(_PORTS)}")
    if not _ADDRESS.fullmatch(told["FROM"]):
        yield Problem(
            f"{PREFIX}FROM", f"{told['FROM']!r} is no address", "whose message it is: name@example.com"
        )


def message_of(
    folder: Path, report: str, language: str, to: Sequence[str], sender: str, as_pdf: bool = False
) -> EmailMessage:
    """A published report as a message: summary, plain text, the page attached; equal inputs, equal bytes.

    Parameters
    ----------
    folder : Path
        Where the report is published.
    to : sequence of str
        Addresses.
    as_pdf : bool
        Attach the page as PDF.

    Raises
    ------
    InputError
        For every address that is none, and when no such report is published here.
    """
    record = read_runs(folder / RUNS).get(report, {})
    page = _page(folder, record, language)
    refuse([*_address_problems(to), *_page_problems(folder, report, language, page)])
    said = words(language)
    title = _line(title_of(record, said))
    told = (record["summary"].get("message") or {}).get(language, {})
    message = EmailMessage(policy=SMTP)
    message["Subject"] = title
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Date"] = format_datetime(datetime.datetime.fromisoformat(record["finished"]))
    content = page.read_bytes()
    mark = hashlib.sha256(content + repr((title, to, sender, as_pdf)).encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{mark}@channel-analysis.invalid>"
    message.set_content(_plain_text(title, told, record, said), cte="base64")
    message.add_alternative(_summary(title, told, record, said), subtype="html", cte="base64")
    _attach(message, page, content, as_pdf)
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"={mark}={number}")
    return message


def _page(folder: Path, record: Mapping[str, Any], language: str) -> Path:
    pages = dict(zip(record.get("languages", ()), record.get("pages", ()), strict=False))
    return folder / pages[language] if language in pages else Path()


def _address_problems(to: Sequence[str]) -> Iterator[Problem]:
    if not to:
        yield Problem("--to", "nobody is named", "--to name@example.com; may be given several times")
    for address in to:
        if not _ADDRESS.fullmatch(address):
            yield Problem("--to", f"{address!r} is no address", "write name@example.com")


def _page_problems(folder: Path, report: str, language: str, page: Path) -> Iterator[Problem]:
    if page == Path() or not page.is_file():
        what = f"no report '{report}' is published here in '{language}'"
        yield Problem(str(folder), what, "run it first: channel-analysis report")


def _line(text: str) -> str:
    """A text as a header takes it: one line, nothing unseen."""
    return _UNSEEN.sub(" ", text)[:200].strip()


def _summary(title: str, told: Mapping[str, Any], record: Mapping[str, Any], said: Words) -> str:
    """The message as HTML: tables and inline styles only, for mail programs that know no others."""
    template = environment().get_template("mail.html.j2")
    findings = list(told.get("findings", ()))
    while True:
        html = template.render(
            title=title,
            told=told,
            findings=findings,
            words=said,
            summary=record["summary"],
            as_of=_as_of(record, said),
        )
        if len(html.encode()) <= LARGEST or not findings:
            return html
        findings.pop()


def _plain_text(title: str, told: Mapping[str, Any], record: Mapping[str, Any], said: Words) -> str:
    lines = [title, "", *([told["lead"], ""] if told.get("lead") else [])]
    for card in told.get("cards", ()):
        against = "; ".join(" ".join(one[:2]) for one in card["comparisons"])
        lines.append(
            f"- {card['title']}: {card['value']} {card['unit']}".rstrip()
            + (f" ({against})" if against else "")
        )
    for number, finding in enumerate(told.get("findings", ()), start=1):
        facts = "; ".join(": ".join(fact) for fact in finding["facts"])
        lines += ["", f"{number}. {finding['text']}", *([f"   {facts}"] if facts else [])]
    return "\n".join([*lines, "", said("mail.attached"), _as_of(record, said)]).rstrip() + "\n"


def _as_of(record: Mapping[str, Any], said: Words) -> str:
    day, grade = record["summary"].get("as_of"), record["summary"].get("grade")
    if not day:
        return ""
    return said("mail.as_of", day=said.date(datetime.date.fromisoformat(day)), grade=grade or said("none"))


def _attach(message: EmailMessage, page: Path, content: bytes, as_pdf: bool) -> None:
    if not as_pdf:
        message.add_attachment(
            content, maintype="text", subtype="html", filename=page.name, params={"charset": "utf-8"}
        )
        return
    printed = page.with_suffix(".pdf")
    if printed.is_file():
        content = printed.read_bytes()
    else:
        from .pdf import write_pdf

        with tempfile.TemporaryDirectory(prefix="ca-mail-") as folder:
            write_pdf(page, Path(folder, printed.name))
            content = Path(folder, printed.name).read_bytes()
    message.add_attachment(content, maintype="application", subtype="pdf", filename=printed.name)


def send(message: EmailMessage, server: Server) -> None:
    """Hand a message in.

    Raises
    ------
    ReportError
        When the server cannot be reached, refuses the login or any recipient.
    """
    try:
        with _connected(server) as connection:
            refused = connection.send_message(message)
    except smtplib.SMTPAuthenticationError:
        raise _not_sent(server, f"the login of '{server.user}' was refused") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise _not_sent(
            server, f"these recipients were refused: {', '.join(sorted(error.recipients))}"
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise _not_sent(server, without_secrets(_line(str(error)))) from None
    if refused:
        raise _not_sent(server, f"it went to the others, but not to {', '.join(sorted(refused))}")


def _connected(server: Server) -> smtplib.SMTP:
    trusted = ssl.create_default_context()
    if server.security == "ssl":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=SECONDS, context=trusted
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        if server.security == "starttls":
            connection.starttls(context=trusted)
    if server.user:
        connection.login(server.user, server.password)
    return connection


def _not_sent(server: Server, reason: str) -> ReportError:
    return ReportError(f"mail by {server.host}:{server.port}: {reason}")
