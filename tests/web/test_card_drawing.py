"""Words on the pictures of links, which are drawn in a font of Latin letters."""

from io import BytesIO

import pytest
from PIL import Image

from app.web import cards
from app.web.card_drawing import MARGIN, SIZE, spell


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


def test_a_long_name_ends_before_the_edge_of_its_card() -> None:
    card = cards.Card("Supercalifragilisticexpialidocious-" * 3, "The Institute For Very Long Names " * 4, ())
    with Image.open(BytesIO(cards.draw(card))) as picture:
        colours = picture.crop((SIZE[0] - MARGIN + 4, 0, *SIZE)).convert("RGB").getcolors()
    assert colours is not None
    assert len(colours) == 1
