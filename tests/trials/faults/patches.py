"""Sixty small faults, each a slip that is easily made: a sign, an index, a wrong neighbour, a missing decay.

A fault replaces `old`, which must stand exactly once in `file` (below sim/), by `new`. Faults outside the kernels name
the `tests` that must notice them; the others must show as a difference from the plain reference.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    """One small change that makes the model or its tables wrong."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ()


FAULTS = (
    # draws
    Fault("nine rounds for ten", "compiler/draws.py", "for _ in range(10):", "for _ in range(9):"),
    Fault(
        "same draws every month",
        "compiler/draws.py",
        "np.uint64(process), np.uint64(month))[0]",
        "np.uint64(process), np.uint64(0))[0]",
    ),
    Fault("Gumbel upside down", "compiler/draws.py", "return -logarithm(-logarithm(", "return logarithm(-logarithm("),
    Fault(
        "tail of the normal on one side",
        "compiler/draws.py",
        "return -_tail_quantile(math.sqrt(-2.0 * logarithm(1.0 - p)))",
        "return _tail_quantile(math.sqrt(-2.0 * logarithm(1.0 - p)))",
    ),
    # relations
    Fault(
        "tension seen from the wrong side",
        "dynamics/relations.py",
        "abs(organizations.stance[j] - organizations.viewpoint[i]) * half",
        "abs(organizations.stance[i] - organizations.viewpoint[j]) * half",
    ),
    Fault(
        "distrust shrinks a difference",
        "dynamics/relations.py",
        "1.0 + parameters.ill_will * (1.0 - trust_ij)",
        "1.0 - parameters.ill_will * (1.0 - trust_ij)",
    ),
    Fault(
        "rejections do not press",
        "dynamics/relations.py",
        "organizations.stress[i] + parameters.loss_pressure * organizations.recent_loss[i]",
        "organizations.stress[i]",
    ),
    Fault(
        "differences weigh the same under any pressure",
        "dynamics/relations.py",
        "1.0 - parameters.strain + 2.0 * parameters.strain * compute_pressure(organizations, i, parameters)",
        "1.0",
    ),
    Fault(
        "the other's pressure",
        "dynamics/relations.py",
        "* rivalry * compute_pressure(organizations, i, parameters)",
        "* rivalry * compute_pressure(organizations, j, parameters)",
    ),
    Fault(
        "forbidden by one's own eligibility",
        "dynamics/relations.py",
        "and not organizations.eligible[j, g]:",
        "and not organizations.eligible[i, g]:",
    ),
    Fault(
        "redundancy where partners are new",
        "dynamics/utility.py",
        "1.0 - parameters.redundancy if elsewhere else 1.0",
        "1.0 if elsewhere else 1.0 - parameters.redundancy",
    ),
    Fault(
        "linear cost of size",
        "dynamics/utility.py",
        "parameters.size_cost * scaled * scaled",
        "parameters.size_cost * scaled",
    ),
    Fault(
        "this coalition counts as elsewhere",
        "dynamics/utility.py",
        "elsewhere = dyads.joint[i, j] > here",
        "elsewhere = dyads.joint[i, j] > 0",
    ),
    Fault(
        "closed lines are still competed for",
        "dynamics/relations.py",
        "is_rival = programmes.is_open[g] and",
        "is_rival =",
    ),
    Fault(
        "eligible only above the threshold",
        "dynamics/eligibility.py",
        "< parameters.eligibility_threshold - 1e-9:",
        "< parameters.eligibility_threshold + 1e-9:",
    ),
    Fault(
        "the larger lot is ahead",
        "dynamics/relations.py",
        "rounded == best_rounded and lot < best_lot",
        "rounded == best_rounded and lot > best_lot",
    ),
    # calendar
    Fault(
        "shock a month late",
        "dynamics/processes/calendar.py",
        "month == parameters.shock_month:",
        "month == parameters.shock_month + 1:",
    ),
    Fault(
        "a stream that is added, not shifted",
        "dynamics/processes/calendar.py",
        "programmes.pays_for[g, parameters.shock_from] = False",
        "programmes.pays_for[g, parameters.shock_from] = True",
    ),
    # meetings
    Fault(
        "gain and loss of trust exchanged",
        "dynamics/processes/meetings.py",
        "parameters.trust_gain if quality > trust else parameters.trust_loss",
        "parameters.trust_loss if quality > trust else parameters.trust_gain",
    ),
    Fault(
        "no return to the baseline",
        "dynamics/processes/meetings.py",
        "trust[j] + parameters.trust_decay * (baseline - trust[j])",
        "trust[j] + 0.0 * (baseline - trust[j])",
    ),
    Fault(
        "dialogue across any distance",
        "dynamics/processes/meetings.py",
        "if abs(difference) <= parameters.openness:",
        "if abs(difference) <= 2.0:",
    ),
    Fault(
        "members pay where the convener is paid",
        "dynamics/processes/meetings.py",
        "if coalitions.convener_months[c] == 0:",
        "if coalitions.convener_months[c] > 0:",
    ),
    Fault(
        "guests meet whom they trust least",
        "dynamics/processes/meetings.py",
        "is_ahead(mean, coalitions.key[c],",
        "is_ahead(-mean, coalitions.key[c],",
    ),
    # turnover, services, awareness
    Fault(
        "agreements expose",
        "dynamics/processes/turnover.py",
        "if dyads.formal[i, j] > 0:",
        "if dyads.formal[i, j] == 0:",
    ),
    Fault(
        "trust lost in one direction",
        "dynamics/processes/turnover.py",
        "_lose(dyads.trust, j, i, baseline, loss)",
        "_lose(dyads.trust, i, j, baseline, loss)",
    ),
    Fault(
        "referred beyond the room there is",
        "dynamics/processes/services.py",
        "min(spare[takers[taker]] / wanted[taker], 1.0)",
        "1.0",
    ),
    Fault(
        "some people land twice",
        "dynamics/processes/services.py",
        "misplaced[i] + by_fit * room / own_capacity",
        "misplaced[i] + room / own_capacity",
    ),
    Fault(
        "awareness never fades",
        "dynamics/processes/awareness.py",
        "- parameters.awareness_decay * stock",
        "- 0.0 * stock",
    ),
    # conditions
    Fault(
        "phasing out at the full cost",
        "dynamics/processes/conditions.py",
        "value = step * money - step * step * cost",
        "value = step * money - step * cost",
    ),
    Fault(
        "ambiguity about the mission too",
        "dynamics/processes/conditions.py",
        "<= 1e-9 or mission_gap > 0.0:",
        "<= 1e-9:",
    ),
    # grants
    Fault(
        "losers resent plenty",
        "dynamics/processes/grants.py",
        "scarcity = world.applications.status, 1.0 - n_won / n_applied",
        "scarcity = world.applications.status, n_won / n_applied",
    ),
    Fault(
        "winners lose trust in losers",
        "dynamics/processes/grants.py",
        "dyads.trust[i, j] = trust - loss",
        "dyads.trust[j, i] = trust - loss",
    ),
    Fault(
        "the lead keeps what it passed on",
        "dynamics/processes/grants.py",
        "cents - each * n_partners if",
        "cents - each if",
    ),
    Fault(
        "a running line starts empty",
        "dynamics/processes/grants.py",
        "if month > 1 or programmes.allocation[g] == FORMULA:",
        "if month > 0 or programmes.allocation[g] == FORMULA:",
    ),
    Fault(
        "partners' trust read the wrong way",
        "dynamics/processes/grants.py",
        "total += dyads.trust[j, i]",
        "total += dyads.trust[i, j]",
    ),
    # accounts
    Fault(
        "grants attract donations",
        "dynamics/processes/accounts.py",
        "usual - parameters.crowd_out * paid",
        "usual + parameters.crowd_out * paid",
    ),
    Fault(
        "reputation never fades",
        "dynamics/processes/accounts.py",
        "organizations.record[i] *= parameters.record_memory",
        "organizations.record[i] *= 1.0",
    ),
    Fault(
        "a month of grace less",
        "dynamics/processes/accounts.py",
        "organizations.deficit_months[i] <= parameters.closure_grace_months:",
        "organizations.deficit_months[i] < parameters.closure_grace_months:",
    ),
    Fault(
        "newcomers with the draws of their predecessors",
        "dynamics/processes/accounts.py",
        "organizations.generation[i] += 1",
        "organizations.generation[i] += 0",
    ),
    Fault(
        "answers noticed a month later",
        "dynamics/processes/conditions.py",
        "                refresh_eligibility(world, i, parameters)\n",
        "                pass\n",
    ),
    # drift
    Fault(
        "the silent return to their viewpoint",
        "dynamics/processes/drift.py",
        "home = 0.0 if organizations.is_silent[i] else organizations.viewpoint[i]",
        "home = organizations.viewpoint[i]",
    ),
    # memberships
    Fault(
        "half is a majority",
        "dynamics/processes/memberships.py",
        "return 2 * yes > coalitions.size[c]",
        "return 2 * yes >= coalitions.size[c]",
    ),
    Fault(
        "leaving and joining share their luck",
        "dynamics/processes/memberships.py",
        "coalitions.key[c] + LEAVING if inside else coalitions.key[c]",
        "coalitions.key[c]",
    ),
    Fault(
        "partners found against their interest",
        "dynamics/processes/memberships.py",
        "core[j] = worth > 0.0",
        "core[j] = worth > -9.0",
    ),
    Fault(
        "a mandate from money that is gone",
        "dynamics/processes/memberships.py",
        "programmes.is_joint[g] and programmes.is_open[g] and organizations.eligible[i, g]",
        "programmes.is_joint[g] and organizations.eligible[i, g]",
    ),
    Fault(
        "random leaving at the rate of joining",
        "dynamics/processes/null_model.py",
        "draw < parameters.null_leave_rate",
        "draw < parameters.null_join_rate",
    ),
    # break-aways, ends, coalitions
    Fault(
        "trust lost on one side of the cut",
        "dynamics/processes/schism.py",
        "dyads.trust[j, i] *= 1.0 - parameters.schism_trust_loss",
        "dyads.trust[j, i] *= 1.0",
    ),
    Fault(
        "a month longer inactive",
        "dynamics/processes/dissolution.py",
        "coalitions.inactive_months[c] >= parameters.dissolve_after",
        "coalitions.inactive_months[c] > parameters.dissolve_after",
    ),
    Fault(
        "agreements outlive membership",
        "dynamics/membership.py",
        "formal = step if coalitions.is_formal[c] else 0",
        "formal = step if coalitions.is_formal[c] and step > 0 else 0",
    ),
    Fault(
        "a new convener stays paid",
        "dynamics/membership.py",
        "        coalitions.convener_months[c] = 0\n\n",
        "\n",
    ),
    # initial state
    Fault(
        "strangers gather",
        "dynamics/founding.py",
        "value -= parameters.gathering_distance_weight * distance",
        "value += parameters.gathering_distance_weight * distance",
    ),
    # observation
    Fault(
        "the unaffiliated are no groups",
        "dynamics/observe.py",
        "n_open * n_open / (squares + alone)",
        "n_open * n_open / squares",
    ),
    Fault(
        "a tie where either side trusts",
        "dynamics/observe.py",
        ">= 2.0 * parameters.tie_trust",
        ">= parameters.tie_trust",
    ),
    # outside the kernels
    Fault(
        "grows and fragments exchanged",
        "results/verdict.py",
        "[change > THRESHOLD, change < -THRESHOLD, np.isnan(change)]",
        "[change < -THRESHOLD, change > THRESHOLD, np.isnan(change)]",
        ("tests/results/test_summaries.py",),
    ),
    Fault(
        "interval of a normal",
        "results/contrasts.py",
        "compute_t_quantile(n - 1) *",
        "1.96 *",
        ("tests/results/test_contrasts.py",),
    ),
    # many localities
    Fault(
        "of two localities the first is paid first",
        "engine/localities.py",
        "return other if is_ahead(",
        "return one if not is_ahead(",
        ("tests/engine/test_region.py::test_who_is_paid_scored_at_least_as_well_as_who_is_not",),
    ),
    Fault(
        "the next of a locality is never put forward",
        "engine/localities.py",
        "    field.booked[at, SPENT] += cents\n    _find_leader(seed, month, g, at, parameters, world, field)\n",
        "    field.booked[at, SPENT] += cents\n    field.leader[at] = NOBODY\n",
        ("tests/engine/test_region.py::test_a_state_of_one_locality_funds_it_as_the_locality_itself_would",),
    ),
    Fault(
        "localities of any size weigh the same",
        "engine/localities.py",
        "            weights[at, column] += weight\n",
        "            weight = 1.0\n            weights[at, column] += weight\n",
        (
            "tests/engine/test_region.py::test_a_number_of_the_field_is_the_sum_or_the_mean_weighted_by_open_organizations",
        ),
    ),
    Fault(
        "a state has the money of one locality",
        "engine/region.py",
        "counts = (self.n_slots, by_state,",
        "counts = (self.n_slots, self.n_slots,",
        ("tests/engine/test_region.py::test_every_level_of_funders_has_the_same_money_for_an_organization",),
    ),
    Fault(
        "odd cents of a shared account are lost",
        "engine/multi_site.py",
        "            parts[0] += reserve - sum(parts)\n",
        "",
        ("tests/engine/test_region.py::test_seats_of_a_bridging_organization_share_one_position_and_one_account",),
    ),
    Fault(
        "a round's money for a year",
        "engine/inputs.py",
        "* line.round_interval_months / 12 + 0.5",
        "+ 0.5",
    ),
)
