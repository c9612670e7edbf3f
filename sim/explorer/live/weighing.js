// What an organization knows at a turn, in words and tables, and how the model's rule weighs its options.

const SIGNS = { leave: -1 };  // leaving is worth what staying there is not
const SHARE = (value) => `${Math.round(value * 100)}\u00a0%`;

function tellSelf(seen, words) {
  const told = [];
  if (seen.mix) told.push(`Your effort goes to ${joinWords(seen.mix.map((share, at) => [share, words.populations[at]]).filter(([share]) => share >= 0.05).sort((one, other) => other[0] - one[0]).map(([share, name]) => `${name} ${SHARE(share)}`))}.`);
  if (seen.viewpoint !== undefined) told.push(`Your viewpoint is ${signed(seen.viewpoint)} (−1 ${words.poles[0]}, +1 ${words.poles[2]}); in public you say ${signed(seen.stance)}.`);
  told.push(`Reserves for ${seen.reserve_months} months; fiscal stress ${fixed(seen.stress)}; ${fixed(seen.served, 0)} people served last month, room for ${fixed(seen.capacity, 0)}.`);
  told.push(seen.awards.length ? `Awards: ${seen.awards.map(({ line, months, share }) => `${plain(line)}, ${SHARE(share)} of your monthly need for ${plural(months, 'more month')}`).join('; ')}.` : 'No award is running.');
  return told;
}

const plain = (name) => name.replaceAll('_', ' ');

// Coalitions as it sees them: means over the other members, in its own eyes.
function tabulateCoalitions(seen) {
  const heads = ['Coalition', 'Members', 'Your trust in them', 'Distance of what they say', 'Same people served'];
  const rows = seen.coalitions.map((one) => [`${one.coalition}${one.is_member ? ' (you are in)' : ''}`, one.members.join(', '), fixed(one.trust ?? NaN), fixed(one.distance ?? NaN), fixed(one.overlap ?? NaN)]);
  const known = seen.coalitions.some((one) => one.distance !== null) ? 5 : 3;
  return rows.length ? makeTable('Coalitions, as you see them (means over the others in them, 0 to 1; distance 0 to 2)', heads.slice(0, known), rows.map((row) => row.slice(0, known))) : make('p', {}, 'There is no coalition.');
}

// What a line pays, as far as it can be known before it decides: the budget and the number of awards settle the sum.
function tellMoney({ share, term, for_coalitions: isJoint, is_formula: isFormula }) {
  const time = `for ${plural(term, 'month')} at most`;
  if (isJoint) return `It pays coalitions: an award is meant to be about ${SHARE(share)} of your need, ${time}, and is divided among the members that apply.`;
  if (isFormula) return `Its money is divided in equal parts among all that apply, ${time}.`;
  return `An award is meant to be about ${SHARE(share)} of your need, ${time}; the sum follows from the budget of the line.`;
}

function tellTurn({ kind, about, seen, options }, words) {
  if (kind === 'review') return ['Your turn to think again about what you belong to.', 'At most one change at a turn. Who wants to join is admitted by the members; ask, and you learn whether they do.'];
  if (kind === 'founding') return [`Organization ${about} asks you to found a coalition together.`, 'Nobody can be seated without gaining by it in its own eyes; refuse, and that organization may found with others.'];
  if (kind === 'break_away') return [`A part of coalition ${about} wants to break away, and you with it.`, 'A group leaves only if all of it gain. Stay behind, and the coalition stays together this month.'];
  const line = seen.lines.find((one) => one.line === about), money = tellMoney(line);
  if (kind === 'application') return [`The grant line ${plain(about)} decides this month, and you may apply.`, `${money}${line.is_formula || line.for_coalitions ? '' : ' Who loses trusts the winners who serve the same people less.'}`];
  return [`The grant line ${plain(about)} decides this month, and you do not fit its conditions.`, `${money} ${tellConditions(line, words)} To comply moves what you say and do to fit; to phase out goes part of the way.${options.some(({ what }) => actOf(what) === 'stay_ambiguous') ? ` To stay ambiguous passes with a chance of ${SHARE(line.ambiguity)}.` : ''}`];
}

