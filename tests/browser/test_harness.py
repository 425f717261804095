"""The browser tests can fail: a bad page is called bad, a sound one sound."""

import pytest

pytestmark = pytest.mark.browser

SOUND = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sound</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'"></head>
<body><main><h1>Sound</h1><p>Text.</p>{more}</main></body></html>"""


@pytest.fixture
def sound(tmp_path):
    def write(more=""):
        path = tmp_path / "page.html"
        path.write_text(SOUND.format(more=more), encoding="utf-8")
        return path

    return write


def test_a_sound_page_has_no_violation_and_asks_for_nothing(open_page, axe_violations, sound):
    opened = open_page(sound())
    assert opened.requests == []
    assert axe_violations(opened.page) == []


def test_a_picture_without_words_is_a_violation(open_page, axe_violations, sound):
    picture = '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
    opened = open_page(sound(picture))
    assert opened.requests == []
    assert [line.split()[0] for line in axe_violations(opened.page)] == ["image-alt"]


def test_a_page_without_a_language_is_a_violation(open_page, axe_violations, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text("<!doctype html><title>Bad</title><main><h1>Bad</h1></main>", encoding="utf-8")
    assert any("html-has-lang" in line for line in axe_violations(open_page(path).page))


def test_a_picture_from_elsewhere_is_a_request_even_where_the_policy_blocks_it(open_page, sound):
    opened = open_page(sound('<img alt="x" src="http://pictures.example/x.png">'))
    assert opened.requests == ["http://pictures.example/x.png"]


def test_a_second_file_is_a_request(open_page, sound):
    opened = open_page(sound('<link rel="stylesheet" href="style.css">'))
    assert [address.rsplit("/", 1)[1] for address in opened.requests] == ["style.css"]


def test_width_and_darkness_reach_the_page(open_page, sound):
    opened = open_page(sound(), width=360, dark=True)
    assert opened.page.evaluate("innerWidth") == 360
    assert opened.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
