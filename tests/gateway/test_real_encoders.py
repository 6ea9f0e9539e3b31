"""Files of the programs that people make images with: Chromium judges each; skipped where a program is missing."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.gateway.test_colours import assert_alike, page

__all__ = ["page"]
COMMANDS = [
    *(
        f"cjpeg {options} -outfile OUT.jpg SMOOTH.ppm"
        for options in (
            *("-sample 1x1", "-sample 4x1", "-sample 1x2", "-progressive -sample 2x1", "-grayscale", "-rgb"),
            *("-quality 5", "-restart 1 -optimize"),
        )
    ),
    *(
        f"cwebp -quiet {options} HALF.png -o OUT.webp"
        for options in (
            "-lossless",
            "-near_lossless 20",
            "-alpha_q 10",
            "-q 0 -m 6",
            "-crop 3 5 40 30",
            "-noalpha",
        )
    ),
    *(f"pngquant --force {options} -o OUT.png HALF.png" for options in ("--speed 1", "--posterize 4", "--nofs 4")),
    *(
        f"convert HALF.png {options} OUT.png"
        for options in (
            *("-define png:color-type=4 -define png:bit-depth=16", "-define png:color-type=0 -interlace PNG"),
            *("-define png:color-type=2 -transparent white", "-colors 3 -define png:color-type=3"),
        )
    ),
    *(f"convert SMOOTH.ppm {options} OUT.jpg" for options in ("-colorspace CMYK", "-orient left-bottom")),
    *(
        f"vips copy HALF.png OUT.{end}"
        for end in ("png[palette=true,bitdepth=2,interlace=true]", "webp[smart-subsample=true]", "gif[bitdepth=3]")
    ),
    *(
        f"ffmpeg -v error -i HALF.png {options}"
        for options in (
            *(
                "-pix_fmt rgba64be -pred mixed OUT.png",
                "-pix_fmt ya16be -f apng OUT.png",
                "-pix_fmt monob OUT.png",
            ),
            *("-pix_fmt yuv422p -color_range tv -strict unofficial -q:v 2 OUT.jpg", "-pix_fmt pal8 OUT.gif"),
        )
    ),
    *(
        f"avifenc -s 9 --min 0 --max 5 {options} SMOOTH.png OUT.avif"
        for options in (
            *("-y 444 -r limited", "-y 400", "-y 420 -d 10", "-g 2x2", "--irot 1 --imir 0", "--crop 16,8,32,24"),
            *("--cicp 12/13/6", "--cicp 9/13/9 -r limited", "--pasp 2,1", "-l"),
        )
    ),
    "heif-enc -A -q 95 -t 16 -o OUT.avif SMOOTH.png",
    "gm convert SMOOTH.ppm -interlace Line OUT.jpg",
]


def run(command: str, folder: Path) -> None:
    program, *rest = command.split()
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"there is no {program}")
    done = subprocess.run([found, *rest], check=False, cwd=folder, capture_output=True, timeout=60)
    if done.returncode:
        pytest.skip(f"this {program} does not know an option: {done.stderr.decode(errors='replace')[-200:]}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a smooth image and the same one fading out, of 128 x 128 since grids of AVIF have tiles of 64."""
    made = tmp_path_factory.mktemp("encoded")
    ramp = np.linspace(0, 255, 128, dtype=np.uint8)
    across, down = np.meshgrid(ramp, ramp)
    smooth = Image.fromarray(np.dstack([across, down, 255 - across // 2]))
    smooth.save(made / "SMOOTH.png")
    smooth.save(made / "SMOOTH.ppm")
    smooth.putalpha(Image.fromarray(down))
    smooth.save(made / "HALF.png")
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_of_another_program_is_what_a_browser_shows(page: Page, folder: Path, command: str) -> None:
    run(command, folder)
    made = max(folder.glob("OUT.*"), key=lambda path: path.stat().st_mtime_ns)
    data = made.read_bytes()
    made.unlink()
    assert_alike(page, data, {"jpg": "jpeg"}.get(kind := made.suffix[1:], kind))
