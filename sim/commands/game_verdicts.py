"""What ``coalitions games`` prints of a month or a table it has judged."""

from __future__ import annotations

from typing import Any


def print_verdicts(found: dict[str, Any], limit: int) -> None:
    """Print the verdicts; found: what `coalitions games --json` gives. limit: blocking coalitions that were listed."""
    print(found["game"])
    if "scenario" in found:
        print(found["scenario"])
    if "coalitions" in found:
        _print_seats(found)
    if "partition" in found:
        _print_partition(found)
        _print_moves(found)
        if "core" in found:
            _print_core(found, limit)
        else:
            print("\nMore than 20 players: no exact core check and no best partition.")
    if "values" in found:
        _print_values(found)
    elif "values_within" in found:
        print("\nMore than 20 organizations: no Shapley and Banzhaf values; --coalition N looks at one coalition.")
    if "bilateral_alliances" in found:
        print("\nMesa's bilateral Shapley rule on needs and stances would end with:")
        print("  " + _name_groups(found["bilateral_alliances"]))
        print(f"\n{found['caution']}")


def _sign(value: float) -> str:
    """Return a utility with its sign and two digits, or with as many as show that it is not zero."""
    digits = next((n for n in range(2, 10) if abs(value) >= 0.5 * 10.0**-n), None)
    return f"{value:+.{digits}f}" if digits else f"{0:+.2f}"


def _name_groups(groups: list[list[str]]) -> str:
    return " ".join("{" + " ".join(group) + "}" for group in groups) or "none"


def _print_seats(found: dict[str, Any]) -> None:
    print("\nCoalitions, which may overlap (no partition needed)")
    for serial, members in found["coalitions"].items():
        print(f"  {serial}: {' '.join(members)}")
    for key, text in (("would_leave", "would leave"), ("would_join", "would join, if admitted and with room")):
        moves = [f"{one['organization']}→{one['coalition']} ({_sign(one['utility'])})" for one in found["moves"][key]]
        print(f"  {text}: {', '.join(moves) or 'nobody'}")
    how = {"largest": "its largest coalition", "valued": "the coalition it values most"}[found["projection"]]
    print(f"\nFrom here on a partition: each in {how}, and U for coalitions as if newly founded")


def _print_partition(found: dict[str, Any]) -> None:
    for group in found["partition"]:
        worths = " ".join(_sign(found["utilities"][name]) for name in group)
        print(f"  {{{' '.join(group)}}}  utilities {worths}")


def _print_moves(found: dict[str, Any]) -> None:
    alone = ", ".join(found["rather_alone"])
    print(f"\nIndividually rational: {f'no, {alone} would rather be alone' if alone else 'yes'}")
    notions = {
        "nash": "Nash stable",
        "individual": "Individually stable (hosts must not lose)",
        "contractual": "Contractually individually stable (nor may those left)",
    }
    for key, label in notions.items():
        print(f"{label}: {'no' if found[key] else 'yes'}")
        for move in found[key]:
            target = f"to {{{' '.join(move['for'])}}}" if move["for"] else "alone"
            against = [*move["hosts_against"], *move["left_against"]]
            minding = f", against {' '.join(against)}" if against else ""
            print(f"  {move['player']} {target} ({_sign(move['gain'])}{minding})")


def _print_core(found: dict[str, Any], limit: int) -> None:
    core, price = found["core"], found["fragmentation"]
    kind = "strict core" if core["weak"] else "core"
    if not core["n_blocking"]:
        print(f"\nIn the {kind}: yes, no group would rather be together")
    else:
        shown = f", the first {limit}" if core["n_blocking"] > limit else ""
        blocks = "1 group blocks" if core["n_blocking"] == 1 else f"{core['n_blocking']:,} groups block"
        print(f"\nIn the {kind}: no, {blocks}{shown}: {_name_groups(core['blocking'])}")
    lost = f" ({price['share']:.0%} of the best)" if price["share"] == price["share"] else ""
    print(f"\nSum of utilities {price['welfare']:.2f}, at best {price['best_welfare']:.2f}", end="")
    print(f": price of fragmentation {price['price']:.2f}{lost}")
    print(f"  best partition: {_name_groups(price['best_partition'])}")


def _print_values(found: dict[str, Any]) -> None:
    if "values_within" in found:
        print(f"\nWhom {found['values_within']} would miss most: what each adds to the share of populations covered")
    print("  player  Shapley  Banzhaf")
    for row in sorted(found["values"], key=lambda row: -row["shapley"]):
        print(f"  {row['player']:>6}  {row['shapley']:7.3f}  {row['banzhaf']:7.3f}")
