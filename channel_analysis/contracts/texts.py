"""How broken texts look: as regular expressions that engines share, and as keys brought to one spelling."""

from __future__ import annotations

import re
import unicodedata

_WIDE = "０-９Ａ-Ｚａ-ｚ－＿／．＃"
_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00a0\u3000\t\n\r\x0b\x0c\x1b\x7f"
_AFTER_LEAD = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_UTF8_AS_GBK = "鍗鍖鍏鍒鍙鍚鍦鍥鍝鐨鐢鐪銆鎴鎵鏂鏈鏄鏃缁缂閿璐瀹瀛绗鈥涓浜嬪簵鎶€"

BROKEN_TEXT = "|".join(
    (
        "\ufffd",
        "锟斤拷|烫烫|屯屯",
        "ï»¿",
        f"[ÂÃ][{_AFTER_LEAD}]",
        f"[à-ï][{_AFTER_LEAD}][{_AFTER_LEAD}]",
        "[\u0080-\u009f]",
        "[\u00a1-\u00fe][\u00a1-\u00fe][\u00a1-\u00fe][\u00a1-\u00fe]",
        f"[{_UTF8_AS_GBK}].?[{_UTF8_AS_GBK}]",
    )
)
"""A text that was read in another encoding than it was written in, or cut in the middle of a character."""

QUESTION_MARKS = "[?][?]"
"""What is left of Chinese characters in an encoding that has none; only where other values have them."""

ID_FORMS = {
    "full_width_text": f"[{_WIDE}]",
    "invisible_characters": f"[{_UNSEEN}]",
    "scientific_id": "^[0-9]([.][0-9]+)?[eE][+][0-9]+$",
}
"""By rule, what a number of a thing holds that it should not."""

HAN = "[一-鿿]"
"""A Chinese character."""


def is_misread(text: str) -> bool:
    """Whether a text is Chinese in UTF-8 that was read as GBK: its bytes are Chinese when read rightly.

    Examples
    --------
    >>> [is_misread(text) for text in ("华东".encode().decode("gb18030"), "华东", "Huadong")]
    [True, False, False]
    """
    try:
        meant = text.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return False
    return (
        len(meant) > 1
        and bool(re.fullmatch(f"(?:{HAN}|[ -~])+", meant))
        and bool(re.search(HAN, meant))
        and meant != text
    )


def one_spelling(text: str) -> str:
    """A key as it would be without full-width, invisible and upper-case characters, or blanks.

    Examples
    --------
    >>> one_spelling("Ｐ００１\\u200b") == one_spelling("p 001")
    True
    """
    if text.isascii() and text.isprintable() and " " not in text:
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(f"[\\s{_UNSEEN}]", "", plain)
