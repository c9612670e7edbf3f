// The strip of memberships, the lines over months, the dots over seeds.

const STRIP = { left: 30, right: FIELD.width - 16, row: 15, top: 4 };
const CHART = { width: 320, height: 150, left: 34, right: 268, top: 8, bottom: 124 };

// Organizations in rows, from left to right in the picture; months in columns; colour and number for the coalition.
class Strip {
  constructor(onMonth) {
    this.svg = draw('svg', { role: 'img', class: 'strip' });
    this.svg.addEventListener('click', (event) => {
      const box = this.svg.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * FIELD.width;
      if (this.run) onMonth(Math.round((x - STRIP.left) / (STRIP.right - STRIP.left) * (this.run.last + 1) - 0.5));
    });
  }

  setRun(run) {
    this.run = run;
    this.height = STRIP.top + run.n * STRIP.row;
    this.svg.setAttribute('viewBox', `0 0 ${FIELD.width} ${this.height + 22}`);
    const order = [...Array(run.n).keys()];
    if (run.start.viewpoint) order.sort((one, other) => run.start.viewpoint[one] - run.start.viewpoint[other] || one - other);
    const step = (STRIP.right - STRIP.left) / (run.last + 1), parts = [];
    order.forEach((who, row) => parts.push(...this.drawRow(who, STRIP.top + row * STRIP.row, step)));
    for (let month = 0; month <= run.last; month += monthStep(run.last)) parts.push(drawText(month, STRIP.left + step * (month + 0.5), this.height + 15, 12, '#444'));
    this.cover = draw('rect', { y: 0, height: this.height, fill: '#fff' });
    this.cursor = draw('rect', { y: 0, height: this.height, width: Math.max(step, 2), fill: 'none', stroke: '#000', 'stroke-width': 1.5 });
    this.svg.replaceChildren(...parts, this.cover, this.cursor);
  }

  drawRow(who, y, step) {
    const { run } = this, parts = [drawText(who + 1, STRIP.left - 5, y + 11, 11, '#444', 400, 'end')];
    for (let month = 0, end; month <= run.last; month = end) {
      const home = run.home[month][who];
      for (end = month + 1; end <= run.last && run.home[end][who] === home;) end += 1;
      if (home < 0) continue;
      const x = STRIP.left + month * step, width = (end - month) * step, look = home ? lookOf(run, home) : null;
      parts.push(draw('rect', look ? { x, y: y + 1.5, width, height: STRIP.row - 3, fill: look.fill, stroke: look.edge, 'stroke-width': 1.5 } : { x, y: y + STRIP.row / 2 - 0.5, width, height: 1, fill: '#999' }));
      if (look && width > 16) parts.push(drawText(home, x + 4, y + 11, 10.5, look.text, 600, 'start'));
    }
    return parts;
  }

  show(month, isHidden) {
    const step = (STRIP.right - STRIP.left) / (this.run.last + 1), x = STRIP.left + step * (month + 1);
    this.cover.setAttribute('x', x);
    this.cover.setAttribute('width', Math.max(0, STRIP.right + 3 - x));
    this.cover.setAttribute('opacity', isHidden ? 1 : 0.6);
    this.cursor.setAttribute('x', x - step);
    const homes = this.run.home[month], inside = homes.filter((home) => home > 0).length, closed = homes.filter((home) => home < 0).length;
    this.svg.setAttribute('aria-label', `Largest coalition of each organization by month, up to month ${month}: ${inside} organizations inside one, ${homes.length - inside - closed} in none, ${closed} closed.`);
  }
}

const monthStep = (last) => [6, 12, 24, 60, 120, 240].find((step) => last / step <= 6) || 600;

// One line of the results for both sides, with thin lines for the other seeds where they are asked for.
class LineChart {
  constructor(name, label, meaning) {
    Object.assign(this, { name, label });
    this.isShare = name !== 'n_coalitions';
    this.svg = draw('svg', { viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: 'img' });
    this.figure = make('div', {}, make('h3', { title: meaning }, label), this.svg);
  }

