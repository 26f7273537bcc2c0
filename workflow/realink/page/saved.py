"""Figures as files."""

from pathlib import Path

from matplotlib.figure import Figure

from realink.store.files import written_whole


def save(figure: Figure, svg: Path | None, png: Path) -> None:
    """Write a figure in both formats, or as PNG alone."""
    # Without the date, the same numbers give the same file.
    for output, metadata in ((svg, {"Date": None}), (png, {})):
        if output is None:
            continue
        with written_whole(output) as temporary:
            figure.savefig(temporary, dpi=160, bbox_inches="tight", metadata=metadata)
