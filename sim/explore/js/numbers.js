// Means, intervals and verdicts over seeds, by the rules of sim/tables.py and sim/contrasts.py.

function summarise(values, quantile) {
  const known = values.filter((value) => value !== null), count = known.length;
  const mean = known.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, low: NaN, high: NaN, count };
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
  const half = quantile * deviation / Math.sqrt(count);
  return { mean, low: mean - half, high: mean + half, count };
}

// The side of the threshold on which the whole interval lies, else undecided.
function nameVerdict({ mean, low, high, count }, threshold) {
  if (count < 2) return mean > threshold ? 'grows' : mean < -threshold ? 'fragments' : 'holds';
  if (low > threshold) return 'grows';
  if (high < -threshold) return 'fragments';
  return low > -threshold && high < threshold ? 'holds' : 'undecided';
}

// less, same (no clear difference) or more, from the differences on the same seeds.
function nameDifference({ mean, low, high, count }) {
  if (count < 2) return mean > 0 ? 'more' : mean < 0 ? 'less' : 'same';
  return low > 0 ? 'more' : high < 0 ? 'less' : 'same';
}

const tellInterval = ({ mean, low, high }) => signed(mean) + (Number.isFinite(low) ? ` (95 % interval ${signed(low)} to ${signed(high)})` : '');

function countVerdicts(verdicts, words) {
  return words.verdicts.map((name) => `${verdicts.filter((one) => one === name).length} ${name}`).join(', ');
}

function pairUp(ones, others) {
  return ones.map((one, at) => (one === null || others[at] === null ? null : others[at] - one));
}

// How many organizations left a coalition for each cause: one by one, in groups, or because they closed.
const LEAVINGS = ['exit', 'break_away', 'rival_break_away', 'close'];

function countCauses(run, until = Infinity) {
  const counts = new Map();
  for (const event of run.events) {
    if (!LEAVINGS.includes(event.kind) || event.month > until) continue;
    const cause = event.kind === 'close' ? 'closing for lack of money' : event.cause;
    counts.set(cause, (counts.get(cause) || 0) + 1);
  }
  return counts;
}

// The first month in which the two runs have other events of memberships.
function findParting(one, other, words) {
  const told = (run, month) => run.months[month].filter((event) => words.moves.includes(event.kind)).map((event) => [event.kind, event.organization, event.coalition, event.cause].join()).join(';');
  for (let month = 1; month <= Math.min(one.last, other.last); month++) if (told(one, month) !== told(other, month)) return month;
  return null;
}
