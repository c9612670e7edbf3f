// What is watched: pictures, strips, lines and what happens; and the buttons and keys that move through the months.

class View {
  constructor(words, { onMonth, onEnd, onSeed }) {
    Object.assign(this, { words, onMonth, onEnd, onSeed, month: 0, sides: [], isHidden: false, timer: null });
    this.isCalm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.panels = LETTERS.map((letter) => new Panel(letter, words, (month) => this.go(month)));
    this.charts = [...words.lines, { name: 'n_coalitions', label: 'Coalitions of three or more', meaning: '' }].map(({ name, label, meaning }) => new LineChart(name, label, meaning));
    find('lines').replaceChildren(...this.charts.map((chart) => chart.figure));
    find('legend').replaceChildren(drawLegend());
    this.listen();
  }

  get last() { return Math.max(0, ...this.sides.map(({ run }) => run.last)); }

  // sides: [{ name, run }], one or two; others: for each side runs of other seeds, drawn thin.
  setSides(sides, others = []) {
    this.sides = sides;
    find('pictures').replaceChildren(...sides.map((side, at) => this.panels[at].setSide(side, sides.length > 1)));
    for (const chart of this.charts) chart.setSides(sides, others);
    find('month').max = this.last;
    this.month = Math.min(this.month, this.last);
    this.show();
  }

  hideFuture(isHidden) { this.isHidden = isHidden; }

  show() {
    if (!this.sides.length) return;
    this.sides.forEach(({ run }, at) => this.panels[at].show(Math.min(this.month, run.last), this.isHidden, this.month > run.last));
    for (const chart of this.charts) chart.show(this.month, this.isHidden);
    find('month').value = this.month;
    find('month').setAttribute('aria-valuetext', `month ${this.month} of ${this.last}`);
    find('month-told').textContent = this.month;
    this.tell();
    if (!this.timer) this.showTable();
  }

  // Aloud at most every three seconds while it plays, so that who listens is not buried.
  tell() {
    const text = tellMonth(this.sides, this.month, this.words), now = Date.now();
    if (this.timer && now - (this.toldAt || 0) < 3000) return;
    this.toldAt = now;
    find('told').textContent = text;
  }

  showTable() {
    const heads = ['Month', ...this.charts.flatMap((chart) => this.sides.map((_, at) => `${chart.label}${this.sides.length > 1 ? `, ${LETTERS[at]}` : ''}`))];
    const end = this.isHidden ? this.month : this.last, months = [];
    for (let month = 0; month <= end; month += 12) months.push(month);
    if (!months.includes(this.month)) months.push(this.month);
    const rows = months.sort((one, other) => one - other).map((month) => [month, ...this.charts.flatMap((chart) => this.sides.map(({ run }) => (month > run.last ? 'run over' : fixed(run.lines[chart.name][month], chart.isShare ? 2 : 0))))].map(String));
    find('lines-table').replaceChildren(makeTable('Every twelfth month, and the one shown', heads, rows));
  }

  go(month) {
    const wanted = Math.max(0, Math.min(this.last, Math.round(month)));
    if (wanted === this.month) return;
    this.month = wanted;
    this.show();
    this.onMonth(wanted);
    if (wanted === this.last) this.end();
  }

  end() {
    this.pause();
    this.onEnd();
  }

  play() {
    if (this.month >= this.last) { this.month = 0; this.show(); this.onMonth(0); }
    this.pause();
    this.timer = setInterval(() => this.go(this.month + 1), 1000 / Number(find('speed').value));
    find('play').textContent = 'Pause';
  }

