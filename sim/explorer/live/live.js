// The live page: controls for everything declared, a run computed by the server, levers set anew on the way.

class Server {
  constructor() { this.visitor = ''; }

  async ask(path, question) {
    const answer = await fetch(path, {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Visitor': this.visitor }, body: JSON.stringify(question),
    });
    const told = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
    if (!answer.ok) throw Object.assign(new Error(told.error || `the server answered ${answer.status}`), { status: answer.status });
    return told;
  }
}

class Live {
  constructor(server, told) {
    Object.assign(this, { server, told, words: told.words, changes: [], values: {}, shown: {}, before: null, now: null, asking: 0 });
    this.view = new View(this.words, { onMonth: () => this.keepState(), onEnd: () => {}, onSeed: (step) => this.stepSeed(step) });
    for (const id of ['all-seeds-choice']) find(id).hidden = true;
    for (const id of ['player', 'watch']) find(id).hidden = true;
    find('saving').hidden = !told.may_save;
    this.makeGroups();
    this.listen();
    this.game = new Play(this);
  }

  get chosen() { return Object.fromEntries(Object.keys(this.told.groups).map((group) => [group, find(`group-${group}`).value])); }

  get asked() { return { ...this.chosen, seed: Number(find('seed').value), months: Number(find('months').value), values: this.values, changes: this.changes, ...(this.seat ? { seat: this.seat } : {}) }; }

  makeGroups() {
    find('groups').replaceChildren(...Object.entries(this.told.groups).map(([group, options]) => {
      const select = make('select', { id: `group-${group}` }, ...options.map(({ value, label }) => make('option', { value }, label)));
      select.value = this.told.defaults[group];
      select.addEventListener('change', () => this.setUp());
      return make('label', {}, group.charAt(0).toUpperCase() + group.slice(1), select);
    }));
  }

  listen() {
    find('start').addEventListener('click', () => this.begin());
    find('reset').addEventListener('click', () => { this.takeState({}); this.begin(); });
    find('apply').addEventListener('click', () => this.applyChanges());
    find('beside').addEventListener('change', () => this.showSides());
    find('filter').addEventListener('input', () => this.filter());
    find('save').addEventListener('click', () => this.save());
  }

  async attempt(action) {
    find('notice').hidden = true;
    try {
      return await action();
    } catch (problem) {
      find('notice').hidden = false;
      find('notice').textContent = problem.message;
      return null;
    }
  }

  // The values of all controls under what is chosen; what was changed by hand stays, where it is still there.
  async setUp() {
    const told = await this.attempt(() => this.server.ask('/set-up', this.chosen));
    if (!told) return;
    this.base = told.values;
    this.values = Object.fromEntries(Object.entries(this.values).filter(([name]) => name in this.base));
    this.shown = { ...this.base, ...this.values };
    for (const { values } of this.changes) Object.assign(this.shown, values);
    find('group-notes').textContent = Object.entries(this.chosen).map(([group, value]) => this.told.groups[group].find((one) => one.value === value).note).filter(Boolean).join(' ');
    this.makeControls();
  }

  makeControls() {
    const groups = new Map(), lines = [...new Set(Object.keys(this.base).filter((name) => name.startsWith('regime.programmes.')).map((name) => name.split('.')[2]))];
    for (const control of this.told.controls) {
      for (const line of control.name.includes('<line>') ? lines : ['']) {
        const title = line ? `grant line ${line.replaceAll('_', ' ')}` : control.group, name = control.name.replace('<line>', line);
        if (!groups.has(title)) groups.set(title, []);
        groups.get(title).push(this.makeControl({ ...control, name }));
      }
    }
    find('controls').replaceChildren(...[...groups].map(([title, controls]) => make('details', {}, make('summary', {}, title.charAt(0).toUpperCase() + title.slice(1)), make('div', { className: 'choices' }, ...controls))));
    this.filter();
    this.tellChanged();
  }

  makeControl({ name, label, unit, kind, low, high, options, during, whole }) {
    const value = this.shown[name], text = `${label}${during ? ' ◆' : ''}`;
    const field = kind === 'switch' ? make('input', { type: 'checkbox', checked: value })
      : kind === 'choice' ? make('select', {}, ...options.map((option) => make('option', { value: option }, option)))
        : make('input', { type: 'number', min: low, max: high, step: whole ? 1 : 'any', value });
    if (kind === 'choice') field.value = value;
    field.addEventListener('change', () => this.take(name, kind === 'switch' ? field.checked : kind === 'number' ? (field.value === '' ? this.shown[name] : Number(field.value)) : field.value));
    const range = kind === 'number' ? ` (${unit}, ${low.toLocaleString('en')} to ${high.toLocaleString('en')})` : '';
    const box = make('label', { className: kind === 'switch' ? 'control check' : 'control' }, ...(kind === 'switch' ? [field, text] : [`${text}${range}`, field]));
    box.dataset.words = `${name} ${label} ${unit}`.toLowerCase();
    box.dataset.name = name;
    return box;
  }

