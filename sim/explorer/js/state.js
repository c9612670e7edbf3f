// What is chosen, kept in the address: whoever opens the link sees the same month of the same run.

const START = { a: null, b: null, seed: null, month: 0, speed: 4, scene: 0, said: '', done: false, all: false };

function readState(dimensions, seeds, nScenes) {
  const given = new URLSearchParams(location.hash.slice(1)), state = { ...START };
  const whole = (name, low, high, or) => (/^\d{1,16}$/.test(given.get(name) || '') ? Math.min(high, Math.max(low, Number(given.get(name)))) : or);
  for (const side of ['a', 'b']) state[side] = readPlaces(given.get(side), dimensions);
  const seed = seeds.indexOf(whole('seed', 0, Number.MAX_SAFE_INTEGER, seeds[0]));
  state.seed = Math.max(0, seed);
  state.month = whole('month', 0, 1e5, 0);
  state.speed = ['1', '2', '4', '12'].includes(given.get('speed')) ? Number(given.get('speed')) : 4;
  state.scene = whole('scene', 0, nScenes, 0);
  state.said = ['less', 'same', 'more'].includes(given.get('said')) ? given.get('said') : '';
  state.done = given.get('done') === '1' && state.said !== '';
  state.all = given.get('all') === '1';
  return state;
}

// Places of values, or null where the link names none that this page holds.
function readPlaces(text, dimensions) {
  if (text === null) return null;
  const values = text.split('~');
  const places = dimensions.map((dimension, at) => dimension.values.findIndex(({ value }) => value === values[at]));
  return places.every((place) => place >= 0) ? places : null;
}

function writeState(state, dimensions, seeds) {
  const told = new URLSearchParams();
  for (const side of ['a', 'b']) told.set(side, state[side].map((place, at) => dimensions[at].values[place].value).join('~'));
  told.set('seed', seeds[state.seed]);
  told.set('month', state.month);
  if (state.speed !== 4) told.set('speed', state.speed);
  if (state.scene) told.set('scene', state.scene);
  if (state.said) told.set('said', state.said);
  if (state.done) told.set('done', 1);
  if (state.all) told.set('all', 1);
  history.replaceState(null, '', `#${told}`);
}
