"""A folder with weights as a classifier of transformers: a backbone gets a head, a release has one.

A family is opened by its own ...ForImageClassification. Where transformers has only a trunk of it,
TrunkForImageClassification gives it a head; the vision half of CLIP or SigLIP2 becomes the
classifier of its pair.

    model = open_backbone(folder, {0: "lion", 1: "rose"})
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_cards.errors import BadBackbone, BadModel
from train.models.families import FAMILIES, BackboneFamily, family_of, row_of, side_of

if TYPE_CHECKING:
    from torch import Tensor, nn

# The file of a release that holds the code of its classifier, and the class in it.
CODE = "modeling_vitrine.py"
RELEASED = "ReleasedForImageClassification"
TRIED = 224  # pixels: a photo that says how many features an unknown trunk has
TWO = {0: "0", 1: "1"}
OPEN = 30.0  # the logistic function of it is 1 in float32


def open_backbone(
    folder: Path, labels: Mapping[int, str] | None = None, attention: str | None = None
) -> Any:
    """A backbone as a ...ForImageClassification with a random head for `labels`, in evaluation
    mode on the CPU. `attention`: how transformers computes it. Raises BadModel, BadBackbone."""
    names = dict(labels or TWO)
    names_of = {"id2label": names, "label2id": {name: number for number, name in names.items()}}
    with _named(folder):
        config = _config(folder)
        family = family_of(config)
        config.update(names_of)
        attention = attention or _attention(family)
        config._attn_implementation = attention
        if family.becomes:
            model = _become(folder, config, family.becomes, attention)
        elif has_classifier(family.model_type):
            model = _automatic().from_pretrained(
                folder, config=config, ignore_mismatched_sizes=True, **_plainly()
            )
        else:
            model = _with_head(folder, config, family)
        head_place(model)
    return _plainer(model).eval()


def open_classifier(folder: Path) -> Any:
    """A release, in evaluation mode. Raises BadModel."""
    with _named(folder):
        config = _config(folder)
        kind = _trunk_class(type(config)) if hasattr(config, "embedding_width") else _automatic()
        attention = _attention(family_of(config))
        model = kind.from_pretrained(folder, attn_implementation=attention, **_plainly())
        return _plainer(model).eval()


def known_family(model_type: str) -> BackboneFamily | None:
    """What is known of a family; None if transformers has no image network of it."""
    if model_type in FAMILIES:
        return FAMILIES[model_type]
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_MAPPING_NAMES

    if has_classifier(model_type):
        return row_of(model_type)
    if model_type in MODEL_FOR_IMAGE_MAPPING_NAMES:
        return replace(row_of(model_type), carried=True)
    return None


def has_classifier(model_type: str) -> bool:
    """Whether transformers has a ...ForImageClassification of this family."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES

    return model_type in MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES


def head_place(model: Any) -> str:
    """The name of the last matrix of a classifier: a `classifier`, or a layer in it. Raises
    BadBackbone where it has none."""
    from torch import nn

    heads = [
        name
        for name, part in model.named_modules()
        if isinstance(part, nn.Linear) and part.out_features == model.config.num_labels
    ]
    if not heads or model.get_submodule(heads[-1]).bias is None:
        raise BadBackbone(
            f"A {model.config.model_type} does not end in one linear layer, so it cannot be "
            "trained here. Choose another backbone."
        )
    return heads[-1]


def head_layer(model: Any) -> nn.Linear:
    """The last matrix of a classifier: embedding (b, d) -> logits (b, c)."""
    layer: nn.Linear = model.get_submodule(head_place(model))
    return layer


def without_head(model: Any) -> Any:
    """The same classifier with shared weights, but its logits are the input of its last matrix."""
    from torch import nn

    *path, last = head_place(model).split(".")
    made = _sharing(model)
    inner = made
    for name in path:
        inner._modules[name] = _sharing(inner._modules[name])
        inner = inner._modules[name]
    inner._modules[last] = nn.Identity()
    return made


def carried_code(config: Any) -> str:
    """The text of the file that travels with a release whose classifier transformers lacks; empty
    where it has one."""
    if not hasattr(config, "embedding_width"):
        return ""
    from train.models import trunk_classifier

    kind = type(config).__name__
    return (
        inspect.getsource(trunk_classifier)
        + f'\n\nclass {RELEASED}(TrunkForImageClassification):\n    """Of this release."""\n\n'
        f"    config_class = {kind}\n"
    ).replace(
        "from transformers import AutoModel, PreTrainedModel",
        f"from transformers import AutoModel, {kind}, PreTrainedModel",
    )


