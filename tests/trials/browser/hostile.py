"""Names that somebody could give to a question, a population or a setting, to see what a report makes of them."""

import pandas as pd
import yaml

from tests.sealing import seal_anew

MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script></title></style>'
NAMES = {
    "markup": MARKUP,
    "money": r"$\undefined$ & $5",
    "underline": "_Hidden Shelter",
    "bidi": "\u202eretlehs eht\u202c \u05d1\u05d9\u05ea",
    "asian": "東京シェルター",
    "formula": '=HYPERLINK("http://example.org")',
}
QUESTION = f"Who said {MARKUP} {{{{ 7 * 7 }}}} {{% raw %}} \u202eth\u202c?"
POPULATIONS = ["adults", '"><svg onload=window.ran=1>', "_under", "東京"]


def write_configuration(folder):
    """Write a folder for --config-dir with an experiment whose question and names are hostile; return it."""
    for group in ("experiment", "regime"):
        (folder / group).mkdir()
    regime = {"name": "own", "label": MARKUP, "programmes": {"service": {}}}
    (folder / "regime" / "own.yaml").write_text("# Own.\n" + yaml.safe_dump(regime), encoding="utf-8")
    cases = [{"name": f"case_{place}", "grants.luck": place / 10} for place in range(len(NAMES))]
    field = {"populations": POPULATIONS, "population_demand": [0.25] * 4}
    experiment = {
        "defaults": [{"override /regime": "own"}],
        "question": QUESTION, "seeds": 2, "field": field, "design": {"cases": cases},
    }  # fmt: skip
    text = "# @package _global_\n# Own.\n" + yaml.safe_dump(experiment, sort_keys=False, allow_unicode=True)
    (folder / "experiment" / "mine.yaml").write_text(text, encoding="utf-8")
    return folder


def spoil(folder):
    """Give settings of kept results the hostile names, which no command of ours lets pass: somebody else's folder."""
    named = dict(zip([f"case_{place}" for place in range(len(NAMES))], NAMES.values(), strict=True))
    runs = pd.read_parquet(folder / "runs.parquet")
    runs["case"] = runs["case"].map(named)
    runs.to_parquet(folder / "runs.parquet", index=False)
    seal_anew(folder, name=MARKUP, versions={MARKUP: MARKUP})
