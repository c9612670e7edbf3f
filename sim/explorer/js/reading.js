// Reading packed runs: the other side of sim/explorer/packing.py.

function decodeBase64(text) {
  const letters = atob(text.trim());
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
  return bytes;
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Reader {
  constructor(bytes, at) { this.bytes = bytes; this.at = at; }

  byte() { return this.bytes[this.at++]; }

  number() {
    let value = 0, weight = 1, digit;
    do {
      digit = this.byte();
      value += (digit & 127) * weight;
      weight *= 128;
    } while (digit > 127);
    return value;
  }

  numbers(count) { return Array.from({ length: count }, () => this.number()); }
}

// One run from its bytes. seats[month] is a Map from a coalition's serial number (from 1) to its organizations (from 0).
function readRun(bytes, at, words, start, grants) {
  const reader = new Reader(bytes, at);
  const [last, n] = reader.numbers(2);
  const run = { last, n, start, grants, seats: readSeats(reader, last), open: readOpen(reader, last, n), lines: {} };
  for (const line of words.lines) run.lines[line.name] = readLine(reader, last, words);
  run.events = readEvents(reader, words);
  run.months = Array.from({ length: last + 1 }, () => []);
  for (const event of run.events) if (event.month <= last) run.months[event.month].push(event);
  run.home = findHomes(run);
  run.looks = chooseLooks(run);
  run.lines.n_coalitions = run.seats.map((seats) => [...seats.values()].filter((seated) => seated.length > 2).length);
  return run;
}

function readSeats(reader, last) {
  const counts = reader.numbers(last + 1);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const serials = reader.numbers(total), organizations = reader.numbers(total);
  const held = new Map(), months = [];
  let at = 0;
  for (const count of counts) {
    for (const end = at + count; at < end; at++) {
      const serial = serials[at] + 1, seated = held.get(serial) || [], who = organizations[at];
      const rest = seated.includes(who) ? seated.filter((one) => one !== who) : [...seated, who].sort((a, b) => a - b);
      if (rest.length) held.set(serial, rest); else held.delete(serial);
    }
    months.push(new Map([...held].sort((one, other) => one[0] - other[0])));
  }
  return months;
}

function readOpen(reader, last, n) {
  const count = reader.number(), gaps = reader.numbers(count), organizations = reader.numbers(count);
  const state = new Array(n).fill(true), months = [];
  let at = 0, next = count ? gaps[0] : -1;
  for (let month = 0; month <= last; month++) {
    while (at < count && next === month) {
      state[organizations[at]] = !state[organizations[at]];
      at += 1;
      next = at < count ? next + gaps[at] : -1;
    }
    months.push(state.slice());
  }
  return months;
}

function readLine(reader, last, words) {
  const values = [];
  for (let month = 0, step = 0; month <= last; month++) {
    step = (step + reader.byte()) % 256;
    values.push(step === words.unknown ? NaN : step / words.steps);
  }
  return values;
}

function readEvents(reader, words) {
  const count = reader.number();
  const [gaps, kinds, causes, organizations, coalitions, lines] = Array.from({ length: 6 }, () => reader.numbers(count));
  let month = 0;
  return gaps.map((gap, at) => {
    month += gap;
    return {
      month, kind: words.events[kinds[at]], cause: words.causes[causes[at]],
      organization: organizations[at], coalition: coalitions[at], line: lines[at] - 1,
    };
  });
}

// The largest coalition of each organization in each month, the elder of two as large; 0 none, -1 closed.
function findHomes(run) {
  return run.seats.map((seats, month) => {
    const home = run.open[month].map((isOpen) => (isOpen ? 0 : -1)), size = new Array(run.n).fill(0);
    for (const [serial, seated] of seats) {
      for (const who of seated) if (seated.length > size[who]) { home[who] = serial; size[who] = seated.length; }
    }
    return home;
  });
}

// Colours for coalitions: each keeps its own for life; one that is free goes to the next coalition that forms.
function chooseLooks(run) {
  const looks = new Map(), free = LOOKS.map((_, place) => place);
  let living = new Set();
  for (const seats of run.seats) {
    for (const serial of living) if (!seats.has(serial) && looks.get(serial) < LOOKS.length) free.push(looks.get(serial));
    for (const serial of seats.keys()) {
      if (!looks.has(serial)) looks.set(serial, free.length ? free.shift() : LOOKS.length);
    }
    living = new Set(seats.keys());
  }
  return looks;
}
