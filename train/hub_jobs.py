"""A training on Hugging Face's machines: the `hf jobs run` command, built from this checkout and
its pinned versions.

    # prints the command; with --submit it is run, which costs money
    python -m train job hf://you/festival hf://you/festival-vit --flavor a10g-small

The two floors that a training needs travel as volumes (hf copies them into your private bucket
`jobs-artifacts`), so what runs is this code, pushed or not. The token is named, never printed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from data_cards.errors import BadAddress, NotAllowed
from data_cards.installed_files import ROOT, pinned_requirements
from data_cards.storage.hub_client import SIGN_IN, kindly
from data_cards.storage.repository import parse_address

CODE = ("data_cards", "train")
IMAGE = "python:3.11"
TOKEN = "HF_TOKEN"
WORKPLACE = "/vitrine"
SERVING = ("fastapi", "gradio", "uvicorn")  # of requirements.txt, what no training imports


@dataclass(frozen=True)
class Job:
    """What `hf jobs run` is asked for. `volumes`: (folder here, folder there)."""

    name: str
    flavor: str
    timeout: str
    command: tuple[str, ...]
    volumes: tuple[tuple[str, str], ...]

    @property
    def words(self) -> list[str]:
        """The command line."""
        volumes = [
            word for here, there in self.volumes for word in ("--volume", f"{here}:{there}:ro")
        ]
        return [
            "hf",
            "jobs",
            "run",
            "--name",
            self.name,
            "--flavor",
            self.flavor,
            "--timeout",
            self.timeout,
            "--secrets",
            TOKEN,
            *volumes,
            "--detach",
            IMAGE,
            *self.command,
        ]

    def __str__(self) -> str:
        return shlex.join(self.words)


def training_job(
    dataset: str,
    model: str,
    flavor: str,
    timeout: str,
    flags: Sequence[str] = (),
) -> Job:
    """The job that trains `model` from `dataset`, both hf://user/name. `flags`: further ones of
    `python -m train`.

    `flavor`: as `hf jobs hardware` lists them; one process is started for each of its GPUs.
    Raises BadAddress.
    """
    for address in (dataset, model):
        if parse_address(address).kind != "hub":
            raise BadAddress(
                f"A job works only on the Hub, and {address} is a folder on this machine. Write "
                "it as "
                "hf://user/name.",
                address=address,
            )
    install = shlex.join(["pip", "install", "-q", *pins(pinned_requirements())])
    train = shlex.join([*launcher(gpus(flavor)), "-m", "train", dataset, model, *flags])
    volumes = tuple((str(ROOT / floor), f"{WORKPLACE}/{floor}") for floor in CODE)
    return Job(
        f"train-{parse_address(model).name.replace('/', '-')}",
        flavor,
        timeout,
        ("bash", "-c", f"{install} && cd {WORKPLACE} && {train}"),
        volumes,
    )


def gpus(flavor: str) -> int:
    """
    >>> gpus("a10g-largex4"), gpus("l4x1"), gpus("a10g-small"), gpus("cpu-xl")
    (4, 1, 1, 1)
    """
    found = re.search(r"x(\d+)$", flavor)
    return int(found[1]) if found else 1


def launcher(processes: int) -> list[str]:
    """What starts a Python module in so many processes."""
    if processes == 1:
        return ["python"]
    return ["accelerate", "launch", "--multi_gpu", "--num_processes", str(processes)]


def pins(requirements: str) -> list[str]:
    """The pinned versions that a training imports.

    >>> pins("# all\\ngradio[oauth]==6.31.0\\ntorch==2.13.0\\n")
    ['torch==2.13.0']
    """
    lines = [
        line.strip()
        for line in requirements.splitlines()
        if line.strip() and not line.startswith("#")
    ]
    return [line for line in lines if re.split(r"[\[=]", line)[0] not in SERVING]


def submit(job: Job) -> Any:
    """Run the job on the account that is signed in; huggingface_hub's JobInfo. Raises
    NotAllowed, HubUnreachable."""
    from huggingface_hub import HfApi, get_token

    token = get_token()
    if not token:
        raise NotAllowed(
            f"A job needs a token that may read the dataset and write the model. Sign in: {SIGN_IN}"
        )
    api = HfApi(token=token)
    with kindly(f"hf://{job.name}", "job"):
        volumes = [api.sync_job_volume(here, there) for here, there in job.volumes]
        return api.run_job(
            image=IMAGE,
            command=list(job.command),
            secrets={TOKEN: token},
            flavor=job.flavor,
            timeout=job.timeout,
            name=job.name,
            volumes=volumes,
        )
