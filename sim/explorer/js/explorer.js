// The page of precomputed runs: what is chosen decides which runs are read, and what may be seen of them yet.

class Explorer {
  constructor(header, bytes) {
    Object.assign(this, { header, bytes, cache: new Map() });
    this.numbers = { countFlows, compareFlows, addUp, BEGINNINGS };  // for who asks at the browser's console
    this.offsets = [0];
    for (const length of header.lengths) this.offsets.push(this.offsets[this.offsets.length - 1] + length);
    this.view = new View(header, {
      onMonth: (month) => { this.state.month = month; this.keepState(); },
      onEnd: () => this.finish(),
      onSeed: (step) => this.stepSeed(step),
    });
    this.scenes = new Scenes(header.scenes, {
      onChoose: (number) => this.choose(number),
      onSay: (said) => this.say(said),
      onSkip: () => this.view.go(this.view.last),
    });
    this.makeControls();
    this.load();
    window.addEventListener('hashchange', () => this.load());
  }

  get nPoints() { return this.header.lengths.length / this.header.seeds.length; }

  // The settings of both sides: those of the scene, of the link, or the first and one that differs from it.
  load() {
    const { dimensions, seeds, scenes } = this.header;
    this.view.pause();
    this.state = readState(dimensions, seeds, scenes.length);
    const first = dimensions.map(() => 0), other = dimensions.map(({ values }, at) => (at === 0 ? Math.min(1, values.length - 1) : 0));
    this.state.a = this.state.a || first;  // not those of a scene: its answer would stand there before its question
    this.state.b = this.state.b || other;
    if (this.state.scene) this.takeScene();
    this.view.month = this.state.month;
    this.show();
  }

  takeScene() {
    const scene = this.header.scenes[this.state.scene - 1];
    this.state.a = scene.a.slice();
    this.state.b = scene.b.slice();
  }

  get stage() {
    if (!this.state.scene) return 'free';
    return this.state.done ? 'explain' : this.state.said ? 'run' : 'predict';
  }

  findRun(places, seed) {
    const { dimensions, seeds } = this.header;
    const point = dimensions.reduce((sum, { values }, at) => sum * values.length + places[at], 0), at = point * seeds.length + seed;
    if (!this.cache.has(at)) {
      this.cache.set(at, readRun(this.bytes, this.offsets[at], this.header, this.header.starts[this.header.start_of[at]], this.header.grants[point]));
    }
    return { run: this.cache.get(at), point };
  }

  nameSetting(places) {
    const { dimensions } = this.header;
    return dimensions.map(({ label, values }, at) => (/^[\d.,]+$/.test(values[places[at]].label) ? `${label.charAt(0).toLowerCase()}${label.slice(1)}: ` : '') + values[places[at]].label).join('; ') || this.header.question || 'the runs';
  }

  get sides() {
    const places = this.nPoints > 1 ? [this.state.a, this.state.b] : [this.state.a];
    return places.map((one) => ({ places: one, name: this.nameSetting(one), ...this.findRun(one, this.state.seed) }));
  }

  show() {
    const { state, stage } = this, sides = this.sides;
    const isOpen = stage === 'free' || stage === 'explain';
    for (const id of ['player', 'watch']) find(id).hidden = stage === 'predict';
    for (const id of ['over-seeds', 'causes', 'all-seeds-choice']) find(id).hidden = !isOpen;
    this.view.hideFuture(!isOpen);
    this.showControls(stage);
    const others = isOpen && state.all ? sides.map(({ places }) => this.header.seeds.map((_, seed) => this.findRun(places, seed).run)) : [];
    this.view.setSides(sides, others);
    state.month = this.view.month;
    this.scenes.show(state, stage, isOpen ? this.compare(sides) : null);
    if (isOpen) this.showSeeds(sides);
    this.keepState();
  }

  keepState() {
    clearTimeout(this.waiting);
    const write = () => writeState(this.state, this.header.dimensions, this.header.seeds);
    if (this.view.timer) this.waiting = setTimeout(write, 300); else write();  // browsers limit how often an address may change
  }

  makeControls() {
    const { dimensions, seeds } = this.header;
    for (const side of ['a', 'b']) {
      const box = find(`setting-${side}`), grid = make('div', { className: 'choices' });
      dimensions.forEach((dimension, at) => {
        const select = make('select', { id: `${side}-${at}` }, ...dimension.values.map(({ label }, place) => make('option', { value: place }, label)));
        select.addEventListener('change', () => { this.state[side][at] = Number(select.value); this.state.scene = 0; this.show(); });
        grid.append(make('label', {}, dimension.label, select));
      });
      box.append(grid, make('p', { className: 'note', id: `${side}-note` }));
    }
    find('setting-b').hidden = this.nPoints < 2;
    find('settings').hidden = this.nPoints < 2 && seeds.length < 2;
    find('seed').replaceChildren(...seeds.map((seed, at) => make('option', { value: at }, `${seed}`)));
    find('seed').addEventListener('change', () => { this.state.seed = Number(find('seed').value); this.show(); });
    find('seed-before').addEventListener('click', () => this.stepSeed(-1));
    find('seed-after').addEventListener('click', () => this.stepSeed(1));
    find('speed').addEventListener('change', () => { this.state.speed = Number(find('speed').value); this.keepState(); });
    find('all-seeds').addEventListener('change', () => { this.state.all = find('all-seeds').checked; this.show(); });
    find('copy').addEventListener('click', () => this.copyLink());
    find('made').replaceChildren('Made by ', make('code', {}, this.header.command), `, ${this.header.model}; the same command gives the same runs. Positions and sectors are those of month 0; a newcomer takes the place of one that closed.`);
  }

