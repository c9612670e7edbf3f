"""Apply and award: lines that decide this month take applications, score them, pay, and disappoint.

score = fit + record + partnership + luck · Gumbel. Money is in integer cents: every pot is awarded or stays unspent,
every award is paid out over its term to the last cent (`accounts`) or returned.
"""

import math

from sim.compiler.draws import gumbel, stream, to_uniform, uniform
from sim.compiler.jit import compiled, compiled_apart
from sim.dynamics.eligibility import compute_fit, is_round
from sim.dynamics.membership import NOBODY, find_best_record, log_event, sign_mou
from sim.dynamics.relations import FORMULA, LOTTERY, is_ahead
from sim.schema import codes

AWARD, PASS_AMBIGUOUS = 6, 14  # in the keys of its draws
PASSED, TAKEN = 1, 2  # marks in applications.status


@compiled_apart
def award_grants(seed, month, parameters, world, row):
    """Decide every line whose round is due. Writes awards, record, recent_loss, trust, coalitions, ledger, log, row."""
    programmes, applications = world.programmes, world.applications
    for g in range(programmes.term.size):
        if is_round(programmes, g, month):
            _award_line(seed, month, g, parameters, world, row)
    note_success(applications, row)


@compiled
def _award_line(seed, month, g, parameters, world, row):
    """Decide line g among the applicants of one locality; `localities` does the same among those of many."""
    coalitions, programmes = world.coalitions, world.programmes
    n_applied = open_round(seed, month, g, parameters, world)
    n_awards, amount = size_awards(month, g, n_applied, programmes)
    n_won, spent = 0, 0
    while n_won < n_awards:
        leader = find_leader(seed, month, g, parameters, world)
        if leader == NOBODY:
            break
        spent += pay_leader(month, leader, g, n_won, amount, parameters, world)
        n_won += 1
    close_round(month, g, n_won, n_applied, parameters, world)
    each = size_convening(g, count_convened(coalitions), programmes)
    spent += fund_conveners(month, g, each, parameters, world)
    budget = compute_budget(month, g, spent, programmes)
    keep_books(n_applied, n_won, amount, budget, spent, world, row)


@compiled_apart
def open_round(seed, month, g, parameters, world):
    """Mark and score who applies to line g; return how many. Writes applications.status and score."""
    mark_applicants(seed, month, g, parameters, world)
    if world.programmes.is_joint[g]:
        return _count_coalitions(g, world)
    return _score_organizations(seed, month, g, parameters, world)


@compiled
def size_awards(month, g, n_applied, programmes):
    """Return how many awards line g makes this month and the cents of a full one."""
    pot = programmes.pot_cents[g]
    pot -= math.floor(pot * programmes.convener_share[g])
    if n_applied == 0:
        return 0, 0
    if programmes.allocation[g] == FORMULA and not programmes.is_joint[g]:
        return n_applied, pot // n_applied
    usual = programmes.award_cents[g] * programmes.term[g] / 12.0
    per_round = max(math.floor(pot / usual + 0.5), 1)
    return per_round * _count_cohorts(month, programmes, g), pot // per_round


@compiled_apart
def find_leader(seed, month, g, parameters, world):
    """Return the best applicant to line g without an award so far, an organization or a coalition; NOBODY if none.

    Writes applications.best: its score, and its lot among equals.
    """
    organizations, programmes, applications = world.organizations, world.programmes, world.applications
    if programmes.is_joint[g]:
        return _find_best_coalition(seed, month, g, parameters, world)
    best = _find_best(applications.score, applications.status, organizations)
    if best != NOBODY:
        applications.best[0] = applications.score[best]
        applications.best[1] = organizations.lot[best]
    return best


@compiled_apart
def pay_leader(month, leader, g, rank, amount, parameters, world):
    """Pay line g's award to `leader`, the winner at `rank` (0 the first); return the cents."""
    programmes, applications = world.programmes, world.applications
    term, full = _get_cohort(month, rank, programmes, g)
    cents = amount * term // full
    if programmes.is_joint[g]:
        _pay_coalition(month, leader, g, cents, term, parameters, world)
    else:
        applications.status[leader] = TAKEN
        _pay(month, leader, g, cents, term, NOBODY, 1, parameters, world)
    return cents


@compiled_apart
def close_round(month, g, n_won, n_applied, parameters, world):
    """Let those without an award feel it. Writes trust, recent_loss, the log. n_applied, n_won: in all."""
    if n_applied == 0:
        return
    if world.programmes.is_joint[g]:
        _disappoint_coalitions(month, g, parameters, world)
    else:
        _disappoint(month, g, n_won, n_applied, parameters, world)


