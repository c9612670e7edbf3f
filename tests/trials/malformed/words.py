"""Words of a command line and YAML files that must be refused: generated from what is declared, and kept ones."""

from __future__ import annotations

import random

from sim.configuration import declared

NO_VALUES = (
    "", " ", "None", "abc", "1,5x", "[", "]", "{", "}", "{a: 1}", "[1, [2]]", "'", '"', "${oc.env:HOME}", "$HOME",
    "${now:}", "1e999", "-1e999", "nan", "inf", "0x10", "1__0", "٣", "½", "1e", "--1", "\x00", "\u202e1", "9" * 400,
    "\\", "a=b=", "!!python/name:os.system", "*a", "&a 1", "[" * 200 + "]" * 200, "../../etc/passwd", "yes please",
    "1;2", "1|2", "0..", "@x", "#", "~",
)  # fmt: skip
KEPT_WORDS = (
    "memberships.turf_weigth=1", "Memberships.turf_weight=1", "memberships..turf_weight=1", ".turf_weight=1",
    "turf_weight=1", "memberships=1", "memberships={}", "memberships.turf_weight", "memberships.turf_weight=", "=1",
    "==", "=", "a", "-", "--", "---x", "~memberships.turf_weight", "~regime", "memberships.turf_weight+=1", "regime=",
    "regime=unknown", "regime=../regime/mixed", "regime=/etc/passwd", "regime=mixed.yaml", "regime@x=mixed",
    "regime={}", "regime=[mixed]", "regime=null", "shock=total_cut,", "field=nowhere", "experiment=nothing",
    "mechanisms=7", "regime.programmes=1", "regime.programmes.operating=1", "regime.programmes.nothing.term_months=3",
    "regime.programmes.operating.x=1", "regime.programmes.operating.term_months=0",
    "regime.programmes.operating.term_months=1.5", "regime.name=x y z/../", "seeds=0", "seeds=-1", "seeds=1.5",
    "seeds=1e9", "seeds=[]", "seeds=[1,1]", "seeds=[1.5]", "seeds=[-1]", "seeds=5-3", "seeds=a",
    "seeds=1-99999999999999999", "seeds=[[1]]", "seeds={a: 1}", "seeds=null", "seeds=true",
    "seeds=9007199254740992-9007199254740993", "months=0", "months=-5", "months=1.5", "months=1e9", "months=abc",
    "months=null", "months=[12]", "name=../../x", "name=/tmp/x", "name=.hidden", "name=a b", "name=a/b", "name=",
    "name=" + "x" * 65, "name=a\nb", "name=ä", "name=[x]", "hydra.run.dir=/tmp/x", "hydra.job.name=x",
    "hydra/launcher=joblib", "hydra.sweep.dir=..", "hydra={}", "+hydra.x=1", "_target_=os.system",
    "+_target_=os.system", "field._target_=os.system", "field.folder=${oc.env:HOME}", "defaults=[]", "+defaults=[x]",
    "field.populations=[]", "field.populations=[a]", "field.populations=[a,a]", "field.populations=minors",
    "field.sector_shares=[1]", "field.population_demand=[1,2]", "shock.cut_share=2", "field.n_organizations=1",
    "field.n_organizations=1e3x", "field.n_organizations=18.5", "field.n_localities=0",
    "memberships.admission=everyone", "memberships.size_cap=true", "mechanisms.meet=maybe", "mechanisms.meet=2",
    "shock.name=flood", "shock.month=0", "design.vary.regime=[mixed]", "question=[1]", "observation.tie_trust=2",
    "meetings.*=1",
)  # fmt: skip
KEPT_FILES = (  # name of a regime's file, and what stands in it
    ("alias", "programmes:\n  a: &x {term_months: 10}\n  b: *x"),
    ("merge", "programmes:\n  a: &x {term_months: 10}\n  b:\n    <<: *x"),
    ("laughs", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"),
    ("self", "&a [*a]"),
    ("deep", "programmes: " + "{a: " * 60 + "1" + "}" * 60),
    ("nested_list", "[" * 200 + "]" * 200),
    ("large", "# " + "x" * 100_000),
    ("code", "!!python/object/apply:os.system ['true']"),
    ("target", "_target_: os.system"),
    ("inner_target", "programmes:\n  a:\n    _target_: os.system"),
    ("env", "label: ${oc.env:HOME}"),
    ("hidden_env", 'label: "\\x24{oc.env:HOME}"'),
    ("hydra", "hydra:\n  run:\n    dir: /tmp"),
    ("defaults", "defaults:\n  - override /hydra/launcher: joblib"),
    ("package", "# @package hydra\nrun: {dir: /tmp}"),
    ("global", "# @package _global_\nseeds: 3"),
    ("list", "- a\n- b"),
    ("word", "mixed"),
    ("number", "3"),
    ("true", "true"),
    ("unknown", "programes: {}"),
    ("unknown_inner", "programmes:\n  a: {term_month: 3}"),
    ("range", "programmes:\n  a: {term_months: 0}"),
    ("kind", "programmes:\n  a: {term_months: twelve}"),
    ("octal", "programmes:\n  a: {term_months: 010}"),
    ("sexagesimal", "programmes:\n  a: {term_months: 12:30}"),
    ("underscore", "programmes:\n  a: {term_months: 1_2}"),
    ("infinite", "programmes:\n  a: {money_share: 1e999}"),
    ("nan", "programmes:\n  a: {money_share: .nan}"),
    ("digits", "programmes:\n  a: {term_months: " + "9" * 5000 + "}"),
    ("null", "programmes:\n  a: {term_months: null}"),
    ("tab", "programmes:\n\ta: {}"),
    ("open", "programmes: {a: {"),
    ("twice", "programmes:\n  a: {term_months: 3}\n  a: {term_months: 4}"),
    ("documents", "label: a\n---\nlabel: b"),
    ("control", "label: a\x07b"),
    ("bad_line", "programmes:\n  'a b/../c': {term_months: 3}"),
    ("date", "programmes:\n  a: {term_months: 2026-01-01}"),
    ("binary", "label: !!binary aGVsbG8="),
    ("set", "programmes: !!set {a}"),
)


def make_word(rng: random.Random) -> str:
    """Return a word that no setting can mean: a name nearly right, or a declared name with a value of no use."""
    entries = [entry for entry in declared().values() if "low" in entry.metadata]
    entry = rng.choice(entries)
    kind = rng.randrange(4)
    if kind == 0:
        place = rng.randrange(1, len(entry.name))
        letter = rng.choice("xqz_0./- é")
        return f"{entry.name[:place]}{letter}{entry.name[place + rng.randrange(2) :]}q=1"
    if kind == 1:
        low, high = entry.metadata["low"], entry.metadata["high"]
        return f"{entry.name}={rng.choice([low - rng.uniform(0.01, 1e9), high + rng.uniform(0.01, 1e9)])}"
    if kind == 2:
        return f"{rng.choice(['~', '@', '/', '-', '_', '+_', '.'])}{entry.name}={entry.default}"
    return f"{entry.name}={rng.choice(NO_VALUES)}"
