"""A published report as mail: what is in it, what a server does to it, and what never gets into it."""

import email
import email.policy
import json
import socket
import socketserver
import threading

import pytest
from bs4 import BeautifulSoup

from channel_analysis.errors import InputError
from channel_analysis.report.mail import LARGEST, PREFIX, Server, message_of, send, server_of
from channel_analysis.report.staging import ReportError

SENDER = "reports@example.com"


class Desk(socketserver.StreamRequestHandler):
    """A mail server that takes, refuses, or says nothing, as its `manner` tells."""

    def handle(self):
        manner, desk = self.server.manner, self.server
        if manner == "silent":
            self.rfile.readline()
            return
        self.say("220 desk")
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(" ")[0].upper()
            if verb == "DATA":
                self.say("354 go on")
                desk.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self.say("250 taken")
            elif verb == "EHLO":
                self.say("250-desk\r\n250 AUTH PLAIN LOGIN")
            elif verb == "AUTH":
                self.say("535 no" if manner == "login" else "235 ok")
            elif verb == "RCPT" and (manner == "all" or (manner == "some" and "bad@" in line)):
                self.say("550 unknown")
            else:
                self.say("221 bye" if verb == "QUIT" else "250 ok")

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def desk():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Desk) as server:
        server.daemon_threads, server.manner, server.mails = True, "takes", []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def at(desk, user="", password="", security="none"):
    return Server("127.0.0.1", desk.server_address[1], security, user, password, SENDER)


def parts_of(message):
    return email.message_from_bytes(message.as_bytes(), policy=email.policy.default)


@pytest.fixture
def published(tmp_path):
    """Give a folder with a report whose message says what one likes."""

    def put(lead="Sales were 1.", findings=(), where=None, **more):
        (tmp_path / "review.zh.html").write_text("<html>评估</html>", encoding="utf-8")
        told = {"title": "M", "lead": lead, "cards": [], "findings": list(findings)}
        record = {
            "report": "review",
            "period": "2025Q3",
            "where": where or {},
            "languages": ["zh"],
            "pages": ["review.zh.html"],
            "finished": "2025-10-18T06:00:00+00:00",
            "summary": {"as_of": "2025-10-17", "grade": "A", "message": {"zh": told}, **more},
        }
        (tmp_path / "run.json").write_text(json.dumps({"review": record}), encoding="utf-8")
        return tmp_path

    return put


def test_a_mail_says_what_the_review_says_first_and_carries_the_page(demo_report):
    message = parts_of(message_of(demo_report.folder, "review", "zh", ["a@example.com"], SENDER))
    page = BeautifulSoup((demo_report.folder / "review.zh.html").read_text(encoding="utf-8"), "html.parser")
    lead = page.select_one("#message .lead").get_text()
    html = message.get_body(("html",)).get_content()
    assert lead in BeautifulSoup(html, "html.parser").get_text()
    assert lead in message.get_body(("plain",)).get_content()
    assert "渠道评估" in message["Subject"] and message["To"] == "a@example.com"
    attached = next(message.iter_attachments())
    assert attached.get_filename() == "review.zh.html"
    assert attached.get_payload(decode=True) == (demo_report.folder / "review.zh.html").read_bytes()
    assert len(html.encode()) <= LARGEST


def test_the_summary_asks_for_nothing_from_elsewhere(demo_report):
    html = parts_of(message_of(demo_report.folder, "review", "en", ["a@example.com"], SENDER))
    soup = BeautifulSoup(html.get_body(("html",)).get_content(), "html.parser")
    assert not soup.select("img, script, link, style, iframe, form") and "url(" not in str(soup)


def test_equal_reports_give_equal_mails(demo_report):
    one, two = (
        message_of(demo_report.folder, "review", "zh", ["a@example.com"], SENDER).as_bytes() for _ in range(2)
    )
    assert one == two


def test_a_long_summary_is_cut_at_findings(published):
    findings = [{"text": f"{n} " + "长" * 3000, "facts": []} for n in range(20)]
    message = parts_of(message_of(published(findings=findings), "review", "zh", ["a@example.com"], SENDER))
    html = message.get_body(("html",)).get_content()
    assert len(html.encode()) <= LARGEST and "0 长" in html and "19 长" not in html


