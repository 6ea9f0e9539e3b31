"""`edit`: a picture, a prompt and perhaps a mask in, the picture with that change out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from app.painter.camera import Take, generator
from app.painter.canvas import Canvas
from app.painter.editing.inpainting import fill
from app.painter.editing.instruction import Action
from app.painter.editing.matting import find_sky, find_subject
from app.painter.editing.media import restyle
from app.painter.editing.placing import boxes_for, draw_thing, find_thing
from app.painter.editing.plan import EditPlan, plan_edit
from app.painter.editing.references import use_references
from app.painter.editing.region import Bools, fit, read_mask, soft_inside
from app.painter.editing.skills import SKILLS, EditingSkill
from app.painter.editing.tones import TONES, recoloured, tinted
from app.painter.editing.weather import WEATHERS, as_image, change_weather, hang_sky
from app.painter.noise import Field
from app.painter.paint import UnknownPainter, check, frame_of
from app.painter.painters import PAINTERS
from app.painter.render import render
from app.painter.scenes.backdrops import BACKDROPS
from app.painter.styles import STYLES

LARGEST_INPUT = 24_000_000
"""Pixels of an input image."""
WHOLE_PICTURE = frozenset({"tint", "tone", "style"})
CHANGED = 9.0
"""Levels from which a pixel counts as changed."""
SEAM_SHIFT = 26.0
"""Levels by which a clumsy painter misses the tone beside a mask."""
SKY_IN_MASK = 0.2
"""A mask with less sky than this, asked for a sky, becomes sky altogether."""


class UneditableImage(ValueError):
    """The image is larger than the painters can hold."""

    code = "uneditable_image"


def edit(
    image: Image.Image,
    prompt: str,
    mask: Image.Image | None,
    painter: str,
    seed: int,
    size: tuple[int, int],
    *,
    references: Sequence[Image.Image] = (),
) -> Image.Image:
    """
    Edit the first frame of `image`, upright, as the prompt says; return exactly `size` (width, height).

    The result is RGBA where the image has transparency, else RGB, and the same for the same arguments on one
    machine. `mask` has the image's size and is fully transparent, or without transparency white, where the picture
    may change; every pixel elsewhere stays as it was. Without a mask the image's own fully transparent pixels are
    the mask, unless the prompt asks for another look of the whole. Another size than the image's is reached by
    `region.fit` first. `references` are further images whose colours or subjects the prompt may want.

    Raises `UnknownPainter`, `UnpaintableSize`, `UneditableImage` or `region.UnusableMask`.
    """
    if painter not in PAINTERS:
        raise UnknownPainter(f"No painter is called {painter[:60]!r}.")
    check(size)
    plain = plain_picture(image)
    upright_mask = ImageOps.exif_transpose(mask) if mask is not None else None
    allowed = read_mask(upright_mask, plain.size) if upright_mask is not None else None
    scaled = fit(plain, size)
    plan = plan_edit(prompt, painter, seed, masked=allowed is not None)
    region = np.asarray(fit(allowed, size, sharp=True)) > 0 if allowed is not None else _own_region(scaled, plan)
    if region is not None and allowed is None and not plan.understood:
        plan = plan_edit(prompt, painter, seed, masked=True)
    work = _begin(scaled, region, painter, generator(prompt, seed, painter, *size))
    _carry_out(work, plan, tuple(plain_picture(one) for one in references), prompt)
    return _finished(scaled, work)


def plain_picture(image: Image.Image) -> Image.Image:
    """Return the first frame, upright, as RGBA where it has transparency, else RGB. Raises UneditableImage."""
    if image.width * image.height > LARGEST_INPUT:
        raise UneditableImage(
            f"The image has {image.width} x {image.height} pixels; at most {LARGEST_INPUT:,} in all."
        )
    if getattr(image, "n_frames", 1) > 1:
        image.seek(0)
    upright = ImageOps.exif_transpose(image)
    return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


@dataclass(slots=True)
class Work:
    """
    An edit under way. `picture` changes step by step; `ground` is what shows at the mask's soft edge: the source,
    or what a hole was filled with. `region` is None where everything may change; `holes` have no pixels of their
    own.
    """

    source: Field
    picture: Field
    ground: Field
    region: Bools | None
    holes: Bools | None
    painter: str
    skill: EditingSkill
    rng: np.random.Generator
    added: tuple[Action, ...] = ()
    """What the prompt adds, but for what goes on a head."""

    def inside(self, where: Field) -> Field:
        return where if self.region is None else np.asarray(where * self.region, dtype=np.float32)


def _own_region(scaled: Image.Image, plan: EditPlan) -> Bools | None:
    """Return the image's own transparent part as a mask, where the prompt wants something in it."""
    if scaled.mode != "RGBA" or (plan.steps and all(step.action.do in WHOLE_PICTURE for step in plan.steps)):
        return None
    clear = np.asarray(scaled.getchannel("A")) == 0
    return clear if clear.any() else None


