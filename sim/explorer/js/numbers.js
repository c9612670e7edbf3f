// Means, intervals and verdicts over seeds, by the rules of sim/results/summaries.py and sim/results/contrasts.py.

// quantiles: of Student's t with 1, 2, … degrees of freedom; values that are unknown count for nothing.
function summarise(values, quantiles) {
  const known = values.filter((value) => value !== null), count = known.length;
  const mean = known.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, low: NaN, high: NaN, count };
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
  const half = quantiles[count - 2] * deviation / Math.sqrt(count);
  return { mean, low: mean - half, high: mean + half, count };
}

// The side of the threshold on which the whole interval lies, else undecided.
function nameVerdict({ mean, low, high, count }, threshold) {
  if (count < 2) return mean > threshold ? 'grows' : mean < -threshold ? 'fragments' : 'holds';
  if (low > threshold) return 'grows';
  if (high < -threshold) return 'fragments';
  return low > -threshold && high < threshold ? 'holds' : 'undecided';
}

// An interval of a mean of shares within what a share can be.
const clip = (part) => ({ ...part, low: Math.max(0, part.low), high: Math.min(1, part.high) });

// less, same (no clear difference) or more, from the differences on the same seeds; unknown where there are none.
function nameDifference({ mean, low, high, count }) {
  if (count === 0) return 'unknown';
  if (count < 2) return mean > 0 ? 'more' : mean < 0 ? 'less' : 'same';
  return low > 0 ? 'more' : high < 0 ? 'less' : 'same';
}

const tellInterval = ({ mean, low, high }) => signed(mean) + (Number.isFinite(low) ? ` (95 % interval ${signed(low)} to ${signed(high)})` : '');

// How many runs have each verdict, and how many have none for what reason.
function countVerdicts(verdicts, words) {
  const counts = [...words.verdicts, ...Object.keys(words.no_verdict)].map((name) => [verdicts.filter((one) => one === name).length, name]);
  return counts.filter(([count, name]) => count || words.verdicts.includes(name)).map(([count, name]) => `${count} ${name}`).join(', ');
}

function pairUp(ones, others) {
  return ones.map((one, at) => (one === null || others[at] === null ? null : others[at] - one));
}

// How memberships begin and end. Beginnings are counted against open organizations, ends against memberships: counts
// of two cities of other sizes, or with other numbers of memberships, cannot be compared, and these rates can.
const BEGINNINGS = ['joining', 'founding'], ENDS = ['leaving', 'breaking away', 'the coalition ends', 'closing'];

// The memberships of a run that began and ended, by how and by the largest reason, and the years that organizations
// were open and memberships were held. Over a run, those that began less those that ended are what memberships rose by.
function countFlows(run) {
  const flows = new Map(), found = { flows, organizations: 0, memberships: 0 };
  const add = (how, cause, count = 1) => flows.set(`${how}: ${cause}`, { how, cause, count: (flows.get(`${how}: ${cause}`)?.count || 0) + count });
  for (let month = 1; month <= run.last; month++) {
    const held = new Map([...run.seats[month - 1]].map(([serial, seated]) => [serial, new Set(seated)]));
    for (const event of run.months[month]) followEvent(event, held, run.seats[month], add);
    found.organizations += run.open[month].filter(Boolean).length / 12;
    for (const seated of run.seats[month].values()) found.memberships += seated.length / 12;
  }
  return found;
}

// Count what one event does to the memberships `held` (a Map from a coalition to who sits there), and do it there.
function followEvent({ kind, cause, organization, coalition }, held, atEnd, add) {
  const who = organization - 1, take = (serial) => held.get(serial)?.delete(who);
  const give = () => (held.has(coalition) ? held.get(coalition).add(who) : held.set(coalition, new Set([who])));
  if (kind === 'join') { add('joining', cause); give(); }
  if (kind === 'found' || kind === 'rival_found') { add('founding', cause); give(); }
  if (kind === 'exit') { add('leaving', cause); take(coalition); }
  if (kind === 'break_away' || kind === 'rival_break_away') {
    add('breaking away', cause);
    add('founding', 'breaking away');
    const left = [...held].find(([serial, seated]) => serial !== coalition && seated.has(who) && !(atEnd.get(serial) || []).includes(who));
    if (left) take(left[0]);
    give();
  }
  if (kind === 'dissolve') { add('the coalition ends', cause, held.get(coalition)?.size || 0); held.delete(coalition); }
  if (kind === 'close') {
    const seats = [...held].filter(([, seated]) => seated.has(who));
    add('closing', 'lack of money', seats.length);
    for (const [serial] of seats) take(serial);
  }
}

