// You are one organization: take a seat, decide at each turn, and see at the end what the rule would have made of it.

const ASKS = { review: 'stay, leave, join or found', founding: 'who asks you to found', break_away: 'break-aways', condition: 'conditions of grants', application: 'applications' };
const ANY = 'any';

class Play {
  constructor(live) {
    Object.assign(this, { live, words: live.words, seat: null, last: null });
    this.picture = new Picture({ ...this.words });
    find('game-picture').replaceChildren(this.picture.svg);
    find('asks').append(...Object.entries(ASKS).map(([kind, text]) => make('label', { className: 'check' }, make('input', { type: 'checkbox', id: `asks-${kind}`, checked: true }), text)));
    find('sit').addEventListener('click', () => this.sit(Number(find('seat').value)));
    find('rise').addEventListener('click', () => this.rise());
    find('game-form').addEventListener('submit', (event) => { event.preventDefault(); this.decide(new FormData(find('game-form')).get('option')); });
    find('by-rule').addEventListener('click', () => this.decide(this.turn.rule));
    find('to-end').addEventListener('click', () => this.letGo());
  }

  // Whom one can be in the run that is set up; of real organizations only numbers are told.
  offer(run) {
    const { start, n } = run, isField = Boolean(start.sector), side = (value) => (value < -1 / 3 ? 0 : value > 1 / 3 ? 2 : 1);
    const filters = isField ? [['Sector', this.words.sectors, (who) => start.sector[who]], ['Serves mostly', this.words.populations, (who) => start.population[who]], ['Viewpoint', this.words.poles, (who) => side(start.viewpoint[who])]] : [];
    const chosen = find('seat').value, selects = filters.map(([label, names, place]) => {
      const values = [...Array(names.length).keys()].filter((at) => [...Array(n).keys()].some((who) => place(who) === at));
      const select = make('select', {}, make('option', { value: ANY }, 'any'), ...values.map((at) => make('option', { value: at }, names[at])));
      select.addEventListener('change', () => list());
      return { label, select, place };
    });
    const list = () => {
      const fitting = [...Array(n).keys()].filter((who) => selects.every(({ select, place }) => select.value === ANY || Number(select.value) === place(who)));
      find('seat').replaceChildren(...fitting.map((who) => make('option', { value: who + 1 }, this.nameSeat(who, start))));
      find('sit').disabled = fitting.length === 0;
      find('no-seat').hidden = fitting.length > 0;
    };
    find('seat-filters').replaceChildren(...selects.map(({ label, select }) => make('label', {}, label, select)));
    list();
    if ([...find('seat').options].some((option) => option.value === chosen)) find('seat').value = chosen;
  }

  nameSeat(who, start) {
    if (!start.sector) return `Organization ${who + 1}`;
    return `${who + 1}: ${this.words.sectors[start.sector[who]]}, serves mostly ${this.words.populations[start.population[who]]}, viewpoint ${signed(start.viewpoint[who], 1)}`;
  }

  // A game that stands in a link, as far as it had gone.
  async resume({ organization, decisions, asks }) {
    const kinds = Array.isArray(asks) ? asks : [];
    for (const kind of Object.keys(ASKS)) find(`asks-${kind}`).checked = kinds.includes(kind);
    await this.sit(Number(organization), Array.isArray(decisions) ? decisions.map(String) : []);
  }

  async sit(organization, decisions = []) {
    const asks = Object.keys(ASKS).filter((kind) => find(`asks-${kind}`).checked);
    if (!await this.live.beginGame()) return;
    this.seat = { organization, decisions, asks };
    Object.assign(this, { told: null, turn: null, last: null, wanted: this.live.asked });
    find('notice').hidden = true;
    document.body.dataset.mode = 'game';
    find('game-name').textContent = `You are organization ${organization}`;
    if (await this.compute()) find('game-name').focus(); else this.rise();
  }

  // To the page as it was before, with what has been played.
  rise() {
    delete document.body.dataset.mode;
    this.live.endGame(this.told && this.told.is_over ? this.told : null);
    this.seat = this.told = null;
    find('sit').focus();
  }

  async letGo() {
    this.seat.asks = [];
    await this.compute();
    find('game-name').focus();
  }

  async decide(what) {
    if (!what || this.isAsking) return;
    const turn = this.turn, text = `${turn.month}:${this.seat.organization}=${what}`;
    this.seat.decisions.push(text);
    if (await this.compute()) {
      this.last = { ...turn, chosen: what };
      this.show();
      find('game-name').focus();
      return;
    }
    this.seat.decisions.pop();  // the members do not admit, or the like: another choice
    const tried = find('game-form').querySelector(`input[value="${CSS.escape(what)}"]`);
    if (tried) Object.assign(tried, { checked: false, disabled: true });
  }

  async compute() {
    const seat = this.seat;
    this.isAsking = true;
    find('game-form').setAttribute('aria-busy', 'true');
    const told = await this.live.attempt(async () => {
      for (;;) {
        const found = await this.live.server.ask('/play', { ...this.wanted, seat });
        if (seat !== this.seat) return null;
        this.told = found;
        if (found.turn || found.is_over) return found;
        find('game-told').textContent = `Month ${found.month} of ${found.months} …`;
      }
    });
    this.isAsking = false;
    find('game-form').removeAttribute('aria-busy');
    if (told) this.show();
    return told;
  }

