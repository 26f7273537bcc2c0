"""Which texts are drawn for which classes, and what a config must not ask for."""

import pytest

from realink.errors import InputError
from realink.images.characters import characters_of, remedy


def test_one_class_may_be_drawn_where_the_other_one_is_other():
    assert characters_of("7") == characters_of({"7": "7"}) == {"7": "7"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "needs a class"),
        ({}, "needs a class"),
        ("0120", "'0' twice"),
        ("0 1", "white space"),
        ("01\n", "white space"),
        ("01\x07", "control characters"),
        ({"a": "x", "b": "x"}, "same text for 'a' and 'b'"),
        ({"a": "", "b": "x"}, "empty"),
        ({"a": " ", "b": "x"}, "white space"),
        ({"a": "x\ny", "b": "x"}, "control characters"),
        ({"a": " x", "b": "x"}, "begins or ends"),
        ({0: "0", 1: "1"}, "write it in quotes"),
        ({"ki": "कि", "ka": "क"}, "combining marks"),
        ({"ab": "بب", "b": "x"}, "right to left"),
        (["0", "1"], "a string or a mapping"),
    ],
)
def test_bad_characters_name_the_key(value, message):
    with pytest.raises(InputError, match=rf"`rendered: characters:`.*{message}"):
        characters_of(value)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("日", "Debian's fonts-droid-fallback"),
        ("１ｱㄅ〡", "Debian's fonts-droid-fallback"),
        ("あ한", "fonts-ipafont-gothic and fonts-nanum"),
        ("ж", "Debian's fonts-noto-core"),
        ("😀", "no package of Debian"),
        ("ж⼀", "no package of Debian"),
    ],
)
def test_fonts_of_characters_are_named_where_they_are_known(text, where):
    assert where in remedy(text)


def test_characters_stand_for_their_classes():
    assert characters_of("0aß") == {"0": "0", "a": "a", "ß": "ß"}
    assert characters_of("e\u0301e") == {"é": "é", "e": "e"}
    assert characters_of({"ten": "10", "א": "א"}) == {"ten": "10", "א": "א"}
