"""The painter of this product: always there, without a key, and only for its own models."""

import random
import threading
from dataclasses import dataclass, field

from app.catalog.limits import Limits
from app.gateway.images import encode
from app.gateway.providers.base import ProviderError, ProviderImage, ProviderReply, ProviderRequest
from app.gateway.wire import HttpSession
from app.painter.painters import PAINTERS

SEEDS = 2**31

# Painting is pure computation: more at once than the machine has cores only makes all of them slower.
_few_at_a_time = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class LocalPainter:
    """`rng` draws the seed when the caller gives none."""

    rng: random.Random = field(default_factory=random.SystemRandom, repr=False)
    slug: str = "painter"
    base_url: str = ""
    parameters: frozenset[str] = frozenset({"seed"})

    def native_formats(self, model_id: str, limits: Limits) -> frozenset[str]:  # noqa: ARG002
        return frozenset(limits.output_formats) or frozenset({"png"})

    def make(self, job: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Image by image until the time is up; the same seed paints the same picture. Raises ProviderError."""
        if job.model_id not in PAINTERS:
            raise ProviderError("not_found")
        first = job.extra.get("seed", self.rng.randrange(SEEDS))
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
        from app.painter.paint import UnpaintableSize, paint  # noqa: PLC0415  (numpy loads when first used)

        native = job.output_format or min(self.native_formats(job.model_id, job.limits))
        try:
            return encode(paint(job.prompt, job.model_id, seed, job.size or (1024, 1024)), native)
        except UnpaintableSize as error:
            raise ProviderError("rejected", param="size") from error
