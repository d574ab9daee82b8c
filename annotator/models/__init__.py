"""The domain's tables, one file per chapter; `docs/architecture.md` explains the words."""

from annotator.models.access import (
    SCOPE_RIGHTS,
    AnsweredCall,
    ApiToken,
    AuditEvent,
    Invitation,
    Membership,
    Scope,
)
from annotator.models.checks import CheckItem, QualityFlag
from annotator.models.comparisons import (
    Assignment,
    Comparison,
    ComparisonOption,
    Offer,
    QueueCursor,
)
from annotator.models.drafts import Draft
from annotator.models.findings import Finding, TextCheck
from annotator.models.flags import HarmFlag
from annotator.models.generation import CandidateSet, Exchange, GenerationRun, Response
from annotator.models.judgments import Change, Conversation, Judgment, Turn
from annotator.models.measures import BoardCount, Diversity, MeasuringFault, Verdict
from annotator.models.own_words import OwnWords, WordsUse
from annotator.models.panels import Outcome, PanelSession
from annotator.models.pay import PayLine, PayPeriod
from annotator.models.people import Annotator, Consent, Exclusion, Participation, ProfileRevision
from annotator.models.people_settings import Tick
from annotator.models.projects import BlockCounter, Project, Target, Wave
from annotator.models.prompts import Prompt, PromptGroup
from annotator.models.releases import Release
from annotator.models.roles import Right, Role
from annotator.models.sources import ModelEndpoint, TranslationDraft, ValueProfile

__all__ = [
    "SCOPE_RIGHTS",
    "Annotator",
    "AnsweredCall",
    "ApiToken",
    "Assignment",
    "AuditEvent",
    "BlockCounter",
    "BoardCount",
    "CandidateSet",
    "Change",
    "CheckItem",
    "Comparison",
    "ComparisonOption",
    "Consent",
    "Conversation",
    "Diversity",
    "Draft",
    "Exchange",
    "Exclusion",
    "Finding",
    "GenerationRun",
    "HarmFlag",
    "Invitation",
    "Judgment",
    "MeasuringFault",
    "Membership",
    "ModelEndpoint",
    "Offer",
    "Outcome",
    "OwnWords",
    "PanelSession",
    "Participation",
    "PayLine",
    "PayPeriod",
    "ProfileRevision",
    "Project",
    "Prompt",
    "PromptGroup",
    "QualityFlag",
    "QueueCursor",
    "Release",
    "Response",
    "Right",
    "Role",
    "Scope",
    "Target",
    "TextCheck",
    "Tick",
    "TranslationDraft",
    "Turn",
    "ValueProfile",
    "Verdict",
    "Wave",
    "WordsUse",
]
