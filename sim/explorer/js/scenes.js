// Scenes: predict, then let the runs play, then explain. What is predicted stands in the link, nowhere else.

const ANSWERS = { less: 'less', same: 'no clear difference', more: 'more' };
const MEASURES = {
  collaboration_change: {
    name: 'the change in collaboration', label: 'Change in the share of pairs that share a coalition', isChange: true,
    options: ['Collaboration grows less in B, or falls more', 'No clear difference', 'Collaboration grows more in B, or falls less'],
  },
  coverage_end: { name: 'coverage at the end', label: 'Coverage at the end', meaning: 'populations with a provider inside a coalition, of all', isChange: false },
  collaboration_end: { name: 'collaboration at the end', label: 'Pairs that share a coalition at the end', meaning: 'of all pairs of open organizations, mean of the last twelve months', isChange: false },
};

class Scenes {
  constructor(scenes, { onChoose, onSay, onSkip }) {
    Object.assign(this, { scenes, onSay, onSkip, explanations: scenes.map(() => '') });
    this.buttons = ['Explore freely', ...scenes.map((scene, at) => `${at + 1}. ${scene.title}`)].map((text, at) => {
      const button = make('button', { type: 'button' }, text);
      button.addEventListener('click', () => onChoose(at));
      return button;
    });
    find('scene-buttons').replaceChildren(...this.buttons);
    find('scenes').hidden = scenes.length === 0;
  }

  // number: 0 for none. outcome: what the runs say, once they may.
  show({ scene: number, said, done }, stage, outcome) {
    this.buttons.forEach((button, at) => button.setAttribute('aria-pressed', at === number));
    find('scene').hidden = number === 0;
    if (!number) return;
    const scene = this.scenes[number - 1];
    const parts = [make('h3', {}, scene.title), make('p', {}, scene.question)];
    if (stage === 'predict') parts.push(this.makeForm(scene));
    else parts.push(make('p', {}, 'Your prediction for ', MEASURES[scene.measure].name, ' in B: ', make('strong', {}, ANSWERS[said]), '.'));
    if (stage === 'run') {
      const skip = make('button', { type: 'button' }, 'To the end of the run');
      skip.addEventListener('click', () => this.onSkip());
      parts.push(make('div', { className: 'row' }, make('span', {}, 'Watch one run to its end; then all seeds are shown.'), skip));
    }
    if (done) parts.push(...this.explain(number, said, outcome));
    find('scene').replaceChildren(...parts);
  }

  makeForm(scene) {
    const { name, options } = MEASURES[scene.measure];
    const texts = options || [`Less ${name} in B`, 'No clear difference', `More ${name} in B`];
    const radios = Object.keys(ANSWERS).map((value, at) => [value, texts[at]]).map(([value, text]) => make('label', { className: 'check' }, make('input', { type: 'radio', name: 'prediction', value, required: true }), text));
    const form = make('form', {}, make('fieldset', {}, make('legend', {}, 'Your prediction, over all seeds'), ...radios),
      make('div', { className: 'row' }, make('button', { type: 'submit', className: 'main' }, 'Commit, and let it run')));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.onSay(new FormData(form).get('prediction'));
    });
    return form;
  }

  explain(number, said, outcome) {
    if (outcome.name === 'unknown') return [make('p', {}, make('strong', {}, outcome.sentence))];
    const told = outcome.name === 'same' ? 'show no clear difference' : `say: ${outcome.name}`;
    const text = said === outcome.name ? `The runs ${told}, as you predicted.` : `The runs ${told}; you predicted: ${ANSWERS[said]}.`;
    const area = make('textarea', { value: this.explanations[number - 1] });
    area.addEventListener('input', () => { this.explanations[number - 1] = area.value; });
    return [
      make('p', {}, make('strong', {}, text), ` ${outcome.sentence}`),
      make('p', {}, 'Look below at all seeds, at how memberships begin and end, and where the two runs part. Then explain:'),
      make('label', {}, 'Your explanation (kept on this page only, until it is closed; it prints)', area),
    ];
  }
}