  take(name, value) {
    this.shown[name] = value;
    this.tellChanged();
  }

  // What differs from the run that is shown, and what of it can be set anew during it.
  get pending() {
    const held = { ...this.base, ...this.values };
    for (const { month, values } of this.changes) if (month <= this.view.month + 1) Object.assign(held, values);
    return Object.fromEntries(Object.entries(this.shown).filter(([name, value]) => value !== held[name]));
  }

  get isDuring() {
    const during = new Set(this.told.controls.filter((control) => control.during).map((control) => control.name)), names = Object.keys(this.pending);
    return names.length > 0 && names.every((name) => during.has(name));
  }

  tellChanged() {
    const pending = this.tellValues(this.pending);
    const kept = [...this.tellValues(this.values), ...this.changes.flatMap(({ month, values }) => this.tellValues(values).map((text) => `${text} from month ${month} on`))];
    find('changed').textContent = [kept.length ? `In this run: ${kept.join('; ')}.` : '', pending.length ? `Changed, not run yet: ${pending.join('; ')}.` : ''].join(' ').trim();
    find('apply').disabled = !this.now || !this.isDuring || this.view.month >= this.now.run.last;
  }

  filter() {
    const words = find('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const group of find('controls').children) {
      let count = 0;
      for (const box of group.querySelectorAll('.control')) {
        box.hidden = !words.every((word) => box.dataset.words.includes(word));
        count += box.hidden ? 0 : 1;
      }
      group.hidden = count === 0;
      group.open = words.length > 0;
    }
  }

  // Everything shown holds from the start; no changes on the way.
  async begin() {
    this.values = Object.fromEntries(Object.entries(this.shown).filter(([name, value]) => value !== this.base[name]));
    this.changes = [];
    this.seat = null;
    this.view.pause();
    this.view.month = 0;
    await this.compute();
  }

  async applyChanges() {
    const month = this.view.month + 1;
    this.seat = null;
    this.changes = [...this.changes.filter((change) => change.month <= this.view.month), { month, values: this.pending }];
    this.view.pause();
    await this.compute();
  }

  // Asks until the run is there to its end; another one asked for meanwhile takes its place.
  async compute() {
    this.seat = null;
    const asked = this.asked, number = ++this.asking, before = this.now;
    find('start').disabled = true;
    await this.attempt(async () => {
      for (let isDone = false; !isDone && number === this.asking;) {
        const told = await this.server.ask('/run', asked);
        if (number !== this.asking) return;
        isDone = told.month === told.months;
        this.now = { run: this.read(told), name: this.nameRun(asked), asked: JSON.stringify(asked) };
        this.before = before;
        this.showSides();
        if (isDone) this.game.offer(this.now.run);
        this.tellOutcome(told);
      }
    });
    find('start').disabled = false;
    this.tellChanged();
    this.keepState();
  }

  read(told) { return readRun(decodeBase64(told.run), 0, this.words, told.start, told.grants); }

  // Values under the labels of their controls, as the server tells them: never under a parameter's own name.
  tellValues(values) {
    return Object.entries(values).map(([name, value]) => {
      const [, line] = /^regime\.programmes\.([^.]+)\./.exec(name) || [], control = this.told.controls.find((one) => one.name === (line ? name.replace(`.${line}.`, '.<line>.') : name));
      const label = control.label.charAt(0).toLowerCase() + control.label.slice(1), shown = typeof value === 'boolean' ? (value ? 'on' : 'off') : typeof value === 'number' ? `${value.toLocaleString('en', { maximumFractionDigits: 15 })} ${control.spoken}`.trim() : value.replaceAll('_', ' ');
      return `${line ? `grant line ${line.replaceAll('_', ' ')}: ` : ''}${label} ${shown}`;
    });
  }

  nameRun(asked) {
    const names = Object.keys(this.told.groups).filter((group) => asked[group] !== this.told.defaults[group] || group === 'regime').map((group) => this.told.groups[group].find((one) => one.value === asked[group]).label);
    return [...names, ...(asked.months === 120 ? [] : [plural(asked.months, 'month')]), ...this.tellValues(asked.values), ...asked.changes.map(({ month, values }) => `from month ${month} on ${this.tellValues(values).join(', ')}`), `seed ${asked.seed}`].join('; ');
  }

