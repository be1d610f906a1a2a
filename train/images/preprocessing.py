"""Photo bytes -> the tensor a ViT sees: one path for training, scanning and serving.

It does what the model's preprocessor_config.json says (and what transformers' PIL processor does
with it), in a fraction of the time: a JPEG is decoded at a fraction of its size where that is
still large enough.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_cards.errors import BadModel
from data_cards.photos.image import open_photo
from data_cards.storage.atomic_files import model_file

if TYPE_CHECKING:
    from PIL import Image

FILE = "preprocessor_config.json"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
BICUBIC = 3
# If the long side is more than this many times the short one, the centre crop keeps nothing of the
# rest; a 10-pixel-high strip would otherwise be blown up to gigabytes first.
LONGEST = 4


@dataclass(frozen=True)
class Preprocessing:
    """`short`: shorter side after resizing, pixels; 0 squashes to `size` x `size`. `size`: side
    of the square seen."""

    size: int = 224
    short: int = 256
    resample: int = BICUBIC
    scale: float = 1 / 255
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    kind: str = "BitImageProcessor"

    def at(self, size: int) -> Preprocessing:
        """The same framing at another size in pixels."""
        return replace(self, size=size, short=round(self.short * size / self.size))

    def image(self, data: bytes) -> Image.Image:
        """The upright square the model looks at, `size` x `size`, RGB. Raises BadPhoto."""
        return self.framed(self.opened(data))

    def opened(self, data: bytes, longer: int = 0) -> Image.Image:
        """The upright photo, no larger than the framing needs, and a longer side of `longer`
        pixels."""
        return open_photo(data, at_least=max(self.short, self.size), longer=longer)

    def framed(self, photo: Image.Image) -> Image.Image:
        """Resize and centre-crop an RGB image to `size` x `size`."""
        if not self.short:
            return photo.resize((self.size, self.size), self._filter)
        photo = _centre(photo, *(min(side, LONGEST * min(photo.size)) for side in photo.size))
        short, (width, height) = self.short, photo.size
        wide = (
            (int(short * width / height), short)
            if width > height
            else (short, int(short * height / width))
        )
        return _centre(photo.resize(wide, self._filter), self.size, self.size)

    def tensor(self, image: Image.Image) -> np.ndarray:
        """(3, size, size) float32 of an image of that size: scaled, centred on the mean, in
        units of the deviation."""
        pixels = np.asarray(image)
        made = np.empty((pixels.shape[2], *pixels.shape[:2]), np.float32)
        for number, plane in enumerate(made):  # in place: four times as fast as arrays in between
            np.multiply(pixels[..., number], np.float32(self.scale), out=plane)
            plane -= np.float32(self.mean[number])
            plane /= np.float32(self.std[number])
        return made

    def __call__(self, data: bytes) -> np.ndarray:
        """Photo bytes -> (3, size, size) float32. Raises BadPhoto."""
        return self.tensor(self.image(data))

    @property
    def _filter(self) -> Image.Resampling:
        from PIL import Image

        return Image.Resampling(self.resample)

    def to_json(self) -> dict[str, Any]:
        """What belongs into preprocessor_config.json, so that transformers does the same."""
        square = {"height": self.size, "width": self.size}
        return {
            "image_processor_type": self.kind,
            "do_convert_rgb": True,
            "do_resize": True,
            "size": {"shortest_edge": self.short} if self.short else square,
            "resample": self.resample,
            "do_center_crop": bool(self.short),
            "crop_size": square,
            "do_rescale": True,
            "rescale_factor": self.scale,
            "do_normalize": True,
            "image_mean": list(self.mean),
            "image_std": list(self.std),
        }

    @classmethod
    def from_json(cls, card: dict[str, Any]) -> Preprocessing:
        """Read a preprocessor_config.json. Raises BadModel for a framing we do not do."""
        told = {name: value for name, value in card.items() if value is not None}
        kind = str(told.get("image_processor_type") or told.get("feature_extractor_type") or "")
        size = _sides(told.get("size", 224))
        crop = _sides(told.get("crop_size", 224))
        cropped = bool(told.get("do_center_crop", "shortest_edge" in size and "crop_size" in told))
        short = size.get("shortest_edge", size.get("height", 0) if cropped else 0)
        seen = crop.get("height") if cropped else size.get("height", size.get("shortest_edge"))
        if "max_num_patches" in told:  # SigLIP2 cuts photos into patches: here, those of a square
            seen = told.get("patch_size", PATCH) * isqrt(told["max_num_patches"])
        if kind.startswith("ConvNext"):
            seen, short = _convnext(size.get("shortest_edge", 0), told.get("crop_pct", CONVNEXT))
        done = told.get("do_resize", True) and told.get("do_rescale", True)
        if not seen or not done or _unknown(kind, told):
            raise BadModel(
                f"This model's {FILE} describes preprocessing that we do not know.", card=card
            )
        normal = told.get("do_normalize", True)
        usual = HALF if kind.startswith(("Siglip", "MobileNetV2")) else None
        std = tuple(told.get("image_std", usual or IMAGENET_STD)) if normal else (1.0,) * 3
        if kind.startswith("EfficientNet") and told.get("include_top"):
            std = tuple(one * one for one in std)  # its own processor divides by it twice
        return cls(
            size=int(seen),
            short=int(short),
            resample=int(told.get("resample", BICUBIC)),
            scale=float(told.get("rescale_factor", 1 / 255)),
            mean=tuple(told.get("image_mean", usual or IMAGENET_MEAN)) if normal else (0.0,) * 3,
            std=std,
            kind=kind if kind in KINDS else cls.kind,
        )

    @classmethod
    def from_folder(cls, folder: Path) -> Preprocessing:
        """The framing of a model folder; ImageNet's usual one where it says nothing, no larger
        than the side that its network was built for."""
        path = folder / FILE
        if path.is_file():
            with model_file(FILE):
                return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        return cls().at(min(_built_for(folder / "config.json"), cls.size))


# What transformers' processors that we write down do with the fields that we write; other kinds
# come down to one of these, and a release says so.
KINDS = ("BitImageProcessor", "ViTImageProcessor", "CLIPImageProcessor", "SiglipImageProcessor")
HALF = (0.5, 0.5, 0.5)
PATCH = 16
CONVNEXT = 224 / 256
SQUASHED = 384  # from this side on, ConvNeXt's processor does not crop


def _convnext(side: int, share: float) -> tuple[int, int]:
    """Side of the square seen, and the shorter side before that is cut out."""
    return side, 0 if side >= SQUASHED else int(side / share)


def _unknown(kind: str, card: Mapping[str, Any]) -> bool:
    """Whether a processor does something with colours that we do not do."""
    flipped = card.get("do_flip_channel_order", kind.startswith("MobileViT"))
    return bool(flipped) or bool(card.get("rescale_offset"))


def _built_for(config: Path) -> int:
    try:
        card = json.loads(config.read_text(encoding="utf-8"))
        side = (card.get("vision_config") or card).get("image_size")
    except (OSError, ValueError, AttributeError):
        side = None  # opening the network says what is wrong with its config
    return side if isinstance(side, int) and side > 0 else Preprocessing.size


def _sides(size: int | dict[str, int]) -> dict[str, int]:
    return {"height": size, "width": size} if isinstance(size, int) else size


def _centre(image: Image.Image, width: int, height: int) -> Image.Image:
    if image.size == (width, height):
        return image
    left = (image.width - width) // 2
    top = (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))