const rateOf = (found, key, isBeginning) => {
  const exposure = isBeginning ? found.organizations : found.memberships;
  return exposure > 0 ? (found.flows.get(key)?.count || 0) / exposure : null;
};

// An effect as the percentage by which it multiplies memberships; one below LEAST_EFFECT is not named.
const LEAST_EFFECT = 0.02;
const tellEffect = (effect) => `${signed(Math.round(100 * (Math.exp(effect) - 1)) || 0, 0)} %`;

// The mean by which differences of logarithms share out a difference exactly; the plain mean where one side is 0.
const logMean = (one, other) => (one > 0 && other > 0 && one !== other ? (other - one) / Math.log(other / one) : (one + other) / 2);

function addUp(founds) {
  const all = { flows: new Map(), organizations: 0, memberships: 0 };
  for (const found of founds) {
    all.organizations += found.organizations;
    all.memberships += found.memberships;
    for (const [key, flow] of found.flows) all.flows.set(key, { ...flow, count: (all.flows.get(key)?.count || 0) + flow.count });
  }
  return all;
}

// Each way in which memberships begin and end, with its rate on each side over all seeds and, of two sides, `effect`:
// its part in the ratio of the memberships of an organization, B to A, with beginnings and ends in balance (a logarithm;
// those of all ways add up to that of the ratio), and whether its rates on the same seeds differ clearly (not
// where all differ by the same: such seeds tell nothing about their spread). sides: for each, countFlows of seeds.
// quantiles: those for as many comparisons at once as there are rows; see `summarise`.
function compareFlows(sides, quantiles) {
  const all = sides.map(addUp), keys = [...new Set(all.flatMap(({ flows }) => [...flows.keys()]))];
  const rows = keys.map((key) => {
    const { how, cause } = all.map(({ flows }) => flows.get(key)).find(Boolean), isBeginning = BEGINNINGS.includes(how);
    return { key, how, cause, isBeginning, rates: all.map((found) => rateOf(found, key, isBeginning)) };
  });
  if (sides.length < 2) return rows.sort((one, other) => other.rates[0] - one.rates[0]);
  const total = (side, isBeginning) => rows.filter((row) => row.isBeginning === isBeginning).reduce((sum, { rates }) => sum + rates[side], 0);
  for (const row of rows) {
    const scale = logMean(total(0, row.isBeginning), total(1, row.isBeginning)), change = row.rates[1] - row.rates[0];
    row.effect = scale > 0 ? (row.isBeginning ? 1 : -1) * change / scale : 0;
    const paired = summarise(pairUp(...sides.map((founds) => founds.map((found) => rateOf(found, row.key, row.isBeginning)))), quantiles);
    row.isClear = paired.high - paired.low > 1e-9 && ['less', 'more'].includes(nameDifference(paired));
  }
  return rows.sort((one, other) => Math.abs(other.effect) - Math.abs(one.effect));
}

// The first month in which the two runs have other events of memberships, 0 where they already begin with other seats.
function findParting(one, other, words) {
  const seats = (run) => JSON.stringify([run.n, [...run.seats[0]]]);
  if (seats(one) !== seats(other)) return 0;
  const told = (run, month) => run.months[month].filter((event) => words.moves.includes(event.kind)).map((event) => [event.kind, event.organization, event.coalition, event.cause].join()).join(';');
  for (let month = 1; month <= Math.min(one.last, other.last); month++) if (told(one, month) !== told(other, month)) return month;
  return null;
}
