"""The house keeps its shape: four floors, imports only downwards, names that say something."""

import ast
import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOORS = ("data_cards", "train", "curation", "space")
ROOMS = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
ALL_CODE = [*ROOMS, *sorted((ROOT / "tests").rglob("*.py"))]
LAYERS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["vitrine"]["layers"]
MOST_FILES = 24  # In one folder: about what fits one screen of a listing.
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "core"}
SLOW = {
    "torch",
    "transformers",
    "gradio",
    "datasets",
    "sklearn",
    "cv2",
    "matplotlib",
    "openvino",
    "onnxruntime",
    "accelerate",
    "evaluate",
    "fastdup",
    "ray",
    "cleanlab",
    "scipy",
    "onnx",
    "kornia",
    "pillow_heif",
    "huggingface_hub",
    "joblib",
}

# Rooms made of classes that have to inherit from torch, transformers or evaluate: only functions
# import them.
HEAVY = {
    "train.models.heads",
    "train.models.trunk_classifier",
    "train.models.fused",
    "train.finetune.teacher",
    "train.finetune.trainer",
    "train.finetune.accuracy",
    "train.finetune.callbacks",
    "train.mixing",
    "train.finetune.wise_ft",
}


def name_of(path: Path) -> str:
    return (
        path.relative_to(ROOT)
        .with_suffix("")
        .as_posix()
        .replace("/", ".")
        .removesuffix(".__init__")
    )


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports_in(path: Path) -> frozenset[str]:
    return frozenset(imports_of(tree_of(path)))


def imports_of(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide which floor they reach"
            found += [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


NAMES = {path: name_of(path) for path in ROOMS}


@cache
def own_imports(path: Path) -> set[str]:
    named = imports_in(path) & set(NAMES.values()) - {NAMES[path]}
    # `from curation.museum import brush` reaches the room, not the folder's own door.
    return {name for name in named if not any(other.startswith(f"{name}.") for other in named)}


# One test for all files: there are hundreds, and most of the time would go into telling tests apart.
def test_a_room_imports_only_its_own_floor_and_those_below():
    for path, mine in NAMES.items():
        for name in own_imports(path):
            above, own = (FLOORS.index(one.split(".")[0]) for one in (name, mine))
            assert above <= own, f"{mine} imports {name}, which is upstairs"
            entry = name.endswith("__main__") and mine != "space.console"
            assert not entry, f"{mine} imports an entry point"


def sub_package(name: str) -> str:
    """`data_cards.storage.hub` -> `storage`; a module directly on its floor stands for itself."""
    return name.split(".")[1] if "." in name else ""


def layer_of(name: str) -> int:
    """The place of a module among the layers of its floor; its floor's own __init__ is above
    all."""
    layers = LAYERS[name.split(".")[0]]
    own = sub_package(name)
    assert not own or any(own in layer for layer in layers), (
        f"{own} stands in no layer of pyproject.toml"
    )
    return next((place for place, layer in enumerate(layers) if own in layer), len(layers))


def test_a_module_imports_only_its_own_sub_package_and_those_of_lower_layers():
    for path, mine in NAMES.items():
        floor = mine.split(".")[0]
        for name in own_imports(path) if floor in LAYERS else ():
            if name.split(".")[0] != floor or sub_package(name) == sub_package(mine):
                continue
            ground = layer_of(name) == layer_of(mine) == 0
            assert ground or layer_of(name) < layer_of(mine), (
                f"{mine} imports {name}, which is not below it"
            )


def test_no_room_imports_itself_in_a_circle():
    edges = {name: own_imports(path) for path, name in NAMES.items()}
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name not in done:
            for other in edges.get(name, ()):
                walk(other, (*way, name))
            done.add(name)

    for name in edges:
        walk(name, ())


def test_a_room_has_a_clear_name():
    assert not [path for path in ALL_CODE if path.stem in VAGUE]


def test_nothing_slow_is_imported_when_a_room_is():
    for path in [path for path, name in NAMES.items() if name not in HEAVY]:
        for node in tree_of(path).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for name in imports_of(node):
                    slow = name in HEAVY or name.split(".")[0] in SLOW
                    assert not slow, f"{NAMES[path]} imports {name} at its top"


def with_text(pattern: str) -> list[Path]:
    return [path for path in ROOMS if re.search(pattern, path.read_text(), re.MULTILINE)]


def test_only_entry_points_print_exit_or_read_the_environment():
    # Handing the environment on to a child process (**os.environ) is not reading it.
    forbidden = r"^\s*print\(|\bsys\.exit\(|(?<!\*\*)os\.environ|os\.getenv|raise gr\.Error"
    found = with_text(forbidden)
    assert not [path for path in found if path.stem not in ("__main__", "app", "console")]


def test_every_room_says_what_it_is():
    assert not [path for path in ROOMS if not ast.get_docstring(tree_of(path))]


def test_the_guide_has_a_line_for_every_folder():
    text = (ROOT / "docs" / "guide" / "architecture.md").read_text()
    tree = text[text.index("## Where things are") :]
    folders = {path.parent.relative_to(ROOT).as_posix() for path in ROOMS}
    assert not sorted(folder for folder in folders if f"    {folder}/ " not in tree)


def test_no_folder_of_the_product_or_of_benchmarks_has_more_files_than_one_look_takes_in():
    files = [*ROOMS, *(ROOT / "benchmarks").rglob("*.py")]
    counted = Counter(path.parent.relative_to(ROOT).as_posix() for path in files)
    assert not {folder: count for folder, count in counted.items() if count > MOST_FILES}


def test_one_place_turns_bytes_into_pixels():
    """Whoever opens photos by another way sees other colours, other sides up, and photos that
    others refuse."""
    found = with_text(r"\bImage\.open\(|\bcv2\.imread\(|\.(Jpeg|Tiff)ImageFile\(")
    allowed = {"data_cards.photos.image", "data_cards.photos.completeness"}
    assert {NAMES[path] for path in found} <= allowed