  showSides() {
    if (!this.now) return;
    for (const id of ['player', 'watch']) find(id).hidden = false;
    const isBeside = find('beside').checked && this.before;
    this.view.setSides(isBeside ? [this.before, this.now] : [this.now]);
  }

  // A game is played in the very run that is shown; says no where something else has been set up since.
  async beginGame() {
    this.seat = null;
    this.view.pause();
    if (this.now && JSON.stringify(this.asked) === this.now.asked && !Object.keys(this.pending).length) return true;
    await this.begin();
    find('notice').hidden = false;
    find('notice').textContent = 'The setting had been changed: it has been run anew. Choose your organization in this run.';
    return false;
  }

  // The run as the rule has it is A, the run as played B.
  endGame(told) {
    find('start').disabled = false;
    if (!told) { this.compute(); return; }
    const name = this.nameRun(this.asked), seat = this.game.seat;
    this.before = { run: readRun(decodeBase64(told.ruled), 0, this.words, told.start, told.grants), name: `${name}, the rule alone` };
    this.now = { run: this.read(told), asked: JSON.stringify(this.asked), name: `${name}, you as organization ${seat.organization}` };
    this.seat = { organization: seat.organization, decisions: told.decisions };
    find('beside').checked = true;
    this.showSides();
    this.tellOutcome(told);
    this.keepState();
  }

  tellOutcome({ month, months, verdict, command, scenario, warnings }) {
    if (scenario) find('scenario').textContent = scenario;
    if (warnings) find('warnings').textContent = warnings.map((text) => `Warning: ${text}.`).join(' ');
    find('command').textContent = quoteCommand(command);
    if (verdict && verdict.why) { find('outcome').textContent = `This one run: ${verdict.why}.`; return; }
    find('outcome').textContent = verdict ? `This one run: ${verdict.verdict} (change in the share of pairs that share a coalition ${signed(verdict.collaboration_change)}; coverage at the end ${fixed(verdict.coverage_end)}). One run says little: run the command with seeds=20 for an interval.` : `Computed ${month} of ${months} months …`;
  }

  stepSeed(step) {
    find('seed').value = Math.max(0, Number(find('seed').value) + step);
    this.compute();
  }

  async save() {
    find('saved').textContent = '';
    const told = await this.attempt(() => this.server.ask('/keep', { ...this.asked, name: find('name').value }));
    if (told) find('saved').textContent = `Saved in ${told.folder}.`;
  }

  keepState() {
    this.tellChanged();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      const seat = this.game.seat ? { seat: this.game.seat } : {};
      const told = new URLSearchParams({ run: JSON.stringify({ ...this.asked, ...seat }), month: this.view.month });
      history.replaceState(null, '', `#${told}`);
    }, 300);
  }

  // What a link or nothing asks for; what it does not name is as at first.
  takeState(asked) {
    for (const group of Object.keys(this.told.groups)) {
      const isThere = this.told.groups[group].some((one) => one.value === asked[group]);
      find(`group-${group}`).value = isThere ? asked[group] : this.told.defaults[group];
    }
    find('seed').value = Number.isSafeInteger(asked.seed) ? asked.seed : 1;
    find('months').value = Number.isSafeInteger(asked.months) ? asked.months : 120;
    this.values = asked.values && typeof asked.values === 'object' ? asked.values : {};
    this.changes = Array.isArray(asked.changes) ? asked.changes : [];
    this.before = this.now = null;
    this.shown = { ...this.base };
  }
}

const quoteCommand = (words) => words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');

function readLink() {
  const given = new URLSearchParams(location.hash.slice(1));
  let asked = {};
  try { asked = JSON.parse(given.get('run') || '{}') || {}; } catch { asked = {}; }
  return { asked, month: Number.parseInt(given.get('month'), 10) || 0, code: given.get('room') || '' };
}

async function enter(code) {
  const server = new Server(), link = readLink();
  try {
    const told = await server.ask('/enter', { code });
    server.visitor = told.visitor;
    find('door').hidden = true;
    find('notice').hidden = true;
    find('inside').hidden = false;
    const live = new Live(server, told);
    globalThis.live = live;
    live.takeState(link.asked);
    await live.setUp();
    live.view.month = Math.max(0, link.month);
    await live.compute();
    if (link.asked.seat) await live.game.resume(link.asked.seat);
  } catch (problem) {
    find('notice').hidden = false;
    find('notice').textContent = problem.message;
    find('door').hidden = problem.status !== 403;
    if (problem.status === 403 && !code) find('notice').hidden = true;
    if (!find('door').hidden) find('code').focus();
  }
  document.documentElement.dataset.ready = 'yes';
}

find('door').addEventListener('submit', (event) => {
  event.preventDefault();
  enter(find('code').value);
});
enter(readLink().code);
