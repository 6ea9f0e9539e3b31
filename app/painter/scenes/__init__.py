"""The registry of scenes, and which of them a prompt asks for."""

from collections.abc import Callable
from dataclasses import dataclass

from app.painter.brief import Brief
from app.painter.camera import Take
from app.painter.canvas import Canvas
from app.painter.scenes import apollo, cube, emblem, meadow, menu, paladin, portrait, taxi, things

Draw = Callable[[Canvas, Brief, Take], None]


def group(words: str) -> frozenset[str]:
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class Scene:
    """
    A prompt asks for it with a word from every group of `must` and from at least `needed` groups of `hints`.
    `steady` scenes are pages: the camera neither turns nor mirrors them.
    """

    draw: Draw
    must: tuple[frozenset[str], ...] = ()
    hints: tuple[frozenset[str], ...] = ()
    needed: int = 0
    steady: bool = False


SCENES: dict[str, Scene] = {
    "menu": Scene(
        menu.draw,
        must=(group("menu menus"),),
        hints=(
            group("restaurant diner bistro cafe eatery trattoria dining casual"),
            group("pizza pizzas mains main starters appetizers appetisers desserts courses dishes food meals"),
            group("design layout grid page columns sections typography fonts sans"),
            group("price prices priced photos photographs pictures"),
        ),
        needed=1,
        steady=True,
    ),
    "emblem": Scene(
        emblem.draw,
        must=(group("logo logotype emblem badge crest seal insignia trademark"),),
        hints=(
            group("restaurant cafe caffe coffee bistro bar bakery kitchen eatery brasserie trattoria house"),
            group("cloche dome steam banner ribbon"),
            group("vintage retro classic old established est"),
            group("brand vector typography lettering"),
        ),
        needed=1,
        steady=True,
    ),
    "apollo": Scene(
        apollo.draw,
        must=(group("apollo moon lunar saturn nasa spaceflight"),),
        hints=(
            group("infographic poster diagram chart timeline steps stages flyer"),
            group("launch liftoff orbit translunar descent landing mission"),
            group("armstrong aldrin collins crew astronauts tranquility nasa"),
        ),
        needed=2,
        steady=True,
    ),
    "taxi": Scene(
        taxi.draw,
        must=(group("taxi cab cabbie taxicab"),),
        hints=(
            group("capybara rodent animal dog bear cat"),
            group("driver driving drives wheel steering steers chauffeur behind"),
            group("passenger businesswoman back rear seat woman phone"),
            group("night manhattan york city streets lights"),
        ),
        needed=2,
    ),
    "paladin": Scene(
        paladin.draw,
        must=(group("paladin knight warrior crusader templar fighter soldier swordswoman swordsman"),),
        hints=(
            group("portrait close closeup face headshot bust head"),
            group("armor armour plate plated pauldrons steel"),
            group("braided braids braid beads scar scars scarred worn weathered"),
            group("torchlight torch firelight sparks bokeh leather fantasy"),
        ),
        needed=1,
    ),
    "meadow": Scene(
        meadow.draw,
        must=(group("puppy kitten bunny kit cub fawn animals puppies kittens bunnies rabbit fox dog cat lamb"),),
        hints=(
            group("puppy puppies dog retriever pup"),
            group("kitten kittens tabby cat"),
            group("bunny bunnies rabbit hare"),
            group("fox foxes kit"),
            group("meadow wildflower wildflowers flowers field grass pasture"),
            group("butterflies butterfly sunrise sunlight rays dawn golden"),
            group("fluffy baby cute playful playfully tumbling chasing"),
        ),
        needed=3,
    ),
    "cube": Scene(
        cube.draw,
        must=(group("cube box block"),),
        hints=(
            group("glass transparent crystal clear acrylic see"),
            group("sphere ball orb marble globe"),
            group("book volume novel"),
            group("plant fern greenery leaves"),
            group("table wooden desk wood tabletop"),
            group("window light"),
        ),
        needed=3,
    ),
    "portrait": Scene(
        portrait.draw,
        must=(
            group("portrait portraits headshot closeup selfie face"),
            group("woman man girl boy person lady queen king she he actress businesswoman businessman"),
        ),
    ),
    "things": Scene(things.draw),
}


def choose(brief: Brief) -> str:
    """Choose the scene with the largest share of its words in the prompt, else the general one."""
    best, most = "things", 0.0
    for slug, scene in SCENES.items():
        hits = sum(brief.has(*words) for words in scene.hints)
        if scene.must and hits >= scene.needed and all(brief.has(*words) for words in scene.must):
            share = (1 + hits) / (1 + len(scene.hints))
            best, most = (slug, share) if share > most else (best, most)
    return best
