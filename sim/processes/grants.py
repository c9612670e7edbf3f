"""Step 7, apply and award: lines that decide this month take applications, score them, pay, and disappoint.

score = fit + record + partnership + luck · Gumbel. Money is in integer cents: every pot is awarded or stays unspent,
every award is paid out over its term to the last cent (`accounts`) or returned.
"""

import math

from sim import columns
from sim.coalitions import NOBODY, find_best_record, log_event, sign_mou
from sim.compiled import compiled
from sim.draws import AWARD, PASS_AMBIGUOUS, gumbel, stream, uniform
from sim.relations import FORMULA, LOTTERY, compute_fit, is_ahead, is_round

PASSED, TAKEN = 1, 2  # marks in environment.group


@compiled
def award_grants(seed, month, parameters, organizations, dyads, coalitions, programmes, environment, log, row):
    """Decide every line whose round is due. Writes awards, record, recent_loss, trust, coalitions, ledger, log, row."""
    applications, awards = 0, 0
    for g in range(programmes.term.size):
        if not is_round(programmes, g, month):
            continue
        pot = programmes.pot_cents[g]
        cohorts = _count_cohorts(month, programmes, g)
        for_conveners = math.floor(pot * programmes.convener_share[g])
        _mark_applicants(seed, month, g, parameters, organizations, programmes, environment)
        if programmes.is_joint[g]:
            n_applied, n_won, spent = _award_coalitions(
                seed,
                month,
                g,
                pot - for_conveners,
                cohorts,
                parameters,
                organizations,
                dyads,
                coalitions,
                programmes,
                environment,
                log,
                row,
            )
        else:
            n_applied, n_won, spent = _award_organizations(
                seed,
                month,
                g,
                pot - for_conveners,
                cohorts,
                parameters,
                organizations,
                dyads,
                programmes,
                environment,
                log,
                row,
            )
        spent += _fund_conveners(month, g, for_conveners, parameters, organizations, coalitions, programmes, log)
        budget = max(pot * (cohorts + 1) // 2, spent)  # the cohorts of a running line end one round apart
        environment.ledger[columns.BUDGETED] += budget
        environment.ledger[columns.COMMITTED] += spent
        environment.ledger[columns.UNSPENT] += budget - spent
        row.awarded_usd += spent / 100.0
        applications += n_applied
        awards += n_won
    row.success_rate = awards / applications if applications > 0 else math.nan


@compiled
def _count_cohorts(month, programmes, g):
    """Return how many cohorts to award at once: a line that runs from the start begins in its steady state."""
    if month > 1 or programmes.allocation[g] == FORMULA:
        return 1
    return max(programmes.term[g] // programmes.interval[g], 1)


@compiled
def _mark_applicants(seed, month, g, parameters, organizations, programmes, environment):
    """Mark who may apply in environment.group: eligible, no running award of this line, worth the paper."""
    key = stream(seed, PASS_AMBIGUOUS, month)
    monthly = programmes.award_cents[g] / 12.0
    for i in range(organizations.is_open.size):
        environment.group[i] = 0
        if not organizations.is_open[i] or organizations.award_months[i, g] > 0:
            continue
        passes = organizations.eligible[i, g]
        if not passes and organizations.response[i, g] == columns.ANSWER_AMBIGUOUS:
            passes = uniform(key, organizations.key[i], programmes.key[g]) < programmes.ambiguity[g]
        if passes and monthly >= parameters.application_threshold * organizations.need_cents[i]:
            environment.group[i] = PASSED


@compiled
def _count_awards(pot, programmes, g):
    usual = programmes.award_cents[g] * programmes.term[g] / 12.0
    return max(math.floor(pot / usual + 0.5), 1)


@compiled
def _pay(month, i, g, cents, term, coalition, size, parameters, organizations, log):
    """Give organization i an award of line g, won alone or with `coalition` (its serial number); 0 cents are none.

    Writes award_cents, award_months, record, the log.
    """
    if cents == 0:
        return
    organizations.award_cents[i, g] += cents
    organizations.award_months[i, g] = max(organizations.award_months[i, g], term)
    organizations.record[i] += parameters.record_gain * (1.0 - organizations.record[i])
    log_event(log, month, columns.WIN, i, organizations.generation[i], coalition, g, columns.MONEY, size)


@compiled
def _get_cohort(rank, cohorts, programmes, g):
    """Return (term, share of the full amount) of the winner at `rank`: cohorts end one round apart."""
    term = programmes.term[g]
    if cohorts == 1:
        return term, term
    return programmes.interval[g] * (cohorts - rank % cohorts), term


@compiled
def _measure_partnership(i, organizations, dyads):
    """Return the mean trust of i's partners in it, 0 without partners."""
    total, count = 0.0, 0
    for j in range(organizations.is_open.size):
        if dyads.joint[i, j] > 0:
            total += dyads.trust[j, i]
            count += 1
    return total / count if count > 0 else 0.0


@compiled
def _award_organizations(
    seed, month, g, pot, cohorts, parameters, organizations, dyads, programmes, environment, log, row
):
    """Award line g to organizations. Returns applications, awards, cents spent."""
    key = stream(seed, AWARD, month)
    score, mark = environment.rank, environment.group
    n, n_applied = score.size, 0
    for i in range(n):
        if mark[i] == PASSED:
            n_applied += 1
            luck = gumbel(key, organizations.key[i], programmes.key[g])
            merit = parameters.fit_weight * compute_fit(organizations.mix, programmes.pays_for, i, g)
            merit += parameters.record_weight * organizations.record[i]
            merit += parameters.partnership_weight * _measure_partnership(i, organizations, dyads)
            score[i] = luck if programmes.allocation[g] == LOTTERY else merit + parameters.luck * luck
    if n_applied == 0:
        return 0, 0, 0
    if programmes.allocation[g] == FORMULA:
        n_awards, amount = n_applied, pot // n_applied
    else:
        per_round = _count_awards(pot, programmes, g)
        n_awards, amount = per_round * cohorts, pot // per_round
    row.requested_usd += n_applied * (amount / 100.0)
    n_won, spent = 0, 0
    while n_won < min(n_awards, n_applied):
        i = _find_best(score, mark, organizations)
        mark[i] = TAKEN
        term, full = _get_cohort(n_won, cohorts, programmes, g)
        cents = amount * term // full
        _pay(month, i, g, cents, term, NOBODY, 1, parameters, organizations, log)
        spent += cents
        n_won += 1
    _disappoint(month, g, n_won, n_applied, parameters, organizations, dyads, programmes, mark, log)
    return n_applied, n_won, spent


@compiled
def _find_best(score, mark, organizations):
    best, lots = NOBODY, organizations.lot
    for i in range(score.size):
        if mark[i] == PASSED and (best == NOBODY or is_ahead(score[i], lots[i], score[best], lots[best])):
            best = i
    return best


@compiled
def _disappoint(month, g, n_won, n_applied, parameters, organizations, dyads, programmes, mark, log):
    """Let losers lose trust in winners that serve the same people. Writes trust, recent_loss, the log.

    Loss = rival_trust_loss · overlap · scarcity · (1 - softening · T) · T; scarcity = share of applications rejected.
    """
    scarcity = 1.0 - n_won / n_applied
    for i in range(mark.size):
        if mark[i] != PASSED:
            continue
        weight = min(programmes.award_cents[g] / 12.0 / max(organizations.need_cents[i], 1), 1.0)
        organizations.recent_loss[i] = max(organizations.recent_loss[i], weight)
        log_event(log, month, columns.LOSE, i, organizations.generation[i], NOBODY, g, columns.MONEY, 1)
        for j in range(mark.size):
            if mark[j] == TAKEN:
                trust = dyads.trust[i, j]
                loss = parameters.rival_trust_loss * dyads.overlap[i, j] * scarcity
                dyads.trust[i, j] = trust - loss * (1.0 - parameters.trust_softening * trust) * trust


@compiled
def _award_coalitions(
    seed, month, g, pot, cohorts, parameters, organizations, dyads, coalitions, programmes, environment, log, row
):
    """Award line g to coalitions. Returns applications, awards, cents spent."""
    key = stream(seed, AWARD, month)
    mark, n_applied, n_won, spent = environment.group, 0, 0, 0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and _may_apply(c, g, organizations, coalitions, programmes, mark):
            n_applied += 1
    if n_applied == 0:
        return 0, 0, 0
    per_round = _count_awards(pot, programmes, g)
    amount = pot // per_round
    row.requested_usd += n_applied * (amount / 100.0)
    while n_won < per_round * cohorts:
        best, best_score = NOBODY, 0.0
        for c in range(coalitions.is_active.size):
            if coalitions.is_active[c] and _may_apply(c, g, organizations, coalitions, programmes, mark):
                luck = gumbel(key, coalitions.key[c], programmes.key[g])
                merit = _score_coalition(c, g, parameters, organizations, dyads, coalitions, programmes)
                score = luck if programmes.allocation[g] == LOTTERY else merit + parameters.luck * luck
                if best == NOBODY or is_ahead(score, coalitions.key[c], best_score, coalitions.key[best]):
                    best, best_score = c, score
        if best == NOBODY:
            break
        term, full = _get_cohort(n_won, cohorts, programmes, g)
        cents = amount * term // full
        _pay_coalition(
            month, best, g, cents, term, parameters, organizations, dyads, coalitions, programmes, environment, log
        )
        spent += cents
        n_won += 1
    _disappoint_coalitions(month, g, parameters, organizations, coalitions, programmes, mark, log)
    return n_applied, n_won, spent


@compiled
def _may_apply(c, g, organizations, coalitions, programmes, mark):
    """Say whether coalition c has enough members that may apply, and the required sectors among them."""
    count = 0
    for i in range(mark.size):
        if coalitions.member[c, i] and mark[i] == PASSED:
            count += 1
    if coalitions.size[c] < 2 or count < programmes.min_partners[g]:
        return False
    for sector in range(programmes.required_sector.shape[1]):
        if programmes.required_sector[g, sector]:
            found = False
            for i in range(mark.size):
                if coalitions.member[c, i] and mark[i] == PASSED and organizations.sector[i] == sector:
                    found = True
            if not found:
                return False
    return True


@compiled
def _score_coalition(c, g, parameters, organizations, dyads, coalitions, programmes):
    fit, record, trust = 0.0, 0.0, 0.0
    n, size = organizations.is_open.size, coalitions.size[c]
    for i in range(n):
        if coalitions.member[c, i]:
            fit += compute_fit(organizations.mix, programmes.pays_for, i, g)
            record += organizations.record[i]
            for j in range(n):
                if coalitions.member[c, j] and j != i:
                    trust += dyads.trust[i, j]
    merit = parameters.fit_weight * fit / size + parameters.record_weight * record / size
    return merit + parameters.partnership_weight * (trust / (size * (size - 1)) + coalitions.depth[c])


@compiled
def _pay_coalition(
    month, c, g, cents, term, parameters, organizations, dyads, coalitions, programmes, environment, log
):
    """Pay the lead and pass its sub-awards on in equal parts; the lead keeps the odd cents."""
    mark, core, lead = environment.group, environment.is_core, coalitions.convener[c]
    if lead == NOBODY or mark[lead] != PASSED:
        for i in range(mark.size):
            core[i] = coalitions.member[c, i] and mark[i] == PASSED
        lead = find_best_record(organizations, core)
    n_partners = -1
    for i in range(mark.size):
        if coalitions.member[c, i] and mark[i] == PASSED:
            n_partners += 1
    each = 0
    if n_partners > 0:
        each = math.floor(cents * programmes.sub_award_share[g]) // n_partners
    for i in range(mark.size):
        if coalitions.member[c, i] and mark[i] == PASSED:
            mark[i] = TAKEN
            part = cents - each * n_partners if i == lead else each
            number, size = coalitions.number[c], n_partners + 1
            _pay(month, i, g, part, term, number, size, parameters, organizations, log)
    coalitions.convener[c] = lead
    coalitions.convener_months[c] = max(coalitions.convener_months[c], term)
    if programmes.requires_mou[g] and not coalitions.is_formal[c]:
        sign_mou(dyads, coalitions, c)
        number, size = coalitions.number[c], coalitions.size[c]
        log_event(log, month, columns.SIGN_MOU, NOBODY, 0, number, g, columns.MONEY, size)


@compiled
def _disappoint_coalitions(month, g, parameters, organizations, coalitions, programmes, mark, log):
    """Note the rejection at the convener of each coalition that still could apply. Writes recent_loss, the log."""
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and _may_apply(c, g, organizations, coalitions, programmes, mark):
            lead = coalitions.convener[c]
            organizations.recent_loss[lead] = max(organizations.recent_loss[lead], parameters.coalition_loss)
            number, size = coalitions.number[c], coalitions.size[c]
            log_event(log, month, columns.LOSE, lead, organizations.generation[lead], number, g, columns.MONEY, size)


@compiled
def _fund_conveners(month, g, cents, parameters, organizations, coalitions, programmes, log):
    """Share `cents` among the conveners of coalitions of three or more. Returns the cents spent."""
    count = 0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and coalitions.size[c] >= 3:
            count += 1
    if count == 0 or cents < count:
        return 0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and coalitions.size[c] >= 3:
            lead, term = coalitions.convener[c], programmes.term[g]
            number, size = coalitions.number[c], coalitions.size[c]
            _pay(month, lead, g, cents // count, term, number, size, parameters, organizations, log)
            coalitions.convener_months[c] = max(coalitions.convener_months[c], term)
    return cents // count * count
