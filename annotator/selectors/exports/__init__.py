"""What researchers pull: the export formats, their schemas, and the stream."""

from annotator.selectors.exports.decided import AND_UNDECIDED, AS_DECIDED, values_of
from annotator.selectors.exports.queries import (
    FORMATS,
    Query,
    check_format,
    features,
    released_query,
)
from annotator.selectors.exports.released_people import ReleasedPeople, read_people
from annotator.selectors.exports.shapes import Filters
from annotator.selectors.exports.splits import SPLITS
from annotator.selectors.exports.stream import ExportStream, Snapshot, native_rows, open_export

__all__ = [
    "AND_UNDECIDED",
    "AS_DECIDED",
    "FORMATS",
    "SPLITS",
    "ExportStream",
    "Filters",
    "Query",
    "ReleasedPeople",
    "Snapshot",
    "check_format",
    "features",
    "native_rows",
    "open_export",
    "read_people",
    "released_query",
    "values_of",
]