  showControls(stage) {
    const { dimensions } = this.header;
    for (const side of ['a', 'b']) {
      const places = this.state[side];
      places.forEach((place, at) => {
        find(`${side}-${at}`).value = place;
        find(`${side}-${at}`).disabled = stage === 'predict' || stage === 'run';
      });
      find(`${side}-note`).textContent = dimensions.map(({ values }, at) => values[places[at]].note).filter(Boolean).join(' ');
    }
    find('seed').value = this.state.seed;
    find('speed').value = this.state.speed;
    find('all-seeds').checked = this.state.all;
  }

  stepSeed(step) {
    const count = this.header.seeds.length;
    this.state.seed = (this.state.seed + step + count) % count;
    this.show();
  }

  choose(number) {
    this.view.pause();
    Object.assign(this.state, { scene: number, said: '', done: false });
    if (number) { this.state.month = this.view.month = 0; this.takeScene(); }
    this.show();
  }

  say(said) {
    this.state.said = said;
    this.show();
    find('player').focus();
    if (!this.view.isCalm) this.view.play();
  }

  finish() {
    if (this.stage === 'run') {
      this.state.done = true;
      this.show();
      find('scene').scrollIntoView({ block: 'start' });
    } else if (find('through').checked && this.header.seeds.length > 1) {
      this.view.month = this.state.month = 0;
      this.stepSeed(1);
      setTimeout(() => this.view.play(), 700);
    }
  }

  // The summaries of both sides over all seeds, and of their differences on the same seeds.
  compare(sides) {
    const { header } = this, scene = header.scenes[this.state.scene - 1], measure = scene ? scene.measure : 'collaboration_change';
    const pick = (name, point) => header.seeds.map((_, seed) => header.summary[name][point * header.seeds.length + seed]);
    const values = sides.map(({ point }) => pick(measure, point)), verdicts = sides.map(({ point }) => pick('verdict', point));
    const [coverages, ends] = ['coverage_end', 'collaboration_end'].map((one) => sides.map(({ point }) => summarise(pick(one, point), header.t_quantiles).mean));
    const found = { measure, values, verdicts, coverages, ends, parts: values.map((one) => (MEASURES[measure].isChange ? summarise(one, header.t_quantiles) : clip(summarise(one, header.t_quantiles)))), name: 'same', sentence: '' };
    if (sides.length > 1) {
      const differences = pairUp(...values), paired = summarise(differences, header.t_quantiles), { name } = MEASURES[measure];
      found.name = nameDifference(paired);
      const higher = differences.filter((one) => one > 0).length;
      const reason = header.no_verdict[verdicts.flat().find((one) => one in header.no_verdict)] || 'no run has this number';
      found.sentence = paired.count === 0 ? `Nothing to compare: ${reason}.` : `On the same ${plural(paired.count, 'seed')}, ${name} in B less that in A is ${tellInterval(paired)}; B is higher in ${higher} of ${paired.count}.`;
    }
    return found;
  }

  showSeeds(sides) {
    const { header } = this, found = this.compare(sides), { label, meaning, isChange } = MEASURES[found.measure];
    const told = sides.map(({ name }, at) => {
      const part = found.parts[at], unknown = header.no_verdict[found.verdicts[at][0]];
      const verdict = part.count || !unknown ? nameVerdict(part, header.threshold) : unknown;
      const verdictTold = isChange ? `${verdict}${part.count ? `; change ${tellInterval(part)}` : ''}; of ${plural(found.verdicts[at].length, 'run')} ${countVerdicts(found.verdicts[at], header)}${tellEnd(found.ends[at], found.coverages[at])}` : `${label.toLowerCase()} ${tellInterval(part).replaceAll('+', '')}`;
      return make('p', {}, make('strong', {}, sides.length > 1 ? `${LETTERS[at]}, ${name}: ` : `${name}: `), `${verdictTold}.`);
    });
    const groups = sides.map((_, at) => {
      const kept = header.seeds.map((seed, place) => place).filter((place) => found.values[at][place] !== null);
      return { letter: LETTERS[at], side: at, values: kept.map((place) => found.values[at][place]), seeds: kept.map((place) => header.seeds[place]), here: kept.indexOf(this.state.seed), ...found.parts[at] };
    });
    const note = isChange ? `${label}, last twelve months against the first. One dot a seed, the one shown above larger; below them the mean with its 95 % interval. Within ±${header.threshold} a run holds.` : `${label}: ${meaning}. One dot a seed; below them the mean with its 95 % interval.`;
    const drawn = groups.some(({ values }) => values.length) ? [drawDots(groups, isChange ? header.threshold : null, told.map((one) => one.textContent).join(' ')), make('p', { className: 'note' }, note)] : [];
    find('over').replaceChildren(...told, make('p', {}, found.sentence), ...drawn);
    this.showCauses(sides);
  }

