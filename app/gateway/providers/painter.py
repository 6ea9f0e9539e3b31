"""The painter of this product: always there, without a key, and only for its own models."""

import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.catalog.limits import Limits
from app.gateway.adjustments import Adjustment, shorten
from app.gateway.errors import InvalidParameter
from app.gateway.images import INPUT, decode, encode, header_size
from app.gateway.providers.base import ProviderError, ProviderImage, ProviderReply, ProviderRequest
from app.gateway.request import ImageRequest
from app.gateway.sizes import Size, write_size
from app.gateway.transport import HttpSession
from app.painter.painters import LARGEST_RATIO, LARGEST_SIDE, PAINTERS, SMALLEST_SIDE

if TYPE_CHECKING:
    from PIL import Image

SEEDS = 2**31
SQUARE = frozenset({"legacy-2"})
"""Painters that take square images alone, as DALL-E 2 does."""
DEFAULT_SIZE = (1024, 1024)
MOST_TOLD = 20
"""Parts of a prompt of which an answer says that they were left out."""

# Painting is pure computation: more at once than the machine has cores only makes all of them slower.
_few_at_a_time = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class LocalPainter:
    """The painter as a provider; `rng` draws the seed when the caller gives none."""

    rng: random.Random = field(default_factory=random.SystemRandom, repr=False)
    slug: str = "painter"
    base_url: str = ""

    def check(self, request: ImageRequest, model_id: str) -> None:
        """Refuse images of a shape that a model does not take. Raises InvalidParameter."""
        for width, height in map(header_size, request.images if model_id in SQUARE else ()):
            if width != height:
                message = f"{model_id} takes square images alone; this one has {width}x{height} pixels."
                raise InvalidParameter("image", message)

    def read_prompt(self, request: ImageRequest) -> list[Adjustment]:
        """List what of a prompt the painters will leave out."""
        from app.painter.unmet import find_unmet, find_unmet_in_edit, is_understood  # noqa: PLC0415  (loads numpy)

        if request.operation == "edit":
            # An image's own transparent part is the mask where the prompt says nothing else.
            is_masked = request.mask is not None
            is_masked = is_masked or (not is_understood(request.prompt) and _has_hole(request.images[0]))
            unmet = find_unmet_in_edit(request.prompt, masked=is_masked, further_images=len(request.images) > 1)
        else:
            unmet = find_unmet(request.prompt)
        return [Adjustment("prompt", shorten(one.asked), one.used, one.reason) for one in unmet[:MOST_TOLD]]

    def make(self, job: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Paint one by one until the time is up; the same seed paints the same picture. Raises ProviderError."""
        if job.model_id not in PAINTERS:
            raise ProviderError("not_found")
        first = job.values.get("seed", self.rng.randrange(SEEDS))
        if not isinstance(first, int) or not 0 <= first < SEEDS:
            raise ProviderError("rejected", param="seed")
        made: list[ProviderImage] = []
        for number in range(job.n):
            with _few_at_a_time:
                if http.left <= 0:
                    break
                made.append(ProviderImage(data=self._paint(job, first + number)))
        if not made:
            raise ProviderError("timeout")
        return ProviderReply(tuple(made))

    def _paint(self, job: ProviderRequest, seed: int) -> bytes:
        from app.painter.editing.region import UnusableMask  # noqa: PLC0415  (numpy loads when first used)
        from app.painter.paint import UnpaintableSize  # noqa: PLC0415

        native = job.output_format or min(job.limits.output_formats, default="png")
        try:
            picture = _picture(job, seed)
        except UnpaintableSize as error:
            raise ProviderError("rejected", param="size", reason=str(error)) from error
        except UnusableMask as error:
            raise ProviderError("rejected", param="mask", reason=str(error)) from error
        return encode(picture if native != "jpeg" else picture.convert("RGB"), native)


def _has_hole(data: bytes) -> bool:
    """Tell whether any pixel of an input image is fully transparent."""
    image = decode(data, alpha=True, limits=INPUT)
    return image.mode == "RGBA" and image.getchannel("A").histogram()[0] > 0


def _picture(job: ProviderRequest, seed: int) -> "Image.Image":
    from app.painter.editing.edit import edit  # noqa: PLC0415
    from app.painter.editing.region import fit  # noqa: PLC0415
    from app.painter.editing.vary import vary  # noqa: PLC0415
    from app.painter.paint import paint  # noqa: PLC0415

    if job.operation == "generation":
        return paint(job.prompt, job.model_id, seed, job.size or DEFAULT_SIZE)
    first, *others = [decode(data, alpha=True, limits=INPUT) for data in job.images]
    size = _choose_edit_size(job, first.size)
    if job.operation == "variation":
        return vary(fit(first, size), job.model_id, seed)
    mask = decode(job.mask, alpha=True, limits=INPUT) if job.mask is not None else None
    return edit(first, job.prompt, mask, job.model_id, seed, size, references=others)


def _choose_edit_size(job: ProviderRequest, natural: Size) -> Size:
    """Choose the size of an edit: the input's own where it may be, so that unmasked pixels stay exact."""
    if job.sized and job.size:
        return job.size
    return natural if _draws(job.limits, natural) else job.size or DEFAULT_SIZE


def _draws(limits: Limits, size: Size) -> bool:
    if limits.sizes:
        return write_size(size) in limits.sizes
    return min(size) >= SMALLEST_SIDE and max(size) <= min(LARGEST_SIDE, LARGEST_RATIO * min(size))
