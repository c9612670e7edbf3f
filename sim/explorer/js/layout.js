// Where organizations stand: fixed for a run, so that only coalitions move.

// On a phone rows are named above instead of beside, so that numbers stay large enough to read.
const IS_NARROW = window.innerWidth < 600;
const FIELD = IS_NARROW
  ? { width: 420, height: 560, left: 8, right: 412, top: 4, bottom: 516 }
  : { width: 640, height: 470, left: 118, right: 626, top: 12, bottom: 432 };

// Viewpoint from left to right, main service population from top to bottom; where neither is told, a ring.
function placeOrganizations(start, n, words) {
  const radius = n <= 24 ? 13 : n <= 70 ? 9 : 5;
  const places = start.viewpoint ? placeInRows(start, n, words.populations.length, radius) : placeInRing(n);
  return { places, radius, isField: Boolean(start.viewpoint) };
}

function placeInRing(n) {
  return Array.from({ length: n }, (_, who) => {
    const turn = (2 * Math.PI * who) / n - Math.PI / 2;
    const reach = Math.min(FIELD.width, FIELD.height) / 2 - 24;
    return { x: FIELD.width / 2 + reach * Math.cos(turn), y: FIELD.height / 2 + reach * Math.sin(turn) };
  });
}

// In a row, each stands where its viewpoint is, in the lane in which it is pushed aside least.
function placeInRows(start, n, nRows, radius) {
  const height = (FIELD.bottom - FIELD.top) / nRows, gap = 2 * radius + 7;
  const nLanes = Math.max(1, Math.floor((height - 2) / (2 * radius + 5)));
  const places = new Array(n);
  for (let row = 0; row < nRows; row++) {
    const inside = [...Array(n).keys()].filter((who) => start.population[who] === row);
    inside.sort((one, other) => start.viewpoint[one] - start.viewpoint[other] || one - other);
    const ends = new Array(nLanes).fill(-Infinity);
    for (const who of inside) {
      const wanted = toX(start.viewpoint[who]);
      const order = lanesFromMiddle(nLanes);
      const lane = order.reduce((best, one) => (Math.max(wanted, ends[one] + gap) < Math.max(wanted, ends[best] + gap) ? one : best));
      const x = Math.max(wanted, ends[lane] + gap);
      ends[lane] = x;
      places[who] = { x, y: FIELD.top + height * (row + 0.5) + (lane - (nLanes - 1) / 2) * (2 * radius + 6) };
    }
  }
  const right = Math.max(...places.map((place) => place.x)), room = FIELD.right - radius;
  if (right > room) for (const place of places) place.x = FIELD.left + (place.x - FIELD.left) * (room - FIELD.left) / (right - FIELD.left);
  return places;
}

const toX = (viewpoint) => FIELD.left + 16 + (viewpoint + 1) / 2 * (FIELD.right - FIELD.left - 32);
const lanesFromMiddle = (count) => [...Array(count).keys()].sort((a, b) => Math.abs(a - (count - 1) / 2) - Math.abs(b - (count - 1) / 2) || a - b);

// A coalition stands amid its members, moved to where it covers no other one and no organization.
function placeCoalitions(seats, places, radius) {
  const found = [...seats].map(([serial, seated]) => ({
    serial, seated,
    x: seated.reduce((sum, who) => sum + places[who].x, 0) / seated.length,
    y: seated.reduce((sum, who) => sum + places[who].y, 0) / seated.length,
  }));
  for (let round = 0; round < 60; round++) {
    found.forEach((hub, at) => {
      for (const other of found.slice(0, at)) pushApart(hub, other, 34, 0.5);
      for (const place of places) pushApart(hub, place, radius + 19, 0.5);
      hub.x = Math.min(FIELD.width - 16, Math.max(FIELD.left, hub.x));
      hub.y = Math.min(FIELD.bottom - 4, Math.max(16, hub.y));
    });
  }
  return found;
}

function pushApart(hub, other, distance, share) {
  const dx = hub.x - other.x, dy = hub.y - other.y, length = Math.hypot(dx, dy);
  if (length >= distance) return;
  const push = share * (distance - length), [ux, uy] = length > 0.01 ? [dx / length, dy / length] : [0.8, 0.6];
  hub.x += ux * push;
  hub.y += uy * push;
}
