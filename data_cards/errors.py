"""What can go wrong, each as a sentence a person can act on.

    VitrineError
    ├── BadAddress, BadCollection, UnknownClass     what somebody wrote
    ├── BadPhoto, BadSource                         what somebody gave us
    ├── MissingFile, Conflict, NewerFormat          what a repository holds
    ├── DiskFull, HubUnreachable, ClusterUnreachable bad days
    ├── BadDecision                                 the ledger
    ├── BackboneUnavailable, CannotSplit, CannotTrain, BadModel, ExportDisagrees
    └── NotAllowed, TooBusy                         visitors and annotators

Only entry points print these; `evidence` keeps what the sentence was made from.
"""

from __future__ import annotations


class VitrineError(Exception):
    """`sentence` says what happened and what to do; `evidence` holds the facts behind it."""

    def __init__(self, sentence: str, **evidence: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.evidence = evidence

    def __str__(self) -> str:
        return self.sentence


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


class Conflict(VitrineError):
    """Somebody else committed first."""


class NewerFormat(VitrineError):
    """A dataset written by a newer Vitrine."""


class DiskFull(VitrineError):
    """Nothing more fits; what was there is untouched."""


class HubUnreachable(VitrineError):
    """The Hub does not answer, or does not let us in."""


class ClusterUnreachable(VitrineError):
    """Ray is not installed, its cluster does not answer, does not let us in, or was lost on the way."""


class BadDecision(VitrineError):
    """A line that is no decision."""


class BackboneUnavailable(VitrineError):
    """No pretrained model from the Hub, the wheel, the cache or a folder."""


class CannotSplit(VitrineError):
    """Too few photos or classes for an honest test."""


class CannotTrain(VitrineError):
    """Settings or data that no model can come from."""


class BadModel(VitrineError):
    """A folder or repository that holds no release of ours."""


class ExportDisagrees(VitrineError):
    """An exported model that answers differently from the original."""


class NotAllowed(VitrineError):
    """Somebody asked for what is not theirs to do."""


class TooBusy(VitrineError):
    """Too many questions at once, or from one place."""