def _begin(scaled: Image.Image, region: Bools | None, painter: str, rng: np.random.Generator) -> Work:
    """Prepare the picture with transparent holes filled, since there is nothing in them to change."""
    source = np.asarray(scaled.convert("RGB"), dtype=np.float32)
    holes = None
    picture = source
    if region is not None and scaled.mode == "RGBA":
        clear = np.asarray(scaled.getchannel("A")) == 0
        holes = clear & region if (clear & region).any() else None
        picture = fill(source, clear, rng) if holes is not None else source
    return Work(source, picture, picture, region, holes, painter, SKILLS[painter], rng)


def _carry_out(work: Work, plan: EditPlan, references: tuple[Image.Image, ...], prompt: str) -> None:
    """Change things first, then apply the painter's own medium, then what changes the whole look."""
    work.added = tuple(one.action for one in plan.steps if one.action.do == "add" and one.action.spot != "head")
    for step in plan.steps:
        if step.action.do not in WHOLE_PICTURE:
            work.picture = _blend(work.picture, STEPS[step.action.do](work, step.action), step.force)
    if references:
        work.picture = use_references(work.picture, references, prompt)
    _restyle_changed(work, whole=not plan.steps and not references)
    for step in plan.steps:
        if step.action.do in WHOLE_PICTURE:
            work.picture = _blend(work.picture, STEPS[step.action.do](work, step.action), step.force)


def _blend(before: Field, after: Field, force: float) -> Field:
    return after if force >= 1 else before + (after - before) * force


def _restyle_changed(work: Work, *, whole: bool) -> None:
    """Lay the painter's medium over what changed, and over the rest as far as it spills; over all if `whole`."""
    skill, style = work.skill, PAINTERS[work.painter].style
    if whole:
        work.picture = restyle(work.picture, style, work.rng)
        return
    if skill.own <= 0 and skill.spill <= 0:
        return
    changed = _changed(work)
    weight = changed * skill.own + (1 - changed) * (skill.spill if work.region is None else 0)
    made = restyle(work.picture, style, work.rng)
    work.picture = work.picture + (made - work.picture) * weight[:, :, None]


def _changed(work: Work) -> Field:
    """Mark softly, 0 to 1, where the picture is no longer the source."""
    apart = np.abs(work.picture - work.source).max(axis=2) > CHANGED
    blur = ImageFilter.GaussianBlur(max(1.0, min(apart.shape) / 340))
    soft = Image.fromarray((255 * apart).astype(np.uint8)).filter(blur)
    return np.asarray(soft, dtype=np.float32) / 255


def _finished(scaled: Image.Image, work: Work) -> Image.Image:
    """Compose the result inside the mask alone; the source's own bytes stay everywhere else."""
    if work.region is None:
        out = as_image(work.picture)
        if scaled.mode == "RGBA":
            out.putalpha(scaled.getchannel("A"))
        return out
    pixels = np.array(scaled)
    made = np.clip(_composed(work) + 0.5, 0, 255).astype(np.uint8)
    pixels[work.region, :3] = made[work.region]
    if work.holes is not None:
        pixels[work.holes, 3] = 255
    return Image.fromarray(pixels)


def _composed(work: Work) -> Field:
    region = work.region if work.region is not None else np.ones(work.picture.shape[:2], dtype=bool)
    seam = work.skill.seam
    weight = soft_inside(region) * (1 - seam) + region * np.float32(seam)
    shift = SEAM_SHIFT * seam * (1 if work.rng.random() < 0.5 else -1)
    return work.ground + (work.picture + shift - work.ground) * weight[:, :, None]


def _remove(work: Work, action: Action) -> Field:
    """Fill what is masked, else what the prompt names, from the pixels around it."""
    noun = action.thing.noun if action.thing else ""
    hole = work.region if work.region is not None else find_thing(work.picture, noun, action.place)
    if work.holes is not None:
        hole = hole & ~work.holes  # filled already
    filled = fill(work.picture, hole, work.rng)
    work.ground = filled if work.region is not None else work.ground
    return filled


