"""Words on the pictures of links, which are drawn in a font of Latin letters."""

import pytest

from app.web.drawing import spell


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("DALL·E 2", "DALL·E 2"),
        ("Modèle été ©", "Modèle été ©"),
        ("Mode\u0301le", "Modéle"),
        ("GPT\u2011Image \u2013 \u201clarge\u201d", "GPT\u2011Image \u2013 \u201clarge\u201d"),
        ("a\u200bb\u2060c what?", "abc what?"),
        ("\U0001f469\u200d\U0001f3a8 Family \U0001f3a8 Painter", "Family Painter"),
        ("Z\u0351\u0360ALGO", "ZALGO"),
        ("نموذج 3", "the-slug"),
        ("通义万相", "the-slug"),
        ("\U0001f3a8", "the-slug"),
        ("", "the-slug"),
    ],
)
def test_a_name_of_other_letters_is_drawn_as_its_slug(name: str, drawn: str) -> None:
    assert spell(name, "the-slug") == drawn
