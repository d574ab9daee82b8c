"""croissant.json: MLCommons Croissant 1.0 with the vocabulary for responsible AI (RAI 1.0)."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.conf import settings

from annotator.models import Release
from annotator.models.worded import pick_text
from annotator.selectors.exports.columns import Feature
from annotator.selectors.release_facts import ReleaseFacts
from annotator.services.releases.documents.tables import name_region
from annotator.services.releases.files import WrittenFile

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {
    "int64": "sc:Integer",
    "int32": "sc:Integer",
    "string": "sc:Text",
    "bool": "sc:Boolean",
    "float64": "sc:Float",
    "timestamp[us, tz=UTC]": "sc:DateTime",
}
PARQUET = "application/x-parquet"


def write_croissant(
    *,
    release: Release,
    facts: ReleaseFacts,
    features: Mapping[str, Mapping[str, Feature]],
    files: Sequence[WrittenFile],
) -> str:
    """Return the document: one record set for each Parquet file with rows, its plain columns as fields."""
    parts = [file for file in files if file.path.endswith(".parquet") and file.rows]
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": f"{release.project.slug}-{release.version}",
        "description": pick_text(release.project.description, "en")[0]
        or f"Judgments of people on responses of language models: {release.project.name}.",
        "version": release.version if release.version.count(".") == 2 else f"{release.version}.0",
        "license": f"https://spdx.org/licenses/{release.licence}.html",
        "url": f"{settings.PUBLIC_URL}/api/v1/projects/{release.project.slug}/releases/{release.version}/",
        "datePublished": facts.last_day or "1970-01-01",
        "citeAs": f"{release.project.name}, release {release.version}",
        "inLanguage": [tag for tag, _judgments, _people in facts.languages],
        "isLiveDataset": False,
        **_responsible(facts),
        "distribution": [_file(part) for part in parts],
        "recordSet": [_records(part, features[part.format or ""]) for part in parts],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def _responsible(facts: ReleaseFacts) -> dict[str, Any]:
    return {
        "rai:dataCollection": "People compared responses of language models in their own language; METHODS.md has the particulars.",
        "rai:dataCollectionType": ["Surveys", "Manual Human Curation"],
        "rai:dataAnnotationProtocol": "Each judgment is one person's; several people judge the same comparison, and all of their answers are kept.",
        "rai:annotationsPerItem": f"{facts.judgments / facts.sets:.2f}" if facts.sets else "0",
        "rai:annotatorDemographics": [
            f"{name_region(country)}: {people} people"
            for country, _judgments, people in facts.countries
        ],
        "rai:personalSensitiveInformation": "Pseudonyms keyed per project; free texts of annotators.",
        "rai:dataBiases": "The people are those whom the project reached; shares by country and language stand in METHODS.md.",
        "rai:dataUseCases": "Training and testing models of preferences that differ between people and groups.",
        "rai:dataLimitations": "Responses are those of the models and strategies named in METHODS.md. A low agreement is no error.",
        "rai:dataReleaseMaintenancePlan": "A release never changes; people who withdraw are left out of later ones.",
    }


def _file(part: WrittenFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": part.path,
        "name": part.path,
        "contentUrl": part.path,
        "contentSize": f"{part.bytes} B",
        "encodingFormat": PARQUET,
        "sha256": part.sha256,
    }


def _records(part: WrittenFile, columns: Mapping[str, Feature]) -> dict[str, Any]:
    name = part.path.removesuffix(".parquet").replace("/", "-")
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"{part.rows} rows of the format {part.format}, split {part.split}.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                "dataType": TYPES[feature["dtype"]],
                "source": {
                    "fileObject": {"@id": part.path},
                    "extract": {"column": column},
                },
            }
            for column, feature in columns.items()
            if feature.get("_type") == "Value"
        ],
    }