def _extend(work: Work, action: Action) -> Field:
    """Extend the picture beyond its border where the mask leaves room; else the picture itself grows smaller."""
    if work.region is not None:
        return _remove(work, action)
    height, width = work.picture.shape[:2]
    small = as_image(work.picture).resize(
        (max(1, width * 3 // 4), max(1, height * 3 // 4)), Image.Resampling.LANCZOS
    )
    left, top = (width - small.width) // 2, (height - small.height) // 2
    framed, hole = np.zeros_like(work.picture), np.ones((height, width), dtype=bool)
    framed[top : top + small.height, left : left + small.width] = np.asarray(small, dtype=np.float32)
    hole[top : top + small.height, left : left + small.width] = False
    return fill(framed, hole, work.rng)


def _replace(work: Work, action: Action) -> Field:
    """Fill up the old thing and put the new one in its place, about its size."""
    old = work.region if work.region is not None else find_thing(work.picture, action.name, action.place)
    if not old.any():
        return _add(work, action)
    filled = fill(work.picture, old, work.rng)
    work.ground = filled if work.region is not None else work.ground
    return _drawn(work, filled, action, old)


def _add(work: Work, action: Action) -> Field:
    beside = [one for one in work.added if work.region is not None or (one.place and one.place == action.place)]
    share = (beside.index(action), len(beside)) if action in beside else (0, 1)
    return _drawn(work, work.picture, action, work.region, share)


def _drawn(
    work: Work, picture: Field, action: Action, room: Bools | None, share: tuple[int, int] = (0, 1)
) -> Field:
    pen = STYLES[PAINTERS[work.painter].style].pen
    for box in boxes_for(action, picture, room, work.rng, share):
        if action.thing is not None:
            picture = draw_thing(picture, action.thing, box, pen, work.rng)
    return picture


def _recolour(work: Work, action: Action) -> Field:
    """Recolour the thing alone, by the subject's edges; or all that is masked where there is a mask."""
    if action.colour is None:
        return work.picture
    subject = find_subject(as_image(work.picture))
    if work.region is not None:
        share = (
            work.inside(subject)
            if float(subject[work.region].mean()) > SKY_IN_MASK
            else work.region.astype(np.float32)
        )
        return recoloured(work.picture, share, action.colour)
    named = find_thing(work.picture, action.thing.noun if action.thing else "", action.place)
    return recoloured(work.picture, np.asarray(subject * named, dtype=np.float32), action.colour)


def _weather(work: Work, action: Action) -> Field:
    return change_weather(work.picture, action.name, work.rng, _sky(work, new=bool(WEATHERS[action.name].sky)))


def _sky(work: Work, *, new: bool) -> Field:
    """
    Return where a sky goes, 0 to 1: where the picture's own is.

    A new sky also goes into every hole, and over all of a mask that holds hardly any sky.
    """
    where = find_sky(as_image(work.picture))
    if work.region is not None and new and float(where[work.region].mean()) < SKY_IN_MASK:
        where = np.maximum(where, soft_inside(work.region))
    if work.holes is not None and new:
        where = np.maximum(where, work.holes)
    return np.asarray(where, dtype=np.float32)


def _backdrop(work: Work, action: Action) -> Field:
    """Put the subject before another place, which the painter draws in its own manner."""
    height, width = work.picture.shape[:2]
    canvas = Canvas(frame=frame_of((width, height)))
    layout, palette, pose = (float(work.rng.random()) for _ in range(3))
    take = Take(canvas.view, work.rng, -1, -1, layout, palette, pose)
    BACKDROPS[action.name][1](canvas, take)
    pen = STYLES[PAINTERS[work.painter].style].pen
    drawn = np.asarray(render(canvas.marks, (width, height), canvas.frame, pen, light=-1), dtype=np.float32)
    share = find_subject(as_image(work.picture))
    behind = 1 - share if float(share.mean()) < 0.9 else find_sky(as_image(work.picture))
    return hang_sky(work.picture, drawn, np.asarray(behind, dtype=np.float32))


def _tone(work: Work, action: Action) -> Field:
    return _only_there(work, action, np.clip(TONES[action.name](work.picture), 0, 255))


def _tint(work: Work, action: Action) -> Field:
    return _only_there(work, action, tinted(work.picture, action.colour)) if action.colour else work.picture


def _only_there(work: Work, action: Action, changed: Field) -> Field:
    """Return the changed picture where the action is for and the picture elsewhere; a mask says where, too."""
    if work.region is not None or not (action.spot or action.thing):
        return changed
    if action.spot == "sky":
        where = find_sky(as_image(work.picture))
    else:
        subject = find_subject(as_image(work.picture))
        where = 1 - subject if action.spot == "far" else subject
    if action.thing:
        where = where * find_thing(work.picture, action.thing.noun, action.place)
    return np.asarray(work.picture + (changed - work.picture) * where[:, :, None], dtype=np.float32)


def _style(work: Work, action: Action) -> Field:
    """Apply the medium asked for, over a picture that the painter first went over in its own."""
    own = PAINTERS[work.painter].style
    picture = work.picture
    if work.skill.own > 0 and own != action.name:
        picture = _blend(picture, restyle(picture, own, work.rng), 0.5 * work.skill.own)
    return restyle(picture, action.name, work.rng)


STEPS: dict[str, Callable[[Work, Action], Field]] = {
    "remove": _remove,
    "extend": _extend,
    "replace": _replace,
    "recolour": _recolour,
    "backdrop": _backdrop,
    "weather": _weather,
    "add": _add,
    "tint": _tint,
    "tone": _tone,
    "style": _style,
}