function tellConditions({ low, high, pays_for: paid }, words) {
  const asked = [`It pays for work with ${joinWords(paid.map((at) => words.populations[at]))}.`];
  if (low > -1 || high < 1) asked.push(`It wants public positions from ${signed(low)} to ${signed(high)}.`);
  return asked.join(' ');
}

const ACTS = {
  stay: () => 'Stay as you are', leave: (about) => `Leave coalition ${about}`, join: (about) => `Ask to join coalition ${about}`,
  found: (about, { partners }) => `Found a coalition with ${joinWords(partners)}`,
  accept: (about) => `Found it with organization ${about}`, refuse: () => 'Refuse', go_along: () => 'Go along', stay_behind: () => 'Stay behind',
  comply: () => 'Comply', phase_out: () => 'Phase out in part', decline: () => 'Decline', stay_ambiguous: () => 'Stay ambiguous',
  apply: () => 'Apply', skip: () => 'Do not apply',
};
const DONE = {
  stay: () => 'stayed', leave: (about) => `left coalition ${about}`, join: (about) => `joined coalition ${about}`, found: () => 'founded a coalition',
  accept: (about) => `founded with organization ${about}`, refuse: (about) => `refused organization ${about}`,
  go_along: (about) => `broke away from coalition ${about}`, stay_behind: (about) => `kept coalition ${about} together`,
  comply: (about) => `complied with ${plain(about)}`, phase_out: (about) => `phased out for ${plain(about)}`, decline: (about) => `declined ${plain(about)}`,
  stay_ambiguous: (about) => `stayed ambiguous about ${plain(about)}`, apply: (about) => `applied to ${plain(about)}`, skip: (about) => `did not apply to ${plain(about)}`,
};
const actOf = (what) => what.split(':')[0], aboutOf = (what) => what.slice(what.indexOf(':') + 1);
const nameOption = (option, others) => ACTS[actOf(option.what)](aboutOf(option.what), others || option);
const tellDone = (what) => DONE[actOf(what)](aboutOf(what));

// The terms of each option as the rule has them: columns are options, the last row is what it compares.
function tabulateWeighing({ kind, options, rule, chosen }, words) {
  if (kind !== 'review') return make('p', {}, RULES[kind]);
  const told = options.map((option) => {
    const sign = SIGNS[actOf(option.what)] || 1, terms = words.causes.slice(0, 9).map((_, at) => (option.terms.length ? sign * option.terms[at] : NaN));
    const worth = option.terms.length ? terms.reduce((sum, term) => sum + term, 0) + option.extra : 0;
    return { option, terms, worth };
  });
  const rows = words.causes.slice(0, 9).map((cause, at) => [at === 8 ? 'threshold' : cause, ...told.map(({ terms }) => tellTerm(terms[at]))]);
  if (told.some(({ option }) => option.extra)) rows.push(['effort of founding, call for coalitions', ...told.map(({ option }) => tellTerm(option.extra || NaN))]);
  rows.push(['worth in all', ...told.map(({ worth }) => signed(worth))], ['luck of the moment', ...told.map(({ option }) => signed(option.luck))], ['what the rule compares', ...told.map(({ worth, option }) => signed(worth + option.luck))]);
  const mark = (what) => `${what === rule ? ' (the rule)' : ''}${what === chosen ? ' (you)' : ''}`;
  const heads = ['Term', ...told.map(({ option }) => `${nameOption(option)}${mark(option.what)}`)];
  return make('div', {}, make('div', { className: 'scroll', tabIndex: 0, role: 'region', ariaLabel: 'How the rule weighs this turn' }, makeTable('How the rule weighs this turn: terms of the utility, in your eyes', heads, rows)),
    make('p', { className: 'note' }, 'The rule takes what is largest; of coalitions to join, the largest that admits you. Luck stands for all that the terms leave out.'));
}

const tellTerm = (value) => (Number.isFinite(value) ? signed(value) : '');
const RULES = {
  founding: 'The rule goes along whenever the terms of the new coalition add up to more than 0 in your eyes; it was asked for that reason.',
  break_away: 'The rule goes along whenever leaving together is worth more to you than staying, by a margin; all of the group found so.',
  condition: 'The rule sets the money to be had, more the more it is pressed, against what it costs to say or do other than it thinks, with some luck.',
  application: 'The rule applies wherever it may and the award is worth the paper.',
};
