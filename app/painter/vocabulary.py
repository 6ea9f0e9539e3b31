"""The words the painter knows. Nouns lead to a key of `things.THINGS`; what it lacks is left out of a picture."""

COUNTS = {
    "zero": 0, "one": 1, "single": 1, "two": 2, "pair": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "several": 4, "many": 6,
    "few": 3, "dozen": 12, "dozens": 24, "hundred": 100, "hundreds": 100, "thousand": 1000, "thousands": 1000,
}  # fmt: skip

MULTIPLES = frozenset(["dozen", "hundred", "thousand"])
"""Numbers that multiply the one before: two dozen."""
GROUPS = frozenset([
    "flock", "herd", "school", "swarm", "pack", "pile", "stack", "bunch", "bouquet", "group", "crowd", "row",
    "heap", "litter", "fleet", "collection",
])  # fmt: skip
"""Words with `of` for several things of a kind."""
GROUP = 5

SIZES = {
    "tiny": 0.4, "miniature": 0.4, "small": 0.6, "little": 0.6, "big": 1.5, "large": 1.5, "huge": 2.0,
    "enormous": 2.2, "gigantic": 2.2, "giant": 2.2, "massive": 2.0,
}  # fmt: skip
"""How large a thing is beside another one of its kind."""
BEARING = frozenset(["wearing", "wears"])
DEFINITE = frozenset(["the", "this", "that", "these", "those", "his", "her", "its", "their", "my", "your", "our"])

DENIALS = {
    "no": 2, "without": 2, "without any": 2, "lacking": 2, "minus": 2, "exclude": 2, "excluding": 2, "avoid": 2,
    "devoid of": 2, "free of": 2, "free from": 2, "neither": 1, "nor": 1, "except": 1, "except for": 1,
    "instead of": 1, "rather than": 1, "not": 1, "don t": 1, "isn t": 1, "aren t": 1, "doesn t": 1,
    "not wearing": 2, "not holding": 2, "not carrying": 2, "don t draw": 2, "don t show": 2, "don t include": 2,
    "don t add": 2, "don t want": 2, "do not draw": 2, "do not show": 2, "do not include": 2, "do not add": 2,
    "do not want": 2,
}  # fmt: skip
"""
What says that a thing is not there, and how many words, other than articles, colours and counts, may stand
between it and the thing.
"""
NO_DENIALS = frozenset(["only", "just", "merely", "less", "fewer", "more", "far", "one", "matter", "doubt"])
"""Words after which `no` and `not` deny nothing: not only, no fewer than."""
ARTICLES = frozenset(["a", "an", "the", "any", "single", "of", "other", "his", "her", "its", "their"])

RELATIONS = {
    "to the left of": "left", "on the left of": "left", "left of": "left", "on the left side of": "left",
    "to the right of": "right", "on the right of": "right", "right of": "right",
    "on the right side of": "right",
    "above": "above", "over": "above", "on top of": "on", "atop": "on", "on": "on", "upon": "on",
    "sits on": "on", "sitting on": "on", "standing on": "on",
    "below": "below", "under": "below", "underneath": "below", "beneath": "below",
    "next to": "near", "beside": "near", "near": "near", "in front of": "near", "behind": "near",
    "inside": "near", "in": "near",
    "on the left": "first", "at left": "first", "on the right": "last", "at right": "last",
}  # fmt: skip

# A key of things.THINGS: other words for it
SYNONYMS: dict[str, str] = {
    "airplane": "aeroplane,plane,jet,aircraft",
    "apple": "",
    "backpack": "rucksack,school bag",
    "balloon": "party balloon",
    "banana": "",
    "baseball bat": "bat",
    "baseball glove": "baseball mitt,mitt",
    "bear": "grizzly,bear cub",
    "bed": "",
    "bench": "park bench",
    "bicycle": "bike,cycle",
    "bird": "sparrow,robin,parrot,chick",
    "boat": "sailboat,sailing boat,ship,yacht",
    "book": "novel,tome",
    "bottle": "flask",
    "bowl": "",
    "bus": "coach",
    "butterfly": "moth",
    "cake": "birthday cake",
    "candle": "",
    "car": "automobile,sedan",
    "carrot": "",
    "cat": "kitten,kitty,tabby",
    "cell phone": "phone,smartphone,mobile phone,mobile",
    "chair": "",
    "clock": "wall clock,alarm clock",
    "cloud": "",
    "couch": "sofa,settee",
    "cow": "bull,calf",
    "crown": "tiara",
    "cube": "box,crate",
    "cup": "mug,teacup,coffee cup",
    "dining table": "table,desk",
    "dog": "puppy,hound,corgi,retriever,golden retriever",
    "donut": "doughnut,bagel",
    "elephant": "",
    "fire hydrant": "hydrant",
    "fish": "goldfish",
    "flower": "rose,tulip,daisy,sunflower",
    "fork": "",
    "fox": "vixen",
    "frisbee": "flying disc",
    "giraffe": "",
    "hair drier": "hair dryer,hairdryer",
    "handbag": "purse",
    "hat": "top hat",
    "headphones": "headphone,headset,pair of headphones",
    "heart": "love heart",
    "horse": "pony,foal",
    "hot air balloon": "airship",
    "hot dog": "hotdog,sausage",
    "house": "cottage,cabin,home,building",
    "keyboard": "",
    "kite": "",
    "knife": "",
    "lamp": "",
    "laptop": "computer,notebook computer",
    "microwave": "microwave oven",
    "moon": "full moon,crescent",
    "motorcycle": "motorbike",
    "mountain": "hill,peak",
    "mouse": "computer mouse",
    "orange": "",
    "oven": "stove,cooker",
    "parking meter": "",
    "person": "man,woman,boy,girl,human,child,businesswoman,businessman",
    "pizza": "",
    "potted plant": "houseplant,plant,pot plant",
    "pumpkin": "jack o lantern",
    "rabbit": "bunny,hare",
    "rainbow": "",
    "refrigerator": "fridge,freezer",
    "remote": "remote control",
    "robot": "android",
    "rocket": "spaceship,spacecraft",
    "sandwich": "toast,burger",
    "scissors": "pair of scissors",
    "sheep": "lamb,ewe",
    "sink": "washbasin,basin",
    "skateboard": "",
    "skis": "ski,pair of skis",
    "snowboard": "",
    "snowman": "",
    "spoon": "",
    "sports ball": "ball,soccer ball,football,basketball,tennis ball,sphere,orb",
    "star": "",
    "stop sign": "",
    "suitcase": "luggage,briefcase",
    "sun": "",
    "sunglasses": "shades",
    "surfboard": "",
    "teddy bear": "teddy",
    "tie": "necktie",
    "toaster": "",
    "toilet": "",
    "toothbrush": "",
    "traffic light": "stoplight,traffic signal",
    "train": "locomotive",
    "tree": "oak,pine,fir",
    "truck": "lorry,pickup,pickup truck",
    "tv": "television,tv set,monitor,screen",
    "umbrella": "parasol",
    "vase": "jug",
    "wine glass": "wineglass,goblet",
    "zebra": "",
}


IRREGULAR = {
    "knives": "knife", "mice": "mouse", "people": "person", "men": "person", "women": "person",
    "children": "person", "snowmen": "snowman",
}  # fmt: skip


def _plural(noun: str) -> str:
    if noun.endswith(("s", "sh", "ch", "x")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def _all_forms() -> dict[str, str]:
    forms: dict[str, str] = {}
    for key, others in SYNONYMS.items():
        for word in filter(None, [key, *others.split(",")]):
            forms[word] = key
            forms.setdefault(_plural(word), key)
    return forms | IRREGULAR


NOUNS = _all_forms()
WORDS_OF_LONGEST_NOUN = max(len(noun.split()) for noun in NOUNS)
SINGULARS = {word for key, others in SYNONYMS.items() for word in [key, *others.split(",")]}
PLURALS = frozenset(NOUNS) - SINGULARS
