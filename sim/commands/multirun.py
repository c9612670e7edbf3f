"""Handing ``coalitions run`` over to Hydra's own main for ``-m``, ``--cfg``, ``--info`` and its settings."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from sim.commands.console import guard
from sim.commands.drawing import Pencil
from sim.configuration import configuration_folder, from_tree, read_words
from sim.configuration.composition import apply_choices
from sim.configuration.options import check_own_folder
from sim.errors import INTERRUPTED, ConfigurationError

# Hydra writes no logs and no outputs/ folder: each job keeps its own results.
QUIET = (
    "hydra.output_subdir=null",
    "hydra.run.dir=.",
    "hydra.job.chdir=false",
    "hydra/job_logging=disabled",
    "hydra/hydra_logging=disabled",
)


def hand_over(args: argparse.Namespace, words: list[str]) -> int:
    """Let Hydra compose, print or multiply the setting; return the exit code, 1 where any job failed."""
    if args.json:
        raise ConfigurationError("--json prints one object, so it cannot go with -m, --cfg or --info")

    own = Path(args.config_dir).resolve() if args.config_dir else None
    if own:
        check_own_folder(own)
    checked = [text for word in read_words(words, own) for text in word.texts]
    flags = ["-m"] if args.multirun else []
    flags += ["--cfg", args.cfg] if args.cfg else []
    flags += ["--package", args.package] if args.package else []
    flags += ["--info", args.info] if args.info else []
    with tempfile.TemporaryDirectory(prefix="coalitions-") as scratch:  # Hydra insists on a folder for a sweep
        settings = [*QUIET, f"hydra.sweep.dir='{scratch}'", "hydra.sweep.subdir=."]
        end = call_hydra(
            [*flags, *settings, *checked], lambda config: _keep_code(scratch, _run_job(args, config, own)), own
        )
        codes = [int(path.read_text()) for path in Path(scratch).glob("code-*")]
    return max([end, *codes])


def _keep_code(folder: str, code: int) -> None:
    """Write a job's exit code where the first process finds it: launchers run jobs in processes of their own."""
    handle, name = tempfile.mkstemp(prefix="code-", dir=folder)
    os.close(handle)
    Path(name).write_text(str(code), encoding="utf-8")


def call_hydra(words: list[str], job: Any, own: Path | None = None) -> int:
    """Call Hydra's main with the words of a command line and return its exit code."""
    import hydra

    from sim.configuration.hydra_schema import register

    register(own)
    kept = sys.argv
    sys.argv = [kept[0] if kept else "coalitions", *words]
    if os.environ.get("COALITIONS_DEBUG") == "1":
        os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        main = hydra.main(version_base="1.3", config_path=str(configuration_folder()), config_name="config")
        main(job)()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = kept
    return 0


def _run_job(args: argparse.Namespace, config: Any, own: Path | None) -> int:
    """Run one job of Hydra's under its own name and return its exit code."""
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    from sim.commands.run import run_one

    overrides = list(HydraConfig.get().overrides.task)
    number = HydraConfig.get().job["num"] if args.multirun else None  # type: ignore[index]

    def job() -> int:
        tree: Any = OmegaConf.to_container(config, resolve=False)
        configuration = from_tree(apply_choices(tree, HydraConfig.get().runtime.choices, own), overrides)
        if configuration.is_named and number is not None:
            configuration = dataclasses.replace(configuration, name=f"{configuration.name[:58]}-{number}")
        with Pencil(not args.no_figures) as pencil:
            return run_one(args, configuration, pencil)

    code = guard(job)
    if code >= INTERRUPTED:
        sys.exit(code)  # ends the whole sweep; any other code lets the next job begin
    return code