  showCauses(sides) {
    const { header } = this, count = header.seeds.length, here = sides.map(({ run }) => countFlows(run));
    const all = sides.map(({ places }) => header.seeds.map((_, seed) => countFlows(this.findRun(places, seed).run)));
    const flows = compareFlows(all, header.t_quantiles_joint), letter = (at) => (sides.length > 1 ? `${LETTERS[at]}, ` : '');
    const heads = ['What happens, and its largest reason', ...here.map((_, at) => `${letter(at)}this seed`), ...all.map((_, at) => `${letter(at)}all ${count} seeds`)];
    if (sides.length > 1) heads.push('Effect on memberships in B');
    const rows = flows.map(({ key, isBeginning, rates, effect }) => {
      const cells = [...here.map((found) => rateOf(found, key, isBeginning)), ...rates].map((rate) => fixed(rate, 3));
      return [`${key} (${isBeginning ? 'an organization' : 'a membership'})`, ...cells, ...(sides.length > 1 ? [tellEffect(effect)] : [])];
    });
    const table = makeTable('How memberships begin, a year per open organization, and end, a year per membership', heads, rows);
    const parts = [make('div', { className: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'Why memberships begin and end' }, table)];
    if (sides.length > 1) {
      parts.unshift(this.tellDifference(flows, all), this.tellParting(sides));
      parts.push(make('p', { className: 'note' }, 'Effect: what this difference contributes to the memberships that an organization would hold in B, as a percentage of those in A, with beginnings and ends in balance; multiplied one by another, all of them give the whole difference. A difference is clear where its interval over the seeds excludes zero; as some twenty are compared at once, that interval is one of 99.75 %.'));
    }
    find('why').replaceChildren(...parts);
  }

  tellDifference(flows, all) {
    const [ours, theirs] = all.map(addUp).map(({ memberships, organizations }) => (organizations > 0 ? memberships / organizations : NaN));
    const held = `An organization holds ${fixed(theirs, 1)} memberships in B and ${fixed(ours, 1)} in A.`;
    const most = flows.find(({ isClear, effect }) => isClear && Math.abs(effect) >= LEAST_EFFECT);
    if (!most) return make('p', {}, `${held} No way in which memberships begin or end differs clearly over the seeds.`);
    const per = most.isBeginning ? 'an organization' : 'a membership';
    return make('p', {}, `${held} The largest clear difference: ${most.key}, ${fixed(most.rates[1], 3)} times a year for ${per} in B and ${fixed(most.rates[0], 3)} in A (memberships ${tellEffect(most.effect)}).`);
  }

  tellParting(sides) {
    const month = findParting(sides[0].run, sides[1].run, this.header);
    if (month === null) return make('p', {}, 'On this seed memberships are the same in A and B, month by month.');
    const told = month === 0 ? 'On this seed A and B differ from the start: other memberships are there in month 0.' : 'On this seed memberships part. ';
    const button = make('button', { type: 'button' }, `Show month ${month}`);
    button.addEventListener('click', () => { this.view.pause(); this.view.go(month); find('player').scrollIntoView({ block: 'start' }); });
    return make('p', {}, told, month === 0 ? '' : this.tellOwn(sides, month), ' ', button);
  }

  // What only one of the two runs has in a month, the same events of both left out.
  tellOwn(sides, month) {
    const told = sides.map(({ run }) => tellEvents(run, month, this.header).filter((one) => one.isMove).map((one) => one.text));
    const own = told.map((texts, at) => texts.filter((text) => !told[1 - at].includes(text)));
    return `Month ${month}. ${own.map((texts, at) => `${LETTERS[at]}: ${texts.join('; ') || 'nothing of the kind'}`).join('. ')}.`;
  }

  async copyLink() {
    try {
      await navigator.clipboard.writeText(location.href);
      find('copied').textContent = 'Copied.';
    } catch {
      find('copied').textContent = 'Copy it from the address bar: this browser does not let the page do it.';
    }
  }
}

// The state of the last twelve months; nothing where a run has not as many.
const tellEnd = (pairs, coverage) => (Number.isFinite(pairs) && Number.isFinite(coverage) ? `; at the end pairs that share a coalition ${fixed(pairs)}, coverage ${fixed(coverage)}` : '');

async function open() {
  try {
    const header = JSON.parse(find('header').textContent);
    const bytes = await inflate(decodeBase64(find('runs').textContent));
    globalThis.explorer = new Explorer(header, bytes);
    document.documentElement.dataset.ready = 'yes';
  } catch (problem) {
    find('notice').hidden = false;
    find('notice').textContent = `This page could not be opened here (${problem.message}). It needs a browser of 2023 or later.`;
  }
}

open();