  pause() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.toldAt = 0;
    find('play').textContent = 'Play';
    this.show();
  }

  toggle() { if (this.timer) this.pause(); else this.play(); }

  listen() {
    find('play').addEventListener('click', () => this.toggle());
    find('back').addEventListener('click', () => { this.pause(); this.go(this.month - 1); });
    find('forward').addEventListener('click', () => { this.pause(); this.go(this.month + 1); });
    find('month').addEventListener('input', () => { this.pause(); this.go(Number(find('month').value)); });
    find('speed').addEventListener('change', () => { if (this.timer) this.play(); });
    find('large').addEventListener('click', () => this.enlarge());
    document.addEventListener('keydown', (event) => this.press(event));
  }

  // For the back of a room: larger letters, one thing beneath the other.
  enlarge() {
    const isLarge = document.documentElement.toggleAttribute('data-large');
    find('large').setAttribute('aria-pressed', isLarge);
  }

  press(event) {
    if (!find('keys').checked || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest('input, select, textarea, [tabindex="0"]') || (event.key === ' ' && event.target.closest('button, a, summary'))) return;
    const step = event.shiftKey ? 12 : 1, isShown = find('watch').offsetParent !== null;
    const actions = !isShown ? { l: () => this.enlarge() } : {
      l: () => this.enlarge(),
      ' ': () => this.toggle(),
      ArrowLeft: () => { this.pause(); this.go(this.month - step); },
      ArrowRight: () => { this.pause(); this.go(this.month + step); },
      n: () => this.onSeed(1),
      p: () => this.onSeed(-1),
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}

// One side: its name, picture, numbers, strip, and what happens this month.
class Panel {
  constructor(letter, words, onMonth) {
    Object.assign(this, { letter, words });
    this.picture = new Picture(words);
    this.strip = new Strip(onMonth);
    this.title = make('h3');
    this.numbers = make('dl', { className: 'numbers' });
    this.log = make('ul', { className: 'log', tabIndex: 0 });
    this.log.setAttribute('aria-label', `What happens this month, ${letter}`);
    this.element = make('div', { className: `card side-${letter.toLowerCase()}` }, this.title, this.picture.svg, this.numbers,
      make('p', { className: 'note' }, 'Largest coalition of each organization, by month'), this.strip.svg, this.log);
  }

  setSide({ name, run }, hasOther) {
    this.run = run;
    this.title.textContent = hasOther ? `${this.letter}: ${name}` : name;
    this.picture.setRun(run);
    this.strip.setRun(run);
    return this.element;
  }

  // isOver: the run is shorter than the other one, which goes on; it stays as it ended.
  show(month, isHidden, isOver = false) {
    this.picture.show(month);
    this.strip.show(month, isHidden);
    const { run } = this, homes = run.home[month];
    const numbers = [
      ['coalitions', run.seats[month].size], ['in the largest', Math.max(0, ...[...run.seats[month].values()].map((seated) => seated.length))], ['in none', homes.filter((home) => home === 0).length],
      ['closed', homes.filter((home) => home < 0).length],
      ...this.words.lines.slice(0, 2).map((line) => [line.label.toLowerCase(), fixed(run.lines[line.name][month])]),
    ];
    this.numbers.replaceChildren(...numbers.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, `${value}`))));
    const told = isOver ? [{ text: `this run ended in month ${month}, which is shown` }] : tellEvents(run, month, this.words);
    this.log.replaceChildren(...(told.length ? told.map((one) => make('li', {}, one.text)) : [make('li', {}, month ? 'no change' : 'the start')]));
  }
}

function drawLegend() {
  const icon = (...parts) => draw('svg', { viewBox: '-13 -13 26 26', 'aria-hidden': 'true' }, ...parts);
  const entries = [
    [icon(draw('rect', { x: -10, y: -9, width: 20, height: 18, rx: 3, fill: '#0072B2' }), drawText(1, 0, 5, 13, '#fff', 700)), 'coalition, with its number'],
    [icon(draw('circle', { r: 10, fill: '#0072B2' }), drawText(7, 0, 4.5, 12, '#fff')), 'organization, in the colour of its largest coalition'],
    [icon(draw('circle', { r: 10, fill: '#fff', stroke: '#767676', 'stroke-width': 1.3 })), 'in no coalition'],
    [icon(draw('path', { d: 'M-6 -6L6 6M-6 6L6 -6', stroke: '#767676', 'stroke-width': 2 })), 'closed'],
    [icon(draw('circle', { r: 11, fill: 'none', stroke: '#000', 'stroke-width': 1.6, 'stroke-dasharray': '3 2.5' })), 'joins or leaves this month'],
    [icon(draw('path', { d: 'M-11 0H11', stroke: '#0072B2', 'stroke-width': 1.4, 'stroke-dasharray': '4 3' })), 'a further seat'],
  ];
  return make('ul', { className: 'legend' }, ...entries.map(([svg, text]) => make('li', {}, svg, text)));
}