  show() {
    const { told } = this, run = this.live.read(told);
    this.turn = told.turn;
    this.picture.words.position = told.is_over ? 'viewpoint' : 'public position';
    find('game-placed').textContent = told.is_over ? 'The game is over: placed by viewpoint at the start, also of those who said something else in public.' : 'Placed by what each said in public at the start; you have the thick ring. Month by month you hear what is public, never why.';
    this.picture.setRun(run);
    this.picture.show(told.month);
    if (told.is_there) this.markSelf();
    find('game-told').textContent = this.tellState(told);
    find('game-news').replaceChildren(...this.tellNews(run, told));
    find('game-form').hidden = !told.turn;
    find('game-known').hidden = !told.turn;
    find('to-end').hidden = told.is_over;
    find('rise').textContent = told.is_over ? 'Leave the seat, and watch both runs' : 'Leave the seat';
    if (told.turn) this.showTurn(told.turn);
    this.showLast();
    this.showTaken(told);
    find('game-end').hidden = !told.is_over;
    if (told.is_over) this.showEnd(told);
    this.live.keepState();
  }

  markSelf() {
    const place = this.picture.layout.places[this.seat.organization - 1];
    this.picture.circles.append(draw('circle', { cx: place.x, cy: place.y, r: this.picture.layout.radius + 8, fill: 'none', stroke: '#000', 'stroke-width': 3 }));
  }

  tellState({ turn, month, months, is_there: isThere, is_over: isOver }) {
    const gone = isThere ? '' : ' Your organization has closed.';
    return isOver ? `The ${months} months are over.${gone}` : turn ? `Month ${turn.month} of ${months}.` : `Month ${month} of ${months}.${gone}`;
  }

  // What has been heard of since the turn before; nobody tells why.
  tellNews(run, { month, taken }) {
    // Who takes the place of an organization that closed has its number, and is another one.
    const newcomer = run.events.findIndex((event) => event.kind === 'open' && event.organization === this.seat.organization);
    const isOwn = (event) => event.organization === this.seat.organization && (newcomer < 0 || run.events.indexOf(event) < newcomer);
    const from = taken.length ? taken[taken.length - 1].month : Math.max(1, month - 11), told = [];
    for (let at = Math.max(1, from); at <= month; at++) {
      for (const event of run.months[at]) told.push(`Month ${at}: ${tellEvent(run, { ...event, cause: '' }, this.words).replace(/ \(\)$/, '')}${isOwn(event) ? ' (you)' : ''}`);
    }
    return told.length ? told.reverse().slice(0, 40).map((text) => make('li', {}, text)) : [make('li', {}, 'nothing since')];
  }

  showTurn(turn) {
    const [title, note] = tellTurn(turn, this.words), options = [...turn.options];
    const radios = options.map((option) => make('label', { className: 'check' }, make('input', { type: 'radio', name: 'option', value: option.what, required: true }), nameOption(option)));
    find('game-options').replaceChildren(make('legend', {}, title), make('p', { className: 'note' }, note), ...radios);
    find('game-self').replaceChildren(...tellSelf(turn.seen, this.words).map((text) => make('li', {}, text)));
    find('game-coalitions').replaceChildren(tabulateCoalitions(turn.seen));
    find('game-weighing').open = false;
    find('game-weights').replaceChildren(tabulateWeighing(turn, this.words));
  }

  showLast() {
    find('game-last').hidden = !this.last;
    if (!this.last) return;
    const { month, chosen, rule } = this.last;
    find('game-last-told').textContent = `Month ${month}: you ${tellDone(chosen)}. The rule would have ${chosen === rule ? 'done the same' : tellDone(rule)}.`;
    find('game-last-weights').replaceChildren(tabulateWeighing(this.last, this.words));
  }

  showTaken({ taken }) {
    const others = taken.filter(({ chosen, rule }) => chosen !== rule).length;
    find('game-taken-title').textContent = `Your decisions so far: ${taken.length}, ${others} of them other than the rule's`;
    find('game-taken').replaceChildren(...taken.map(({ month, chosen, rule }) => make('li', {}, `Month ${month}: ${tellDone(chosen)}${chosen === rule ? '' : ` (the rule: ${tellDone(rule)})`}`)).reverse());
  }

  showEnd({ compared, verdict, ruled_verdict: ruled, command }) {
    const value = (number, digits) => (number === null ? 'none' : fixed(number, digits));
    const rows = (of) => compared.filter((one) => one.of === of).map(({ label, played, ruled: other, digits }) => [label, value(played, digits), value(other, digits)]);
    find('game-compared').replaceChildren(
      makeTable('Your organization', ['What came of it', 'you', 'the rule'], rows('organization')),
      makeTable('The city', ['What came of it', 'you', 'the rule'], [...rows('city'), ['verdict of this one run', verdict.why || verdict.verdict, ruled.why || ruled.verdict]]),
    );
    find('game-command').textContent = quoteCommand(command);
  }
}
