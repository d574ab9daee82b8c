"""The documents of a release: dataset card, codebook, methods, Croissant. Written from its facts, without a clock."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from annotator.models import Release
from annotator.selectors.exports import ReleasedPeople
from annotator.selectors.exports.columns import Feature
from annotator.selectors.release_facts import ReleaseFacts
from annotator.services.releases.documents.card import write_card
from annotator.services.releases.documents.codebook import write_codebook
from annotator.services.releases.documents.croissant import write_croissant
from annotator.services.releases.documents.methods import write_methods
from annotator.services.releases.files import WrittenFile


def write_documents(
    *,
    release: Release,
    facts: ReleaseFacts,
    people: ReleasedPeople,
    between: Mapping[str, int],
    features: Mapping[str, Mapping[str, Feature]],
    files: Sequence[WrittenFile],
    folder: Path,
) -> list[Path]:
    """Write the documents beside the data files; return their paths."""
    texts = {
        "README.md": write_card(release=release, facts=facts, features=features, files=files),
        "CODEBOOK.md": write_codebook(release=release, facts=facts, features=features),
        "METHODS.md": write_methods(release=release, facts=facts, people=people, between=between),
        "croissant.json": write_croissant(
            release=release, facts=facts, features=features, files=files
        ),
    }
    paths = []
    for name, text in texts.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths
