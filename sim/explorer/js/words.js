// Words and small pieces of the page. Everything is text or an element made here: no HTML is ever put together.

const COLOURS = ['#0072B2', '#D55E00', '#CC79A7', '#000000', '#009E73'];  // Okabe & Ito 2008
const ON = ['#fff', '#000', '#000', '#fff', '#000'];
const LOOKS = [
  ...COLOURS.map((colour, at) => ({ fill: colour, edge: colour, text: ON[at] })),
  ...COLOURS.map((colour) => ({ fill: '#fff', edge: colour, text: '#000' })),
];
const OTHER = { fill: '#ccc', edge: '#555', text: '#000' };
const LETTERS = ['A', 'B'];
const SIDES = [{ colour: '#0072B2', dash: '' }, { colour: '#D55E00', dash: '6 4' }];

const find = (id) => document.getElementById(id);

function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element && key !== 'list') element[key] = value; else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function makeTable(caption, heads, rows) {
  const cells = (row) => row.map((cell, at) => make(at ? 'td' : 'th', at ? {} : { scope: 'row' }, cell));
  return make('table', {}, make('caption', {}, caption),
    make('thead', {}, make('tr', {}, ...heads.map((head) => make('th', { scope: 'col' }, head)))),
    make('tbody', {}, ...rows.map((row) => make('tr', {}, ...cells(row)))));
}

const lookOf = (run, serial) => LOOKS[run.looks.get(serial)] || OTHER;
// A number as it is shown; one that rounds to zero has no sign.
const fixed = (value, digits = 2) => {
  if (!Number.isFinite(value)) return 'unknown';
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
};
const signed = (value, digits = 2) => (value > 0 && Number(value.toFixed(digits)) > 0 ? '+' : '') + fixed(value, digits);
const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;
const joinWords = (list) => (list.length > 1 ? `${list.slice(0, -1).join(', ')} and ${list[list.length - 1]}` : `${list}`);

// Who has taken the place of an organization that closed, up to a month: when the newcomer opened, else null.
function findOpening(run, organization, month) {
  const found = run.events.filter((event) => event.kind === 'open' && event.organization === organization && event.month <= month);
  return found.length ? found[found.length - 1].month : null;
}

// What happens in a month, memberships first; the same thing done by several is told once.
function tellEvents(run, month, words) {
  const groups = new Map();
  for (const event of run.months[month] || []) {
    const key = [event.kind, event.coalition, event.line, event.cause].join();
    if (!groups.has(key)) groups.set(key, { event, others: [] }); else groups.get(key).others.push(event.organization);
  }
  const told = [...groups.values()].map(({ event, others }) => ({
    isMove: words.moves.includes(event.kind),
    text: tellEvent(run, event, words) + (others.length ? `, likewise organization${others.length > 1 ? 's' : ''} ${joinWords(others)}` : ''),
  }));
  return [...told.filter((one) => one.isMove), ...told.filter((one) => !one.isMove)];
}

function tellEvent(run, event, words) {
  const text = words.event_words[event.kind]
    .replace('{organization}', event.organization).replace('{coalition}', event.coalition)
    .replace('{line}', (run.grants[event.line] || '').replaceAll('_', ' '));
  return event.kind === 'shock' ? text : `${text} (${event.cause})`;
}

// The state of a month for who does not see the picture.
function tellSeats(run, month) {
  const told = [...run.seats[month]].map(([serial, seated]) => `coalition ${serial}: ${joinWords(seated.map((who) => who + 1))}`);
  const alone = [], closed = [];
  run.home[month].forEach((home, who) => { if (home === 0) alone.push(who + 1); else if (home < 0) closed.push(who + 1); });
  if (alone.length) told.push(`in none: ${joinWords(alone)}`);
  if (closed.length) told.push(`closed: ${joinWords(closed)}`);
  return `Month ${month}. Organizations by coalition. ${told.join('; ')}.`;
}

function tellMonth(sides, month, words) {
  const parts = sides.map(({ run }, at) => {
    const moves = tellEvents(run, month, words).filter((one) => one.isMove || one.text === words.event_words.shock);
    const shown = moves.slice(0, 4).map((one) => one.text);
    if (moves.length > 4) shown.push(plural(moves.length - 4, 'more change'));
    const text = month > run.last ? `the run ended in month ${run.last}` : month === 0 ? `${plural(run.seats[0].size, 'coalition')} at the start` : shown.join('; ') || 'no change';
    return sides.length > 1 ? `${LETTERS[at]}: ${text}` : text;
  });
  return `Month ${month}${sides.length > 1 ? '. ' : ': '}${parts.join('. ')}.`;
}
