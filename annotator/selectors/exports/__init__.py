"""What researchers pull: the export formats, their schemas, and the stream."""

from annotator.selectors.exports.queries import FORMATS, check_format, features, released_query
from annotator.selectors.exports.released_people import ReleasedPeople, read_people
from annotator.selectors.exports.shapes import Filters
from annotator.selectors.exports.splits import SPLITS
from annotator.selectors.exports.stream import ExportStream, Snapshot, native_rows, open_export

__all__ = [
    "FORMATS",
    "SPLITS",
    "ExportStream",
    "Filters",
    "ReleasedPeople",
    "Snapshot",
    "check_format",
    "features",
    "native_rows",
    "open_export",
    "read_people",
    "released_query",
]