def test_what_stands_in_data_makes_no_header_and_no_element(published):
    evil = "East\r\nBcc: victim@example.com\u202e<script>alert(1)</script>"
    finding = {"text": "<img src=x onerror=alert(1)>", "facts": [["<b>", "</td>"]]}
    folder = published(lead=evil, findings=[finding], where={"region": evil})
    message = parts_of(message_of(folder, "review", "zh", ["a@example.com"], SENDER))
    assert (
        message["Bcc"] is None and "\n" not in str(message["Subject"]) and "\u202e" not in message["Subject"]
    )
    soup = BeautifulSoup(message.get_body(("html",)).get_content(), "html.parser")
    assert not soup.select("script, img") and "<script>alert(1)</script>" in soup.get_text()


def test_every_wrong_address_and_a_missing_report_are_told_at_once(tmp_path):
    with pytest.raises(InputError) as refused:
        message_of(tmp_path, "review", "zh", ["no address", "a@b.cn\r\nBcc: c@d.cn", "a@b.cn"], SENDER)
    assert [problem.where for problem in refused.value.problems] == ["--to", "--to", str(tmp_path)]
    with pytest.raises(InputError, match="nobody is named"):
        message_of(tmp_path, "review", "zh", [], SENDER)


def test_the_server_takes_it(published, desk):
    message = message_of(published(), "review", "zh", ["a@example.com"], SENDER)
    send(message, at(desk, "ann", "hunter2-secret"))
    received = email.message_from_bytes(desk.mails[0], policy=email.policy.default)
    assert received["Subject"] == message["Subject"]
    assert next(received.iter_attachments()).get_content() == "<html>评估</html>"
    assert b"hunter2" not in desk.mails[0]


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("login", "the login of 'ann' was refused"),
        ("all", "recipients were refused"),
        ("some", "not to bad@example.com"),
    ],
)
def test_what_the_server_refuses_is_said_without_the_password(published, desk, manner, said):
    desk.manner = manner
    message = message_of(published(), "review", "zh", ["a@example.com", "bad@example.com"], SENDER)
    with pytest.raises(ReportError, match=said) as refused:
        send(message, at(desk, "ann", "hunter2-secret"))
    assert "hunter2" not in str(refused.value)


def test_a_server_without_encryption_gets_neither_login_nor_mail(published, desk):
    message = message_of(published(), "review", "zh", ["a@example.com"], SENDER)
    with pytest.raises(ReportError, match="STARTTLS"):
        send(message, at(desk, "ann", "hunter2-secret", security="starttls"))
    assert desk.mails == []


def test_a_silent_and_an_absent_server_are_given_up(published, desk, monkeypatch):
    monkeypatch.setattr("channel_analysis.report.mail.SECONDS", 0.3)
    message = message_of(published(), "review", "zh", ["a@example.com"], SENDER)
    desk.manner = "silent"
    with pytest.raises(ReportError, match="timed out"):
        send(message, at(desk))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = Server("127.0.0.1", free.getsockname()[1], "none", "", "", SENDER)
        with pytest.raises(ReportError, match="refused"):
            send(message, gone)


def test_the_environment_names_the_server_and_every_mistake_is_told():
    told = {
        f"{PREFIX}HOST": "mail.example.com",
        f"{PREFIX}FROM": SENDER,
        f"{PREFIX}PASSWORD": "hunter2-secret",
    }
    server = server_of(told)
    assert (server.port, server.security) == (587, "starttls") and "hunter2" not in repr(server)
    assert server_of({**told, f"{PREFIX}SECURITY": "ssl"}).port == 465
    with pytest.raises(InputError) as refused:
        server_of({f"{PREFIX}PORT": "70000", f"{PREFIX}SECURITY": "maybe", f"{PREFIX}FROM": "nobody"})
    wrong = [problem.where.removeprefix(PREFIX) for problem in refused.value.problems]
    assert wrong == ["HOST", "PORT", "SECURITY", "FROM"]