def _with_head(folder: Path, config: Any, family: BackboneFamily) -> Any:
    """A trunk that transformers has no classifier of."""
    import torch
    from transformers import AutoModel

    from train.models.trunk_classifier import features

    trunk = AutoModel.from_pretrained(folder, config=config, **_plainly())
    config.class_and_patches = family.pooling == "class and patches"
    side = side_of(config.to_dict()) or TRIED
    with torch.inference_mode():
        said = trunk.eval()(torch.zeros(1, 3, side, side))
        registers = getattr(config, "num_register_tokens", 0)
        config.embedding_width = features(said, config.class_and_patches, registers).shape[1]
    config.auto_map = {"AutoModelForImageClassification": f"{Path(CODE).stem}.{RELEASED}"}
    model = _trunk_class(type(config))(config)
    model.trunk.load_state_dict(trunk.state_dict())
    return model


def _attention(family: BackboneFamily) -> str | None:
    """What is not rewritten for inference is exported as it is: torch's own fused attention of a
    Swin cannot be."""
    return None if family.fused else "eager"


def _trunk_class(config_class: type) -> Any:
    from train.models.trunk_classifier import TrunkForImageClassification

    return type(RELEASED, (TrunkForImageClassification,), {"config_class": config_class})


def _become(folder: Path, config: Any, model_type: str, attention: str | None) -> Any:
    """A backbone of one family as the classifier of another that computes the same."""
    import transformers

    labels = {"id2label": config.id2label, "label2id": config.label2id}
    if model_type == "vit":
        own = transformers.ViTConfig(**(_sizes(config) | labels))
        own._attn_implementation = attention
        return _automatic().from_pretrained(folder, config=own, **_plainly())
    vision = getattr(config, "vision_config", config)
    weights = _towers()[config.model_type].from_pretrained(folder, **_plainly()).state_dict()
    sizes = _sizes(vision)
    if vision.model_type.startswith("siglip2"):
        weights = _square(weights, vision)
        sizes["image_size"] = side_of(sizes)
    whole = transformers.CLIPConfig if model_type == "clip" else transformers.SiglipConfig
    both = whole(vision_config=sizes, **labels)
    model = _automatic().from_config(both, attn_implementation=attention)
    model.vision_model.load_state_dict(weights)
    return model


def _plainer(model: Any) -> Any:
    """The same numbers by what engines read, and without what changes nothing. An EfficientNet
    takes its mean by a window of 1,280 pixels, which OpenVINO refuses. Its squeeze-and-excitation
    may multiply by one (train/models/wheel_weights.py); a training step takes .6 of the
    processor's time without it."""
    if model.config.model_type == "efficientnet":
        model.base_model.pooler.forward = mean_of_map
    for part in model.modules():
        gate = getattr(part, "squeeze_excite", None)
        if gate is not None and not gate.expand.weight.any() and (gate.expand.bias >= OPEN).all():
            gate.forward = unchanged
    return model


def mean_of_map(x: Tensor) -> Tensor:
    """(b, e, h, w) -> (b, e, 1, 1)."""
    return x.mean(dim=(2, 3), keepdim=True)


def unchanged(x: Tensor) -> Tensor:
    """The same again."""
    return x


# The keys for the family of a config, and for how it was saved, stay with its own class.
NOT_SIZES = {"model_type", "architectures", "transformers_version", "dtype", "auto_map"}


def _sizes(config: Any) -> dict[str, Any]:
    return {name: value for name, value in config.to_dict().items() if name not in NOT_SIZES}


def _towers() -> Mapping[str, Any]:
    import transformers

    return {
        "clip_vision_model": transformers.CLIPVisionModel,
        "siglip_vision_model": transformers.SiglipVisionModel,
        "siglip2": transformers.Siglip2VisionModel,
        "siglip2_vision_model": transformers.Siglip2VisionModel,
    }


def _square(weights: Mapping[str, Tensor], vision: Any) -> dict[str, Tensor]:
    """A SigLIP2's weights as a SigLIP's: pixels of a patch come (row, column, colour) there, and
    (colour, row, column) to a convolution."""
    name = "embeddings.patch_embedding.weight"
    side = vision.patch_size
    matrix = weights[name].reshape(-1, side, side, vision.num_channels)
    return {**weights, name: matrix.permute(0, 3, 1, 2).contiguous()}


def _config(folder: Path) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(folder, local_files_only=True)


def _automatic() -> Any:
    from transformers import AutoModelForImageClassification

    return AutoModelForImageClassification


def _plainly() -> dict[str, Any]:
    import torch

    return {"dtype": torch.float32, "local_files_only": True}


@contextmanager
def _named(folder: Path) -> Iterator[None]:
    """What transformers raises for a folder that is damaged or no model, as a sentence."""
    from safetensors import SafetensorError
    from transformers.utils import logging

    # Its bar of 0.02 s and its remarks about a new head would clutter our own lines.
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    except (
        OSError,
        ValueError,
        RuntimeError,
        AttributeError,
        TypeError,
        KeyError,
        SafetensorError,
    ) as error:
        raise BadModel(f"The model in {folder.name} cannot be opened.", cause=str(error)) from error


def _sharing(module: Any) -> Any:
    made = copy.copy(module)
    made._modules = dict(module._modules)
    return made
