"""Releases: asked for, built once inside one snapshot, published for good, perhaps retracted."""

from annotator.services.releases.building import build_release, ring_for_releases
from annotator.services.releases.states import retract_release, start_release

__all__ = ["build_release", "retract_release", "ring_for_releases", "start_release"]
