"""The words of an edit's prompt: what each phrase means, and how clauses are told apart."""

import re

from app.painter.colour import NAMED
from app.painter.scenes.backdrops import BACKDROPS

Place = tuple[float, float]


def _meanings(table: dict[str, str]) -> dict[str, str]:
    """Invert a table of phrases, parted by commas, so that it leads from each phrase to its meaning."""
    return {phrase.strip(): meaning for meaning, phrases in table.items() for phrase in phrases.split(",")}


WEATHER_WORDS = _meanings(
    {
        "aurora": "northern lights, aurora, aurora borealis",
        "moonlight": "moonlight, moonlit, moonlit night, full moon",
        "night": (
            "starry night sky, starry night, starry sky, starry, stars, night sky, night time, nighttime, "
            "at night, night, midnight, milky way, into the night"
        ),
        "space": "galaxy, outer space, nebula, cosmic",
        "sunset": "sunset, sunrise, golden hour, dusk, dawn, evening, sundown",
        "overcast": "cloudy, overcast, cloudy sky, grey sky, gray sky",
        "storm": "storm, stormy, thunderstorm, thunder, lightning",
        "rain": "rain, rainy, raining, drizzle, wet weather",
        "fog": "fog, foggy, mist, misty, haze, hazy",
        "snow": "snow, snowy, snowing, snowfall, winter, wintry, blizzard, snow covered, frost",
        "autumn": (
            "autumn, autumnal, fall colors, fall colours, fall season, fall foliage, fall leaves, autumn "
            "leaves, in fall, in the fall"
        ),
        "day": (
            "sunny, sunny day, blue sky, clear sky, clear blue sky, sky clear, "
            "clear skies, clear the sky, clear weather, daytime, daylight, sunshine, summer, midday, noon, "
            "good weather, day, into day"
        ),
    }
)
STYLE_WORDS = _meanings(
    {
        "aquarelle": "watercolour, watercolor, watercolour painting, watercolor painting, aquarelle",
        "pixel": "pixel art, pixelated, pixelart, 8 bit, 8bit, retro game",
        "lowpoly": "low poly, lowpoly, polygons, polygonal",
        "neon": "neon, cyberpunk, neon lights, neon sign",
        "halftone": "halftone, comic, comic book, pop art, newsprint",
        "poster": "poster, flat design, vector, vector art, screen print, vintage poster, illustration",
        "studio": (
            "as a photograph, as a photo, into a photograph, into a photo, a real photo, photorealistic, "
            "realistic, cinematic"
        ),
        "oil": "oil painting, oil, impressionist, painting, van gogh, oils, acrylic",
        "pencil": ("sketch, pencil, pencil sketch, pencil drawing, drawing, charcoal, line art, line drawing"),
        "cartoon": "cartoon, anime, cel shaded, ghibli",
    }
)
TONE_WORDS = _meanings(
    {
        "black and white": "black and white, black white, b w, bw, grayscale, greyscale, monochrome",
        "muted": "desaturated, desaturate, muted, faded",
        "sepia": "sepia, old photograph, old photo, vintage photo, antique, vintage, aged, old",
        "warm": "warm, warmer, warmth, warm light, warm colours, warm colors",
        "cool": "cool, cooler, cold, colder, cold light",
        "bright": "brighter, bright, brighten, lighter, lighten, brightness, exposure, more light",
        "dark": "darker, dark, darken, dim, dimmer, darkness",
        "vivid": (
            "vibrant, vivid, saturated, more saturated, colourful, colorful, more colourful, more colorful, "
            "saturation"
        ),
        "soft": "pastel, softer, soft, dreamy",
        "contrast": "more contrast, contrast, dramatic, high contrast",
        "negative": "negative, invert, inverted",
        "blurred": "blur, blurry, blurred, blurrier, out of focus, bokeh, unsharp, depth of field",
        "sharp": "sharpen, sharper, sharp, crisp, crisper, in focus",
    }
)
OPPOSITES = {
    "bright": "dark", "dark": "bright", "warm": "cool", "cool": "warm", "vivid": "muted", "muted": "vivid",
    "contrast": "soft", "soft": "contrast", "blurred": "sharp", "sharp": "blurred",
}  # fmt: skip
"""What less of a tone is."""
BACKDROP_WORDS = {word: name for name, (words, _) in BACKDROPS.items() for word in words if name != "space"}
NOT_A_BACKDROP = frozenset(
    {"table", "white", "plain", "night", "midnight", "neon", "futuristic", "cyberpunk", "square"}
)
PLACES: dict[str, Place] = {
    "top left": (0.2, 0.2), "upper left": (0.2, 0.2), "top right": (0.8, 0.2), "upper right": (0.8, 0.2),
    "bottom left": (0.2, 0.78), "lower left": (0.2, 0.78), "bottom right": (0.8, 0.78), "lower right": (0.8, 0.78),
    "top": (0.5, 0.18), "bottom": (0.5, 0.8), "left": (0.2, 0.6), "right": (0.8, 0.6), "center": (0.5, 0.5),
    "centre": (0.5, 0.5), "middle": (0.5, 0.5),
}  # fmt: skip
SPOTS = _meanings(
    {
        "sky": "in the sky, to the sky, flying, overhead, floating",
        "ground": "on the ground",
        "near": "in the foreground, in front",
        "far": "in the background, in the distance, on the horizon",
        "head": "on its head, on his head, on her head, on top of its head, wearing, wear",
    }
)
WORN = frozenset({"hat", "crown", "sunglasses"})
SIZES: dict[str, float] = {
    "tiny": 0.12, "small": 0.18, "little": 0.18, "big": 0.48, "large": 0.48, "huge": 0.62, "giant": 0.68,
    "enormous": 0.68, "massive": 0.62,
}  # fmt: skip
REPLACING = frozenset(
    ("replace", "swap", "exchange", "change", "turn", "transform", "convert", "make", "substitute")
)
PAINTING = frozenset(["paint", "repaint", "colour", "color", "recolour", "recolor", "dye"])
ADDING = frozenset(["add", "put", "place", "insert", "draw", "give"])
SWAPPING = frozenset(["replace", "swap", "exchange", "substitute", "turn", "transform"])
BEHIND = frozenset(["sky", "skies", "background", "backdrop", "setting", "scene", "night", "day", "weather"])
REMOVING = frozenset([
    "remove", "delete", "erase", "eliminate", "clear", "without", "removing", "removed", "deleted", "erased",
    "gone", "disappear", "vanish",
])  # fmt: skip
EXTENDING = frozenset(["extend", "expand", "outpaint", "uncrop", "widen", "enlarge", "continue", "extending"])
SUBJECTS = frozenset([
    "subject", "subjects", "object", "objects", "thing", "things", "item", "items", "figure", "everything", "it",
    "them", "him", "one", "there",
])  # fmt: skip
"""Words for what stands out in a picture, whatever that is."""
FILLING = frozenset([
    "please", "the", "a", "an", "of", "from", "in", "on", "at", "to", "is", "what",
    "and", "out", "away", "up", "rid", "get", "take", "cut", "fill", "clean",
    "all", "this", "that", "these", "those", "her", "his", "its", "their",
])  # fmt: skip
LESSENING = re.compile(
    r"\b(less|reduce|decrease|lessen|fewer|lower(?! (left|right|corner|half|part)\b)|tone down|turn down)\b"
)
GONE = re.compile(
    r"\b(get rid of|take (\w+ ){0,3}(out|away|off)|clean up|fill in|zoom out|cut out|with nothing"
    r"|(don t|do not) want)\b"
)
ALONE = re.compile(r"^(please )?((keep|leave|show) only|(only|just) (keep|leave|show)|isolate)\b")
"""The beginning of a clause about the only thing that is to stay."""
KEPT = re.compile(
    r"^(but |and |please )*((keep|leave|preserve|maintain|retain|do not|don t|never)\b"
    r"|(the )?same (image|picture|photo|scene)$)"
)
"""The beginning of a clause about what is to stay as it is."""
DENIED = re.compile(r"\b(no|not|never|neither|nothing|\w+n t)\b.*|\b\w+ free\b(?! (of|from|to)\b)")
"""What a clause says is not to be."""
STOPPED = re.compile(r"\bstop(s|ped|ping)?\b(?! signs?\b)|\b(melt|thaw|evaporate|disperse)(s|d|ed)?\b")
UNTOUCHED = re.compile(r"\b(without|while|by) (changing|touching|altering|affecting|moving|keeping|leaving)\b.*")
ALL_BUT = re.compile(r"\b(everything|all|anything) (but|except|besides)\b|(?<!in the )\b(background|backdrop)\b")
"""What is removed so that the subject alone stays."""
EXCEPTION = re.compile(
    r"^(.*\b(?:everything|all|whole|picture|image)\b.*?) (?:except|besides|apart from|other than|but)\b.*"
)
"""What is to change but for the subject."""
DENYING = re.compile(r"\b(no|without|any|except|(i )?(do not|don t)( want)?)\b")
UNWANTED = re.compile(r"^(and |but |with |please )*(no|without)\b")
"""The beginning of a clause about what is not to be there."""
WHERE = re.compile(r"\b(?:from|off|in|on|at|behind|near|next to|beside|under|with|above|over)\b")
"""What parts a thing from the place where it is."""
TARGET = re.compile(r"\b(the|its|my|your|this|that) \w|\b(her|him|his|their|them|he|she|they)\b")
"""What is in the picture, as a text speaks of it."""
NOT_BETWEEN = frozenset(["a", "an", "of", "with", "and", "in", "on", "to", "by", "at"])
"""Words that stand between `the` and no thing that it speaks of."""
AREAS = _meanings(
    {
        "sky": "sky, skies",
        "far": "background, backdrop, surroundings",
        "near": "foreground, subject, main subject",
    }
)
"""Parts of a picture that are told apart, by the `spot` of what changes them alone."""
WHOLE = frozenset([
    "it", "this", "that", "everything", "all", "whole", "entire", "rest", "picture", "image", "photo",
    "photograph", "shot", "scene", "drawing", "painting", "frame", "one",
    "tone", "tones", "tint", "hue", "hues", "shade", "shades", "color", "colors", "colour", "colours", "colouring",
    "coloring", "palette", "light", "lights", "lighting", "filter", "filters", "look", "looks", "cast", "wash",
    "overlay", "glow", "mood", "atmosphere", "ambience", "theme", "style", "feel", "feeling", "vibe", "vibes",
    "temperature", "balance", "level", "levels",
    "tinted", "toned", "coloured", "colored", "monochrome", "monochromatic", "solid", "plain", "single",
    "uniform", "dark", "light", "bright", "pale", "deep", "rich", "soft", "strong", "subtle", "slight", "warm",
    "cool", "pure",
])  # fmt: skip
"""Words for the picture as a whole, and for its light and colour."""
SMALL_WORDS = frozenset([
    "a", "an", "the", "in", "to", "into", "of", "with", "and", "or", "as", "at", "by", "on", "for", "from", "more",
    "very", "much", "bit", "little", "touch", "hint", "lot", "some", "so", "too", "only", "just", "overall",
    "completely", "entirely", "fully", "totally", "really", "like", "be", "is", "are", "should", "would", "could",
    "can", "will", "may", "i", "you", "we", "me", "my", "your", "s", "want", "need", "have", "has", "please",
    "kindly", "thanks", "thank", "hello", "hi", "now", "also", "then", "again", "here", "apply", "use", "using",
    "shift", "set", "mostly", "slightly", "instead", "new", "there", "look", "appear", "become", "go", "get",
])  # fmt: skip
RAISING = frozenset(["increase", "raise", "boost", "enhance", "improve", "adjust", "turn", "up"])
ONLY_ONES = frozenset(["moon", "sun", "rainbow"])
"""Things that are `the` thing before they are there."""
NO_TARGET = SMALL_WORDS | WHOLE | RAISING | frozenset(word for phrase in AREAS for word in phrase.split())
"""Words that name nothing which a tone or colour could be for but the whole, or a part that is told apart."""
WRITING = re.compile(
    r"\b(texts?|writes?|writing|written|says?|saying|captions?|titles?|words?|letter(s|ing)?|labels?|reads|reading|"
    r"inscription|slogan|headline)\b"
)
"""What a clause with a quoted text speaks of: the text itself asks for nothing else."""
LISTED = re.compile(r"^(and |or )?(the|all|any|both|every|his|her|its|their|this|that|these|those)\b")
"""The beginning of a clause that goes on with a list: `remove the cat, the dog`."""
INTO = re.compile(r"\b(?:with|by|into|to|for|as)\b")
SHOULD_BE = re.compile(
    r"^(?:and |but )?((?:the|my|his|her|its) (?:\w+ )?\w+) (?:should|must|has to|needs to) be (?:in )?"
)
"""What something should be is what it is to be changed to."""
OWN = re.compile(r"'s(?= (?:colou?rs?|shade|tone|hue|fur|coat|body|paint|skin|background|sky)\b)")
"""The owner of what is the whole of it: `the cat's fur` is the cat."""
SURFACES = frozenset(["fur", "coat", "body", "paint", "skin", "colour", "color"])
MADE = re.compile(r"\bmake the (\w+(?: \w+)?) (?:into )?(an? .+)")
GIVEN = frozenset([
    "hat", "crown", "sunglasses", "tie", "pizza", "cake", "sandwich", "hot dog", "donut", "bed", "house",
])  # fmt: skip
"""What is made for somebody, who does not become it."""
MOVED = re.compile(
    r"\b(?:put|place|set) (?:the|this|that|his|her|its|my) ((?:\w+ ){0,2}?\w+) "
    r"(?:on|in|at|under|next|behind|beside|to)\b"
)
"""What is to go elsewhere."""
ANY_BUT = re.compile(r"\b(?:anything|something|everything) (?:but|except|other than)\b")
AND_ANOTHER = re.compile(r"\band (?=(?:an?|another|one|two|three|four|five|some) )")
IN_COLOUR = re.compile(r"\bcolou?r(?:s|ed|ful)?\b|\bcoloured\b")
PAINTED = re.compile(rf"\b(?:make|turn|paint|colou?r|recolou?r|dye|change)\b.*\b(?:{'|'.join(NAMED)})$")
CLAUSES = re.compile(
    rf"\band (?=(?:the|his|her|its|my) (?:\w+ ){{1,3}}(?:{'|'.join(NAMED)})\b(?! \w))|"
    r"[.;,\n]|\bthen\b|\bbut (?=(?:keep|leave|do not|don.t)\b)"
    r"|\band (?=(?:add|put|place|remove|replace|make|change|turn|give|delete|erase|extend)\b)"
    r"|\band (?=(?:paint|keep|leave|do not)\b)"
)