@compiled
def compute_budget(month, g, spent, programmes):
    """Return the cents line g had this month, at least those spent; cohorts of a running line end one round apart."""
    return max(programmes.pot_cents[g] * (_count_cohorts(month, programmes, g) + 1) // 2, spent)


@compiled
def keep_books(n_applied, n_won, amount, budget, spent, world, row):
    """Book one line's round, in cents. Writes the ledger, applications.counts, row's money."""
    environment, applications = world.environment, world.applications
    environment.ledger[codes.BUDGETED] += budget
    environment.ledger[codes.COMMITTED] += spent
    environment.ledger[codes.UNSPENT] += budget - spent
    row.requested_usd += n_applied * (amount / 100.0)
    row.awarded_usd += spent / 100.0
    row.budgeted_usd += budget / 100.0
    row.unspent_usd += (budget - spent) / 100.0
    applications.counts[0] += n_applied
    applications.counts[1] += n_won


@compiled
def note_success(applications, row):
    """Write this month's success rate, nan where nobody applied, and count anew. Writes row, applications.counts."""
    applied = applications.counts
    row.success_rate = applied[1] / applied[0] if applied[0] > 0 else math.nan
    applied[0] = 0
    applied[1] = 0


@compiled
def _count_cohorts(month, programmes, g):
    """Return how many cohorts to award at once: a line that runs from the start begins in its steady state."""
    if month > 1 or programmes.allocation[g] == FORMULA:
        return 1
    return max(programmes.term[g] // programmes.interval[g], 1)


@compiled
def mark_applicants(seed, month, g, parameters, world):
    """Mark who may apply in applications.status: eligible, no running award of this line, worth the paper."""
    organizations, programmes, applications = world.organizations, world.programmes, world.applications
    key = stream(seed, PASS_AMBIGUOUS, month)
    monthly = programmes.award_cents[g] / 12.0
    for i in range(organizations.is_open.size):
        applications.status[i] = 0
        if not organizations.is_open[i] or organizations.award_months[i, g] > 0:
            continue
        passes = organizations.eligible[i, g]
        if not passes and organizations.response[i, g] == codes.ANSWER_AMBIGUOUS:
            passes = uniform(key, organizations.key[i], programmes.key[g]) < programmes.ambiguity[g]
        if passes and monthly >= parameters.application_threshold * organizations.need_cents[i]:
            applications.status[i] = PASSED


@compiled
def _pay(month, i, g, cents, term, coalition, size, parameters, world):
    """Give organization i an award of line g, won alone or with `coalition` (its serial number); 0 cents are none.

    Writes award_cents, award_months, record, the log.
    """
    organizations, log = world.organizations, world.log
    if cents == 0:
        return
    organizations.award_cents[i, g] += cents
    organizations.award_months[i, g] = max(organizations.award_months[i, g], term)
    organizations.record[i] += parameters.record_gain * (1.0 - organizations.record[i])
    log_event(log, month, codes.WIN, i, organizations.generation[i], coalition, g, codes.MONEY, size)


@compiled
def _get_cohort(month, rank, programmes, g):
    """Return (term, share of the full amount) of the winner at `rank`: cohorts end one round apart."""
    term, cohorts = programmes.term[g], _count_cohorts(month, programmes, g)
    if cohorts == 1:
        return term, term
    return programmes.interval[g] * (cohorts - rank % cohorts), term


@compiled
def _measure_partnership(i, world):
    """Return the mean trust of i's partners in it, 0 without partners."""
    organizations, dyads = world.organizations, world.dyads
    total, count = 0.0, 0
    for j in range(organizations.is_open.size):
        if dyads.joint[i, j] > 0:
            total += dyads.trust[j, i]
            count += 1
    return total / count if count > 0 else 0.0


@compiled
def _score_organizations(seed, month, g, parameters, world):
    """Score the marked organizations in applications.score; return how many there are."""
    organizations, programmes, applications = world.organizations, world.programmes, world.applications
    key = stream(seed, AWARD, month)
    score, mark, n_applied = applications.score, applications.status, 0
    for i in range(score.size):
        if mark[i] == PASSED:
            n_applied += 1
            luck = gumbel(key, organizations.key[i], programmes.key[g])
            merit = parameters.fit_weight * compute_fit(organizations.mix, programmes.pays_for, i, g)
            merit += parameters.record_weight * organizations.record[i]
            merit += parameters.partnership_weight * _measure_partnership(i, world)
            score[i] = luck if programmes.allocation[g] == LOTTERY else merit + parameters.luck * luck
    return n_applied


@compiled
def _find_best(score, mark, organizations):
    best, lots = NOBODY, organizations.lot
    for i in range(score.size):
        if mark[i] == PASSED and (best == NOBODY or is_ahead(score[i], lots[i], score[best], lots[best])):
            best = i
    return best


@compiled
def _disappoint(month, g, n_won, n_applied, parameters, world):
    """Let losers lose trust in winners that serve the same people. Writes trust, recent_loss, the log.

    Loss = rival_trust_loss · overlap · scarcity · (1 - softening · T) · T; scarcity = share of applications rejected.
    """
    organizations, dyads, programmes, log = world.organizations, world.dyads, world.programmes, world.log
    mark, scarcity = world.applications.status, 1.0 - n_won / n_applied
    for i in range(mark.size):
        if mark[i] != PASSED:
            continue
        weight = min(programmes.award_cents[g] / 12.0 / max(organizations.need_cents[i], 1), 1.0)
        organizations.recent_loss[i] = max(organizations.recent_loss[i], weight)
        log_event(log, month, codes.LOSE, i, organizations.generation[i], NOBODY, g, codes.MONEY, 1)
        for j in range(mark.size):
            if mark[j] == TAKEN:
                trust = dyads.trust[i, j]
                loss = parameters.rival_trust_loss * dyads.overlap[i, j] * scarcity
                dyads.trust[i, j] = trust - loss * (1.0 - parameters.trust_softening * trust) * trust


@compiled
def _count_coalitions(g, world):
    coalitions = world.coalitions
    count = 0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and may_apply(c, g, world):
            count += 1
    return count


@compiled
def _find_best_coalition(seed, month, g, parameters, world):
    coalitions, programmes, applications = world.coalitions, world.programmes, world.applications
    key = stream(seed, AWARD, month)
    best, best_score = NOBODY, 0.0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and may_apply(c, g, world):
            luck = gumbel(key, coalitions.key[c], programmes.key[g])
            merit = _score_coalition(c, g, parameters, world)
            score = luck if programmes.allocation[g] == LOTTERY else merit + parameters.luck * luck
            if best == NOBODY or is_ahead(score, coalitions.key[c], best_score, coalitions.key[best]):
                best, best_score = c, score
    if best != NOBODY:
        applications.best[0] = best_score
        applications.best[1] = to_uniform(coalitions.key[best])
    return best


@compiled
def may_apply(c, g, world):
    """Say whether coalition c has enough members that may apply, and the required sectors among them."""
    organizations, coalitions, programmes = world.organizations, world.coalitions, world.programmes
    mark = world.applications.status
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
def _score_coalition(c, g, parameters, world):
    organizations, dyads, coalitions, programmes = world.organizations, world.dyads, world.coalitions, world.programmes
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
def _pay_coalition(month, c, g, cents, term, parameters, world):
    """Pay the lead and pass its sub-awards on in equal parts; the lead keeps the odd cents."""
    organizations, coalitions, programmes = world.organizations, world.coalitions, world.programmes
    mark, core, lead = world.applications.status, world.scratch.is_core, coalitions.convener[c]
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
            _pay(month, i, g, part, term, number, size, parameters, world)
    coalitions.convener[c] = lead
    coalitions.convener_months[c] = max(coalitions.convener_months[c], term)
    if programmes.requires_mou[g] and not coalitions.is_formal[c]:
        sign_mou(world, c)
        number, size = coalitions.number[c], coalitions.size[c]
        log_event(world.log, month, codes.SIGN_MOU, NOBODY, 0, number, g, codes.MONEY, size)


@compiled
def _disappoint_coalitions(month, g, parameters, world):
    """Note the rejection at the convener of each coalition that still could apply. Writes recent_loss, the log."""
    organizations, coalitions, log = world.organizations, world.coalitions, world.log
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and may_apply(c, g, world):
            lead = coalitions.convener[c]
            organizations.recent_loss[lead] = max(organizations.recent_loss[lead], parameters.coalition_loss)
            number, size = coalitions.number[c], coalitions.size[c]
            log_event(log, month, codes.LOSE, lead, organizations.generation[lead], number, g, codes.MONEY, size)


@compiled
def count_convened(coalitions):
    """Return the number of coalitions of three or more, whose conveners a line may fund."""
    count = 0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and coalitions.size[c] >= 3:
            count += 1
    return count


@compiled
def size_convening(g, n_convened, programmes):
    """Return the cents line g gives to each convener."""
    cents = math.floor(programmes.pot_cents[g] * programmes.convener_share[g])
    return cents // n_convened if n_convened > 0 else 0


@compiled_apart
def fund_conveners(month, g, each, parameters, world):
    """Pay `each` cents to the convener of every coalition of three or more. Returns the cents spent."""
    coalitions, programmes = world.coalitions, world.programmes
    if each == 0:
        return 0
    spent = 0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and coalitions.size[c] >= 3:
            lead, term = coalitions.convener[c], programmes.term[g]
            number, size = coalitions.number[c], coalitions.size[c]
            _pay(month, lead, g, each, term, number, size, parameters, world)
            coalitions.convener_months[c] = max(coalitions.convener_months[c], term)
            spent += each
    return spent
