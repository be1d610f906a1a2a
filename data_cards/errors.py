"""What can go wrong, each as a sentence a person can act on.

    VitrineError
    ├── BadAddress, BadCollection, UnknownClass     what somebody wrote
    ├── BadPhoto, BadSource                         what somebody gave us
    ├── MissingFile, DamagedFile, Conflict, NewerFormat   what a repository holds
    ├── DiskFull, ClosedDisk, HubUnreachable, ClusterUnreachable, NotFetched   bad days
    ├── BadDecision                                 the ledger
    ├── BackboneUnavailable (BadBackbone), CannotSplit, CannotTrain, BadModel, ExportDisagrees
    ├── NoModelYet                                  of MissingFile and BadModel
    ├── LabelsWanted                                people come first
    └── NotAllowed, TooBusy                         visitors and annotators

Only entry points print these; `evidence` keeps what the sentence was made from.
"""

from __future__ import annotations

import errno
import re
from typing import ClassVar

# Exit codes of commands; data_cards/command_line.py has the whole table.
NOT_DONE = 1  # the machine, the network or another process prevented it
WRONG_USE = 2  # the input cannot be used
LABELS_WANTED = 3  # nothing can be trained before people have labelled photos


class VitrineError(Exception):
    """`sentence` says what happened and what to do; `evidence` holds the facts behind it.

    `exit_code` is what a command ends with.
    """

    exit_code: ClassVar[int] = WRONG_USE

    def __init__(self, sentence: str, **evidence: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.evidence = evidence

    def __str__(self) -> str:
        return self.sentence

    @property
    def code(self) -> str:
        """A word for programs: BadPhoto -> bad_photo, unless the evidence has a better one."""
        name = type(self).__name__
        return str(self.evidence.get("code") or re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())


class BadAddress(VitrineError):
    """A dataset or model address that names no place."""


class BadCollection(VitrineError):
    """A card or class list that cannot be used."""


class UnknownClass(VitrineError):
    """A label that the collection does not have."""


class BadPhoto(VitrineError):
    """Bytes that are not a photo we are willing to open."""


class BadSource(VitrineError):
    """A folder, list or clip that photos cannot be collected from."""


class MissingFile(VitrineError):
    """A file or revision that a repository does not hold."""


class DamagedFile(VitrineError):
    """A file of ours whose content is damaged."""


class Conflict(VitrineError):
    """Somebody else committed first."""

    exit_code = NOT_DONE


class NewerFormat(VitrineError):
    """A dataset written by a newer Vitrine."""


class DiskFull(VitrineError):
    """Nothing more fits; what was there is untouched."""

    exit_code = NOT_DONE


class ClosedDisk(VitrineError):
    """A place that cannot be written to; what was there is untouched."""


class HubUnreachable(VitrineError):
    """The Hub does not answer, or does not let us in."""

    exit_code = NOT_DONE


class NotFetched(VitrineError):
    """A web address that gives nothing usable, or that must not be contacted."""

    exit_code = NOT_DONE


class ClusterUnreachable(VitrineError):
    """Ray is not installed, its cluster does not answer, does not let us in, or was lost on the
    way."""

    exit_code = NOT_DONE


class BadDecision(VitrineError):
    """A line that is not a decision."""


class BackboneUnavailable(VitrineError):
    """No pretrained model from the Hub, the wheel, the cache or a folder."""

    exit_code = NOT_DONE


class BadBackbone(BackboneUnavailable):
    """A name or folder that is not a usable backbone."""

    exit_code = WRONG_USE


class CannotSplit(VitrineError):
    """Too few photos or classes for an honest test."""


class CannotTrain(VitrineError):
    """Settings or data from which no model can be trained."""


class BadModel(VitrineError):
    """A folder or repository that holds no release of ours."""


class NoModelYet(MissingFile, BadModel):
    """A model address without a release so far; a first training may still come."""


class LabelsWanted(VitrineError):
    """Photos are here and were looked at; people have to label some before anything can be
    trained."""

    exit_code: ClassVar[int] = LABELS_WANTED


class TooFewLabels(CannotSplit, LabelsWanted):
    """No photo is labelled, or all are of one class: people come first, so the exit code says
    that."""


class ExportDisagrees(VitrineError):
    """An exported model that answers differently from the original."""

    exit_code = NOT_DONE


class NotExportable(VitrineError):
    """A network that cannot be written in the form that was asked for."""


class NotAllowed(VitrineError):
    """Somebody asked for what is not theirs to do."""


class TooBusy(VitrineError):
    """Too many questions at once, or from one place."""

    exit_code = NOT_DONE


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)


def sentence_of(error: OSError) -> str:
    """The operating system's words as a sentence about a path."""
    if error.errno in FULL:
        return "The disk is full. Free some space and try again."
    words = (error.strerror or str(error) or type(error).__name__).rstrip(".")
    about = " and ".join(
        str(name) for name in (error.filename, error.filename2) if name is not None
    )
    return f"{about} cannot be used: {words}." if about else f"{words}."
