"""What researchers pull: the export formats, their schemas, and the stream."""

from annotator.selectors.exports.queries import FORMATS, features
from annotator.selectors.exports.shapes import Filters
from annotator.selectors.exports.stream import ExportStream, native_rows, open_export

__all__ = ["FORMATS", "ExportStream", "Filters", "features", "native_rows", "open_export"]
