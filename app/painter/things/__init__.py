"""The registry of things that a prompt can ask for by name."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from app.painter.canvas import Canvas
from app.painter.colour import RGB, darker, lighter
from app.painter.things import beasts, eatables, festive, household, outside, pets, tableware, vehicles

Draw = Callable[[Canvas, RGB, np.random.Generator], None]


@dataclass(frozen=True, slots=True)
class Thing:
    """
    `draw` fills a unit square that stands for a box of `wide` times its height; `size` is that height as a
    share of the largest thing's; `place` is where it is at home: room, outside or sky.
    """

    draw: Draw
    colour: RGB
    wide: float = 1.0
    size: float = 0.8
    place: str = "room"


def pet(kind: str) -> Draw:
    """Return a function that draws a young animal with its fur in the colour asked for."""

    def draw(canvas: Canvas, colour: RGB, rng: np.random.Generator) -> None:
        coat = pets.COATS[kind]
        if colour != coat.fur:
            belly = lighter(colour, 0.6 if max(colour) > 90 else 0.25)
            coat = replace(coat, fur=colour, belly=belly, stripes=darker(colour, 0.4) if coat.stripes else None)
            coat = replace(coat, inner=darker(colour, 0.3)) if coat.ears == "flop" else coat
        pets.sitting(canvas, coat, rng)

    return draw


def butterfly(canvas: Canvas, colour: RGB, _rng: np.random.Generator) -> None:
    pets.butterfly(canvas, colour)


THINGS: dict[str, Thing] = {
    "airplane": Thing(vehicles.airplane, (236, 238, 244), 1.9, 0.62, "sky"),
    "apple": Thing(eatables.apple, (206, 44, 42), 1.0, 0.5),
    "backpack": Thing(household.backpack, (44, 102, 150), 0.9, 0.72),
    "balloon": Thing(festive.balloon, (206, 44, 42), 0.7, 0.7, "sky"),
    "banana": Thing(eatables.banana, (246, 208, 62), 1.15, 0.52),
    "baseball bat": Thing(outside.baseball_bat, (206, 158, 100), 1.0, 0.72),
    "baseball glove": Thing(outside.baseball_glove, (166, 102, 54), 1.0, 0.6),
    "bear": Thing(beasts.bear, (122, 82, 54), 1.35, 0.84, "outside"),
    "bed": Thing(household.bed, (90, 130, 180), 1.7, 0.62),
    "bench": Thing(household.bench, (164, 112, 66), 1.7, 0.6, "outside"),
    "bicycle": Thing(vehicles.bicycle, (206, 60, 54), 1.45, 0.68, "outside"),
    "bird": Thing(beasts.bird, (70, 140, 210), 1.05, 0.5, "outside"),
    "boat": Thing(vehicles.boat, (176, 66, 54), 1.0, 0.85, "outside"),
    "book": Thing(tableware.book, (176, 50, 50), 1.1, 0.6),
    "bottle": Thing(tableware.bottle, (62, 124, 78), 0.42, 0.76),
    "bowl": Thing(tableware.bowl, (92, 150, 176), 1.25, 0.5),
    "bus": Thing(vehicles.bus, (226, 176, 44), 1.75, 0.66, "outside"),
    "butterfly": Thing(butterfly, (238, 140, 44), 1.0, 0.5, "sky"),
    "cake": Thing(eatables.cake, (240, 150, 176), 1.05, 0.66),
    "candle": Thing(tableware.candle, (240, 226, 196), 0.6, 0.62),
    "car": Thing(vehicles.car, (44, 102, 206), 2.0, 0.5, "outside"),
    "carrot": Thing(eatables.carrot, (238, 128, 40), 0.55, 0.66),
    "cat": Thing(pet("kitten"), pets.COATS["kitten"].fur, 0.8, 0.8),
    "cell phone": Thing(household.cell_phone, (36, 38, 46), 0.5, 0.6),
    "chair": Thing(household.chair, (176, 120, 72), 0.78, 0.78),
    "clock": Thing(tableware.clock, (150, 110, 70), 1.0, 0.6),
    "cloud": Thing(outside.cloud, (246, 248, 252), 1.5, 0.5, "sky"),
    "couch": Thing(household.couch, (76, 122, 132), 1.85, 0.6),
    "cow": Thing(beasts.cow, (240, 236, 228), 1.3, 0.84, "outside"),
    "crown": Thing(festive.crown, (222, 176, 66), 1.35, 0.45),
    "cube": Thing(tableware.cube, (90, 130, 190), 0.9, 0.6),
    "cup": Thing(tableware.cup, (206, 84, 66), 1.0, 0.5),
    "dining table": Thing(household.dining_table, (166, 112, 70), 1.6, 0.62),
    "dog": Thing(pet("puppy"), pets.COATS["puppy"].fur, 0.8, 0.8, "outside"),
    "donut": Thing(eatables.donut, (240, 130, 170), 1.1, 0.52),
    "elephant": Thing(beasts.elephant, (146, 146, 156), 1.25, 1.0, "outside"),
    "fire hydrant": Thing(outside.fire_hydrant, (206, 50, 44), 0.68, 0.7, "outside"),
    "fish": Thing(beasts.fish, (240, 130, 50), 1.5, 0.45),
    "flower": Thing(outside.flower, (226, 90, 140), 0.75, 0.72, "outside"),
    "fork": Thing(tableware.fork, (186, 192, 200), 0.5, 0.66),
    "fox": Thing(pet("fox"), pets.COATS["fox"].fur, 0.8, 0.8, "outside"),
    "frisbee": Thing(outside.frisbee, (230, 84, 60), 1.4, 0.36, "outside"),
    "giraffe": Thing(beasts.giraffe, (230, 184, 104), 0.75, 1.0, "outside"),
    "hair drier": Thing(household.hair_drier, (206, 80, 120), 1.0, 0.62),
    "handbag": Thing(household.handbag, (150, 60, 70), 1.05, 0.6),
    "hat": Thing(tableware.hat, (150, 116, 80), 1.3, 0.5),
    "headphones": Thing(household.headphones, (60, 64, 76), 1.0, 0.72),
    "heart": Thing(festive.heart, (206, 44, 60), 1.0, 0.5, "sky"),
    "horse": Thing(beasts.horse, (140, 88, 52), 1.25, 0.95, "outside"),
    "hot air balloon": Thing(festive.hot_air_balloon, (206, 60, 54), 0.85, 0.85, "sky"),
    "hot dog": Thing(eatables.hot_dog, (218, 160, 90), 1.6, 0.42),
    "house": Thing(outside.house, (240, 222, 190), 1.1, 1.0, "outside"),
    "keyboard": Thing(household.keyboard, (90, 96, 108), 2.2, 0.34),
    "kite": Thing(outside.kite, (226, 70, 60), 0.8, 0.7, "sky"),
    "knife": Thing(tableware.knife, (186, 192, 200), 0.5, 0.66),
    "lamp": Thing(tableware.lamp, (246, 222, 160), 0.75, 0.72),
    "laptop": Thing(household.laptop, (176, 182, 192), 1.35, 0.6),
    "microwave": Thing(household.microwave, (206, 210, 216), 1.6, 0.52),
    "moon": Thing(outside.moon, (236, 230, 206), 1.0, 0.6, "sky"),
    "motorcycle": Thing(vehicles.motorcycle, (206, 50, 44), 1.4, 0.66, "outside"),
    "mountain": Thing(outside.mountain, (110, 120, 140), 1.5, 1.0, "outside"),
    "mouse": Thing(household.mouse, (216, 218, 224), 0.72, 0.48),
    "orange": Thing(eatables.orange, (242, 142, 38), 1.0, 0.5),
    "oven": Thing(household.oven, (206, 210, 216), 0.9, 0.8),
    "parking meter": Thing(outside.parking_meter, (96, 104, 118), 0.42, 0.86, "outside"),
    "person": Thing(beasts.person, (60, 120, 170), 0.5, 0.98),
    "pizza": Thing(eatables.pizza, (206, 142, 72), 1.0, 0.66),
    "potted plant": Thing(tableware.potted_plant, (70, 140, 76), 0.9, 0.76),
    "pumpkin": Thing(festive.pumpkin, (232, 122, 40), 1.15, 0.55, "outside"),
    "rabbit": Thing(pet("bunny"), pets.COATS["bunny"].fur, 0.75, 0.8, "outside"),
    "rainbow": Thing(festive.rainbow, (226, 60, 60), 1.9, 0.9, "sky"),
    "refrigerator": Thing(household.refrigerator, (214, 220, 226), 0.6, 0.98),
    "remote": Thing(household.remote, (50, 52, 60), 0.3, 0.62),
    "robot": Thing(beasts.robot, (150, 170, 190), 0.72, 0.85),
    "rocket": Thing(vehicles.rocket, (206, 52, 48), 0.62, 0.95, "sky"),
    "sandwich": Thing(eatables.sandwich, (222, 170, 104), 1.3, 0.5),
    "scissors": Thing(tableware.scissors, (206, 60, 54), 0.7, 0.6),
    "sheep": Thing(beasts.sheep, (244, 240, 230), 1.15, 0.76, "outside"),
    "sink": Thing(household.sink, (244, 246, 248), 0.95, 0.72),
    "skateboard": Thing(outside.skateboard, (206, 120, 60), 2.1, 0.36, "outside"),
    "skis": Thing(outside.skis, (44, 102, 206), 0.4, 0.9, "outside"),
    "snowboard": Thing(outside.snowboard, (46, 120, 196), 0.36, 0.88, "outside"),
    "snowman": Thing(festive.snowman, (244, 248, 252), 0.9, 0.85, "outside"),
    "spoon": Thing(tableware.spoon, (186, 192, 200), 0.5, 0.66),
    "sports ball": Thing(outside.sports_ball, (246, 246, 242), 1.0, 0.5, "outside"),
    "star": Thing(outside.star, (248, 206, 70), 1.0, 0.55, "sky"),
    "stop sign": Thing(outside.stop_sign, (200, 36, 40), 0.72, 0.85, "outside"),
    "suitcase": Thing(household.suitcase, (150, 92, 54), 1.15, 0.62),
    "sun": Thing(outside.sun, (250, 194, 56), 1.0, 0.6, "sky"),
    "sunglasses": Thing(festive.sunglasses, (30, 30, 36), 2.4, 0.3),
    "surfboard": Thing(outside.surfboard, (240, 190, 80), 0.34, 0.92, "outside"),
    "teddy bear": Thing(tableware.teddy_bear, (184, 130, 80), 0.85, 0.72),
    "tie": Thing(tableware.tie, (40, 70, 140), 0.42, 0.75),
    "toaster": Thing(household.toaster, (196, 202, 210), 1.2, 0.5),
    "toilet": Thing(household.toilet, (246, 248, 248), 0.85, 0.76),
    "toothbrush": Thing(tableware.toothbrush, (60, 160, 200), 1.5, 0.42),
    "traffic light": Thing(outside.traffic_light, (50, 54, 60), 0.4, 0.88, "outside"),
    "train": Thing(vehicles.train, (60, 110, 80), 1.55, 0.7, "outside"),
    "tree": Thing(outside.tree, (82, 146, 76), 0.9, 1.0, "outside"),
    "truck": Thing(vehicles.truck, (200, 60, 52), 1.8, 0.66, "outside"),
    "tv": Thing(household.tv, (36, 38, 46), 1.45, 0.62),
    "umbrella": Thing(household.umbrella, (206, 52, 60), 1.0, 0.78),
    "vase": Thing(tableware.vase, (70, 120, 176), 0.62, 0.75),
    "wine glass": Thing(tableware.wine_glass, (140, 30, 54), 0.46, 0.7),
    "zebra": Thing(beasts.zebra, (246, 244, 238), 1.25, 0.92, "outside"),
}