  setSides(sides, others) {
    this.sides = sides;
    this.last = Math.max(...sides.map(({ run }) => run.last));
    this.top = this.isShare ? 1 : Math.max(4, ...[...sides, ...others.flat().map((run) => ({ run }))].map(({ run }) => Math.max(...run.lines[this.name])));
    const parts = this.drawAxes();
    others.forEach((runs, side) => runs.forEach((run) => parts.push(this.drawLine(run, side, 0.6, 0.4))));
    sides.forEach(({ run }, side) => parts.push(this.drawLine(run, side, 2.2, 1)));
    this.cover = draw('rect', { y: CHART.top - 4, height: CHART.bottom - CHART.top + 3, fill: '#fff' });
    this.cursor = draw('line', { y1: CHART.top, y2: CHART.bottom, stroke: '#000', 'stroke-width': 1 });
    this.ends = draw('g');
    this.svg.replaceChildren(...parts, this.cover, this.cursor, this.ends);
  }

  x(month) { return CHART.left + (CHART.right - CHART.left) * month / Math.max(this.last, 1); }

  y(value) { return CHART.bottom - (CHART.bottom - CHART.top) * value / this.top; }

  drawAxes() {
    const parts = [];
    for (const value of this.isShare ? [0, 0.5, 1] : [0, Math.round(this.top / 2), this.top]) {
      parts.push(draw('line', { x1: CHART.left, x2: CHART.right, y1: this.y(value), y2: this.y(value), stroke: '#ddd' }), drawText(value, CHART.left - 5, this.y(value) + 4, 11.5, '#444', 400, 'end'));
    }
    for (let month = 0; month <= this.last; month += monthStep(this.last)) parts.push(drawText(month, this.x(month), CHART.bottom + 15, 11.5, '#444'));
    for (const [month, letters] of this.findShocks()) {
      const isAll = letters.length === this.sides.length;
      parts.push(draw('line', { x1: this.x(month), x2: this.x(month), y1: CHART.top, y2: CHART.bottom, stroke: '#555', 'stroke-dasharray': '1 3' }), drawText(isAll ? 'shock' : `shock, ${letters.join(' and ')}`, this.x(month) + 3, CHART.bottom + 25, 10.5, '#444'));
    }
    return parts;
  }

  // The months in which a shock strikes, and the sides it strikes.
  findShocks() {
    const found = new Map();
    this.sides.forEach(({ run }, side) => {
      for (const month of new Set(run.events.filter(({ kind }) => kind === 'shock').map((event) => event.month))) found.set(month, [...(found.get(month) || []), LETTERS[side]]);
    });
    return found;
  }

  drawLine(run, side, width, opacity) {
    let path = '', isDown = false;
    run.lines[this.name].forEach((value, month) => {
      if (Number.isFinite(value)) path += `${isDown ? 'L' : 'M'}${this.x(month).toFixed(1)} ${this.y(value).toFixed(1)}`;
      isDown = Number.isFinite(value);
    });
    return draw('path', { d: path, fill: 'none', stroke: SIDES[side].colour, 'stroke-width': width, 'stroke-dasharray': SIDES[side].dash || 'none', opacity });
  }

