"""The domain's tables, one file per chapter; `docs/architecture.md` explains the words."""

from annotator.models.access import ApiToken, Invitation, Scope
from annotator.models.comparisons import (
    Assignment,
    Comparison,
    ComparisonOption,
    Offer,
    QueueCursor,
)
from annotator.models.generation import CandidateSet, Exchange, GenerationRun, Response
from annotator.models.judgments import Change, Conversation, Judgment, Turn
from annotator.models.measures import Diversity, MeasuringFault, Verdict
from annotator.models.people import Annotator, Consent, Participation
from annotator.models.projects import Project, Wave
from annotator.models.prompts import Prompt, PromptGroup
from annotator.models.releases import Release
from annotator.models.sources import ModelEndpoint, TranslationDraft, ValueProfile

__all__ = [
    "Annotator",
    "ApiToken",
    "Assignment",
    "CandidateSet",
    "Change",
    "Comparison",
    "ComparisonOption",
    "Consent",
    "Conversation",
    "Diversity",
    "Exchange",
    "GenerationRun",
    "Invitation",
    "Judgment",
    "MeasuringFault",
    "ModelEndpoint",
    "Offer",
    "Participation",
    "Project",
    "Prompt",
    "PromptGroup",
    "QueueCursor",
    "Release",
    "Response",
    "Scope",
    "TranslationDraft",
    "Turn",
    "ValueProfile",
    "Verdict",
    "Wave",
]
