// The picture of a month: organizations as circles, coalitions as squares, a line for each seat.

class Picture {
  constructor(words) {
    this.words = words;
    this.svg = draw('svg', { viewBox: `0 0 ${FIELD.width} ${FIELD.height}`, role: 'img', class: 'picture' });
  }

  // The ground stays as long as the organizations do.
  setRun(run) {
    this.run = run;
    this.layout = placeOrganizations(run.start, run.n, this.words);
    this.lines = draw('g');
    this.hubs = draw('g');
    this.circles = draw('g');
    this.svg.replaceChildren(...(this.layout.isField ? drawGround(this.words) : []), this.lines, this.circles, this.hubs);
    this.byHub = new Map();
  }

  show(month) {
    const { run, layout } = this, seats = run.seats[month], before = run.seats[Math.max(month - 1, 0)];
    this.svg.setAttribute('aria-label', tellSeats(run, month));
    const hubs = placeCoalitions(seats, layout.places, layout.radius);
    this.lines.replaceChildren(...hubs.flatMap((hub) => hub.seated.map((who) => this.drawSeat(hub, who, month))));
    this.circles.replaceChildren(...layout.places.map((place, who) => this.drawOrganization(place, who, month, hasMoved(seats, before, who))));
    this.showHubs(hubs);
  }

  drawSeat(hub, who, month) {
    const place = this.layout.places[who], look = lookOf(this.run, hub.serial), isHome = this.run.home[month][who] === hub.serial;
    return draw('line', {
      x1: place.x, y1: place.y, x2: hub.x, y2: hub.y, stroke: look.edge, 'stroke-width': isHome ? 2.4 : 1.2,
      'stroke-dasharray': isHome ? 'none' : '4 3', opacity: isHome ? 0.85 : 0.7,
    });
  }

  drawOrganization(place, who, month, isMoved) {
    const home = this.run.home[month][who], radius = this.layout.radius, group = draw('g', { transform: `translate(${place.x} ${place.y})` });
    if (home < 0) {
      group.append(draw('path', { d: `M${-radius * 0.6} ${-radius * 0.6}L${radius * 0.6} ${radius * 0.6}M${-radius * 0.6} ${radius * 0.6}L${radius * 0.6} ${-radius * 0.6}`, stroke: '#767676', 'stroke-width': 2 }));
    } else {
      const look = home ? lookOf(this.run, home) : { fill: '#fff', edge: '#767676', text: '#000' };
      if (isMoved) group.append(draw('circle', { r: radius + 4.5, fill: 'none', stroke: '#000', 'stroke-width': 1.6, 'stroke-dasharray': '3 2.5' }));
      group.append(draw('circle', { r: radius, fill: look.fill, stroke: look.edge, 'stroke-width': home ? 3 : 1.3 }));
      if (radius > 6) group.append(drawText(who + 1, 0, radius > 10 ? 4.6 : 3.4, radius > 10 ? 13 : 9.5, look.text));
    }
    group.append(draw('title', {}, this.tellOrganization(who, home, month)));
    return group;
  }

  // Of a newcomer the page holds no more than when it opened: sector, people and position are those of month 0.
  tellOrganization(who, home, month) {
    const { start } = this.run, opened = findOpening(this.run, who + 1, month), told = [`Organization ${who + 1}`];
    if (opened !== null) told.push(home < 0 ? `opened in month ${opened} in the place of one that closed` : `a newcomer of month ${opened}, in the place of one that closed`);
    else if (start.sector) told.push(this.words.sectors[start.sector[who]], `serves mostly ${this.words.populations[start.population[who]]}`, `${this.words.position || 'viewpoint'} ${signed(start.viewpoint[who])}, at the start`);
    told.push(home < 0 ? 'closed' : home ? `largest coalition: ${home}` : 'in no coalition');
    return told.join('; ');
  }

  showHubs(hubs) {
    const living = new Set(hubs.map((hub) => hub.serial));
    for (const [serial, element] of this.byHub) if (!living.has(serial)) { element.remove(); this.byHub.delete(serial); }
    for (const hub of hubs) {
      if (!this.byHub.has(hub.serial)) {
        const look = lookOf(this.run, hub.serial), group = draw('g', { class: 'move' });
        group.append(draw('rect', { x: -12, y: -11, width: 24, height: 22, rx: 3, fill: look.fill, stroke: look.fill === '#fff' ? look.edge : '#fff', 'stroke-width': 2.4 }), drawText(hub.serial, 0, 4.8, 13.5, look.text, 700));
        this.byHub.set(hub.serial, group);
        this.hubs.append(group);
      }
      this.byHub.get(hub.serial).style.transform = `translate(${hub.x.toFixed(1)}px, ${hub.y.toFixed(1)}px)`;
    }
  }
}

function hasMoved(seats, before, who) {
  if (seats === before) return false;
  const own = (months) => [...months].filter(([, seated]) => seated.includes(who)).map(([serial]) => serial).join();
  return own(seats) !== own(before);
}

function drawText(text, x, y, size, colour = '#1a1a1a', weight = 400, anchor = 'middle') {
  return draw('text', { x, y, 'font-size': size, fill: colour, 'text-anchor': anchor, 'font-weight': weight }, `${text}`);
}

function drawGround(words) {
  const rows = words.populations.length, height = (FIELD.bottom - FIELD.top) / rows, parts = [];
  words.populations.forEach((name, row) => {
    const y = FIELD.top + height * row;
    if (row % 2 === 0) parts.push(draw('rect', { x: 0, y, width: FIELD.width, height, fill: '#f3f3f3' }));
    const lines = IS_NARROW ? [name] : foldWords(name, 17), first = IS_NARROW ? y + 14 : y + height / 2 + 4 - (lines.length - 1) * 7;
    lines.forEach((line, at) => parts.push(drawText(line, 4, first + 14 * at, 12.5, '#444', 400, 'start')));
  });
  const y = FIELD.bottom + 16;
  parts.push(drawText(`← ${words.poles[0]}`, FIELD.left, y, 12.5, '#444', 400, 'start'), drawText(words.poles[1], (FIELD.left + FIELD.right) / 2, y + 16, 12.5, '#444'), drawText(`${words.poles[2]} →`, FIELD.right, y, 12.5, '#444', 400, 'end'));
  return parts;
}

function foldWords(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last && last.length + word.length >= width) lines.push(word); else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}
