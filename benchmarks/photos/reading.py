"""What it costs to read a photo: memory by format, and time with and without a colour profile.

    python -m benchmarks.photos.reading memory              bytes per decoded pixel, at most
    python -m benchmarks.photos.reading time FOLDER         milliseconds per photo of a folder

Each picture of `memory` has 30 million pixels, an orientation and a Display P3 profile, and is read
by a process of its own.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.photos.colour import Coding, changes_colours
from data_cards.photos.image import PhotoLimits, open_photo

SIZE = (6000, 5000)
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "JPEG": ("JPEG", "RGB", {}),
    "JPEG, grey": ("JPEG", "L", {}),
    "JPEG, CMYK": ("JPEG", "CMYK", {}),
    "JPEG, progressive": ("JPEG", "RGB", {"progressive": True}),
    "PNG": ("PNG", "RGB", {"compress_level": 1}),
    "PNG, transparent": ("PNG", "RGBA", {"compress_level": 1}),
    "WEBP": ("WEBP", "RGB", {"method": 0}),
    "WEBP, transparent": ("WEBP", "RGBA", {"method": 0}),
    "TIFF": ("TIFF", "RGB", {"compression": "tiff_adobe_deflate"}),
    "HEIF": ("HEIF", "RGB", {}),
    "AVIF": ("AVIF", "RGB", {}),
    "AVIF, transparent": ("AVIF", "RGBA", {}),
}
ANY = PhotoLimits(max_bytes=2**31)
MEASURED_AT = (256, 384)  # pixels of the shorter and the longer side, as a scan asks for


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("what", choices=("memory", "time", "one"))
    flags.add_argument("path", nargs="?", type=Path, default=Path())
    given = flags.parse_args()
    {"memory": _memory, "time": _time, "one": _one}[given.what](given.path)


def _memory(_: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, (form, mode, options) in KINDS.items():
            path = Path(folder, "picture")
            path.write_bytes(_picture(form, mode, options))
            command = [sys.executable, "-m", "benchmarks.photos.reading", "one", str(path)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            print(f"{name:20} {said.strip()}", flush=True)


def _picture(form: str, mode: str, options: dict[str, Any]) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    cells = np.random.default_rng(0).integers(0, 255, (SIZE[1] // 100, SIZE[0] // 100, 3), np.uint8)
    image = Image.fromarray(cells).resize(SIZE, Image.Resampling.NEAREST).convert(mode)
    if mode == "RGBA":
        image.putalpha(200)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    image.save(out, form, exif=exif, icc_profile=Coding(12, 13).profile(), **options)
    return out.getvalue()


def _one(path: Path) -> None:
    data = path.read_bytes()
    before = _peak()
    begun = time.perf_counter()
    image = open_photo(data, limits=ANY)
    pixels = image.width * image.height
    seconds = time.perf_counter() - begun
    print(f"{(_peak() - before) / pixels:5.1f} bytes a pixel, {seconds:.2f} s")


def _peak() -> int:
    """Bytes; of this program alone, where getrusage would count what its parent held as well."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def _time(folder: Path) -> None:
    taken: dict[str, list[float]] = {"as sRGB": [], "converted to sRGB": []}
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        try:
            open_photo(data, at_least=MEASURED_AT[0], longer=MEASURED_AT[1])
            best = min(_seconds(data) for _ in range(5))
        except BadPhoto:
            continue
        profile = Image.open(io.BytesIO(data)).info.get("icc_profile")
        kind = "converted to sRGB" if changes_colours(profile, "RGB") else "as sRGB"
        taken[kind].append(best)
    for kind, seconds in taken.items():
        if seconds:
            print(f"{kind}: {len(seconds)} photos, {1000 * np.mean(seconds):.2f} ms each")


def _seconds(data: bytes) -> float:
    begun = time.process_time()
    open_photo(data, at_least=MEASURED_AT[0], longer=MEASURED_AT[1])
    return time.process_time() - begun


if __name__ == "__main__":
    main()
