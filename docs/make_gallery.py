"""Draw results/gallery/ anew, from the demo and one comparison: python docs/make_gallery.py, or make gallery."""

import shutil
import tempfile
from pathlib import Path

import pandas as pd
from PIL import Image

from sim.__main__ import main
from sim.figures import make_figures
from sim.figures.figure import Origin
from sim.figures.validation import plot_validation
from sim.results.store import load_results

VALIDATION = Path(__file__).parent / "validation.csv"
GALLERY = Path(__file__).parents[1] / "results" / "gallery"
SCENARIO = "Calibrated sets of parameters; each pattern is tried in the settings that its test names."
RUNS = {  # words of the command line, and the figures taken from its results
    ("demo",): ["phases"],
    ("compare", "regime=unrestricted,competitive,population_silo", "shock=total_cut", "seeds=40"): [
        "collaboration", "differences", "people", "forms", "survival", "network", "memberships",
    ],
}  # fmt: skip
HEAD = """\
# Gallery

What `coalitions draw` makes, one figure a question. `make gallery` draws all of them anew; each is also kept as numbers
(CSV) and words (text). How to make one of your own: [docs/figures.md](../../docs/figures.md).
"""


def draw_gallery(folder: Path = GALLERY) -> list[str]:
    """Run what is needed, write figures and README.md into `folder`, which is emptied first; return the names."""
    shutil.rmtree(folder, ignore_errors=True)
    parts, names = [HEAD], []
    for words, wanted in RUNS.items():
        with tempfile.TemporaryDirectory() as scratch:
            if main([*words, "--results", scratch, "--no-figures"]) != 0:
                raise SystemExit(f"coalitions {' '.join(words)}: failed; nothing is drawn")
            results = load_results(next(Path(scratch).iterdir()))
        for figure in make_figures(results, wanted):
            _shrink(figure.save(folder, ["png"])[0])
            names.append(figure.name)
            parts.append(f"## {figure.title}\n\n{figure.scenario}\n\n![{figure.alt}]({figure.name}.png)\n")
    origin = Origin("make validation", "docs/validation.csv", scenario=SCENARIO)
    validation = plot_validation(pd.read_csv(VALIDATION), origin)
    _shrink(validation.save(folder, ["png"])[0])
    names.append(validation.name)
    parts.append(f"## {validation.title}\n\n{validation.scenario}\n\n![{validation.alt}]({validation.name}.png)\n")
    (folder / "README.md").write_text("\n".join(parts), encoding="utf-8")
    return names


def _shrink(path: Path) -> None:
    """Write a PNG in less room with the same colours: a palette where it has few, else without the opaque channel.

    Fewer colours than it has are never made of them: a palette of 256 put one grey in the place of several steps of a
    colour scale.
    """
    with Image.open(path) as picture:
        plain = picture.convert("RGB")
    found = plain.getcolors(256)
    if found is not None:
        plain = plain.quantize(len(found), dither=Image.Dither.NONE)
    plain.save(path, optimize=True)


if __name__ == "__main__":
    print(f"{len(draw_gallery())} figures in {GALLERY}")