  show(month, isHidden) {
    const x = this.x(month);
    this.cover.setAttribute('x', x + 1);
    this.cover.setAttribute('width', Math.max(0, CHART.right - x));
    this.cover.setAttribute('opacity', isHidden ? 1 : 0.65);
    for (const end of ['x1', 'x2']) this.cursor.setAttribute(end, x);
    const months = this.sides.map(({ run }) => Math.min(month, run.last));  // a shorter run stays at its end
    const values = this.sides.map(({ run }, side) => run.lines[this.name][months[side]]);
    const ys = values.map((value) => Math.max(this.y(value || 0) + 4, CHART.top + 10));
    if (ys.length > 1 && Math.abs(ys[0] - ys[1]) < 13) {
      const [upper, lower] = ys[0] <= ys[1] ? [0, 1] : [1, 0], middle = (ys[0] + ys[1]) / 2;
      [ys[upper], ys[lower]] = [middle - 6.5, middle + 6.5];
    }
    const told = values.map((value, side) => `${this.sides.length > 1 ? `${LETTERS[side]} ` : ''}${fixed(value, this.isShare ? 2 : 0)}`);
    this.ends.replaceChildren(...told.flatMap((text, side) => [
      ...(Number.isFinite(values[side]) ? [draw('circle', { cx: this.x(months[side]), cy: this.y(values[side]), r: 3.2, fill: side ? '#fff' : SIDES[side].colour, stroke: SIDES[side].colour, 'stroke-width': 2 })] : []),
      drawText(text, Math.min(x + 6, CHART.right + 3), ys[side], 12, '#1a1a1a', 600, 'start'),
    ]));
    const spoken = told.map((text, side) => (months[side] < month ? `${text} in month ${months[side]}, the last of that run` : text));
    this.svg.setAttribute('aria-label', `${this.label}, month ${month}: ${spoken.join(', ')}`);
  }
}

// One dot a seed and side; the mean with its 95 % interval; where a change counts as growing or fragmenting.
function drawDots(groups, threshold, label) {
  const all = groups.flatMap((group) => group.values), isChange = threshold !== null;
  const low = isChange ? Math.min(-0.15, ...all) - 0.03 : 0, high = isChange ? Math.max(0.15, ...all) + 0.03 : 1.02;
  const x = (value) => 40 + 580 * (value - low) / (high - low), height = 52 * groups.length + 50;
  const svg = draw('svg', { viewBox: `0 0 640 ${height}`, role: 'img', 'aria-label': label });
  if (isChange) {
    svg.append(draw('rect', { x: x(-threshold), y: 22, width: x(threshold) - x(-threshold), height: height - 44, fill: '#eee' }));
    for (const [text, place, anchor] of [['fragments', x(-threshold) - 6, 'end'], ['holds', x(0), 'middle'], ['grows', x(threshold) + 6, 'start']]) svg.append(drawText(text, place, 14, 12.5, '#444', 400, anchor));
  }
  for (const value of pickTicks(low, high)) svg.append(draw('line', { x1: x(value), x2: x(value), y1: 22, y2: height - 22, stroke: value === 0 ? '#555' : '#ddd' }), drawText(isChange ? signed(value, 1) : fixed(value, 1), x(value), height - 6, 12, '#444'));
  groups.forEach((group, row) => {
    const y = 48 + 52 * row, side = SIDES[group.side];
    svg.append(drawText(group.letter, 14, y + 6, 16, '#1a1a1a', 700));
    group.values.forEach((value, at) => svg.append(draw('circle', { cx: x(value), cy: y + ((at * 7) % 5 - 2) * 3, r: at === group.here ? 6 : 4, fill: group.side ? '#fff' : side.colour, stroke: at === group.here ? '#000' : side.colour, 'stroke-width': 2 }, draw('title', {}, `seed ${group.seeds[at]}: ${isChange ? signed(value) : fixed(value)}`))));
    if (group.values.length) svg.append(draw('line', { x1: x(group.low), x2: x(group.high), y1: y + 20, y2: y + 20, stroke: '#000', 'stroke-width': 2 }), draw('line', { x1: x(group.mean), x2: x(group.mean), y1: y + 14, y2: y + 26, stroke: '#000', 'stroke-width': 3 }));
  });
  return svg;
}

function pickTicks(low, high) {
  const step = high - low > 1.2 ? 0.4 : high - low > 0.6 ? 0.2 : 0.1, ticks = [];
  for (let at = Math.ceil(low / step); at * step <= high; at++) ticks.push(Math.round(at * step * 10) / 10);
  return ticks;
}
