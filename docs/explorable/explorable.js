"use strict";
// Written into the page by explorable.py: DATA (dice, networks, vectors of states), FIGURES (Plotly, no data yet).
// --- Exact predictors. Entry t knows the first t rolls. Formulas: docs/theory.md; letters: docs/notation.md ----------
const sum = (x) => x.reduce((s, v) => s + v, 0);
const dot = (x, y) => x.reduce((s, v, i) => s + v * y[i], 0);
const add = (x, y, scale = 1) => x.map((v, i) => v + scale * y[i]);
const times = (x, rows) => rows[0].map((_, j) => x.reduce((s, v, i) => s + v * rows[i][j], 0)); // x' M
const normalised = (x) => x.map((v) => v / sum(x));
const softmax = (x) => normalised(x.map((v) => Math.exp(v - Math.max(...x))));
const overlapping = (dice, o) => dice.map((p) => add(p.map((v) => (1 - o) * v), times([1, 1, 1], dice), o / 3));

function exact(rolls, { majors, minors, q, a }) {
  const pool = [...majors, ...minors], counts = majors[0].map(() => 0);
  const logMajor = Math.log((1 - q) / 3), logMinor = Math.log(q / minors.length);
  let likelihood = pool.map(() => 0), evidence = 0; // logarithms, nats
  return [...rolls, null].map((roll, t) => {
    const fresh = counts.map((n) => (n + a) / (t + counts.length * a)); // prior predictive: the add-alpha rule
    const known = likelihood.slice(0, 3);
    const m1 = softmax(likelihood.map((l, k) => l + (k < 3 ? logMajor : logMinor)));
    const m2 = softmax([...known.map((l) => l + logMajor), evidence + Math.log(q)]);
    const average = t ? counts.map((n) => n / t) : counts.map(() => 1 / counts.length);
    if (roll !== null) {
      likelihood = likelihood.map((l, k) => l + Math.log(pool[k][roll]));
      evidence += Math.log(fresh[roll]); // the chain rule
      counts[roll] += 1;
    }
    return {
      alpha: softmax(known), gamma: hullCoordinates(average, majors), logLikelihood: known, fresh, freshWeight: m2[3],
      retrieval: times(m1, pool), extrapolation: times(m2, [...majors, fresh]),
    };
  });
}

// Weights of the point of a triangle that is nearest to x: x itself in its plane, or else on the nearest of the sides.
function hullCoordinates(x, corners) {
  const [u, v, r] = [corners[0], corners[1], x].map((point) => add(point, corners[2], -1));
  const [uu, uv, vv, ru, rv] = [dot(u, u), dot(u, v), dot(v, v), dot(r, u), dot(r, v)], area = uu * vv - uv * uv;
  const [first, second] = [(vv * ru - uv * rv) / area, (uu * rv - uv * ru) / area], third = 1 - first - second;
  if (Math.min(first, second, third) >= 0) return [first, second, third];
  const sides = [[0, 1], [1, 2], [2, 0]].map(([i, j]) => {
    const side = add(corners[i], corners[j], -1), along = dot(add(x, corners[j], -1), side) / dot(side, side);
    const share = Math.min(1, Math.max(0, along));
    const weights = corners.map((_, k) => (k === i ? share : k === j ? 1 - share : 0));
    const apart = add(x, times(weights, corners), -1);
    return { weights, distance: dot(apart, apart) };
  });
  return sides.sort((one, other) => one.distance - other.distance)[0].weights;
}

// --- The transformer of docs/transformer.md: its states after each layer and its law of the next roll, roll by roll --
function transformer(rolls, { parameters, heads, vectors }) {
  const norm = (x, name) => {
    const centred = x.map((v) => v - sum(x) / x.length), scale = Math.sqrt(dot(centred, centred) / x.length + 1e-5);
    return centred.map((v, i) => (v / scale) * parameters[`${name}.weight`][i] + parameters[`${name}.bias`][i]);
  };
  const linear = (x, name) => add(times(x, parameters[`${name}.weight`]), parameters[`${name}.bias`]);
  const size = parameters["embedding.weight"][0].length / heads, half = size / 2;
  const turn = (x, t) => x.map((v, i) => { // rotary positions turn the pairs (m, m + half) of every head
    const m = i % size, angle = t / 10000 ** ((m % half) / half);
    return v * Math.cos(angle) + (m < half ? -x[i + half] : x[i - half]) * Math.sin(angle);
  });
  let states = rolls.map((roll) => parameters["embedding.weight"][roll]);
  const layers = [];
  for (let l = 0; `layers.${l}.mlp_norm.bias` in parameters; l++) {
    const inputs = states.map((x) => norm(x, `layers.${l}.attention_norm`));
    const project = (part) => inputs.map((x) => times(x, parameters[`layers.${l}.attention.${part}.weight`]));
    const query = project("query").map(turn), key = project("key").map(turn), value = project("value");
    states = states.map((x, t) => {
      const mixed = x.flatMap((_, start) => { // one slice of the vector a head
        if (start % size) return [];
        const head = (y) => y.slice(start, start + size), past = key.slice(0, t + 1).map(head);
        const scores = past.map((k) => dot(head(query[t]), k) / Math.sqrt(size));
        return times(softmax(scores), value.slice(0, t + 1).map(head));
      });
      const middle = add(x, times(mixed, parameters[`layers.${l}.attention.output.weight`]));
      const hidden = linear(norm(middle, `layers.${l}.mlp_norm`), `layers.${l}.mlp.up`);
      return add(middle, linear(hidden.map((v) => v / (1 + Math.exp(-v))), `layers.${l}.mlp.down`));
    });
    layers.push(states);
  }
  return { layers, vectors, laws: states.map((x) => softmax(linear(x, "output"))) };
}

// Weights beta of the task vectors in each state: the nearest point of their triangle once mu_t and nu are taken off.
const coordinates = (rolls, states, { mu, nu, theta }) =>
  states.map((h, t) => hullCoordinates(add(add(h, mu[t], -1), nu[rolls[t]], -1), theta));

// --- The page --------------------------------------------------------------------------------------------------------
const at = (id) => document.getElementById(id), number = (id) => Number(at(id).value);
const shown = (x) => x.map((v) => v.toFixed(2)).join(" ");
const gap = (x, y) => (sum(add(x, y, -1).map(Math.abs)) / 2).toFixed(2); // total variation
let rolls = DATA.start, position = rolls.length, layer = 1, timer = null, fresh = freshDie();
function settings() {
  const o = DATA.overlaps[number("o")];
  return { q: number("q"), a: 10 ** number("a"), o, majors: overlapping(DATA.majors, o), minors: DATA.minors };
}

function draw() {
  const chosen = settings(), seen = exact(rolls.slice(0, position), chosen), now = seen[position];
  const runs = DATA.networks[number("o")].map((network) => transformer(rolls.slice(0, position), network));
  const betas = runs.map(({ layers, vectors }) => coordinates(rolls, layers[layer], vectors[layer]));
  const paths = [seen.map((e) => e.gamma), betas[1], betas[0], seen.map((e) => e.alpha)];
  const corner = (k) => paths.map((path) => path.map((weights) => weights[k]));
  const sizes = paths.map((path) => path.map((_, t) => (t < path.length - 1 ? 4 : 14))); // the present is large
  const ink = { "font.color": getComputedStyle(document.body).color }, slider = { "sliders[0].active": position };
  Plotly.update("triangle", { a: corner(0), b: corner(1), c: corner(2), "marker.size": sizes }, { ...ink, ...slider });
  const [one, two] = at("pair").value, odds = seen.map((e) => e.logLikelihood[one] - e.logLikelihood[two]);
  const added = odds.map((v, t) => (t ? v - odds[t - 1] : null)), average = odds.map((v, t) => (t ? v / t : null));
  Plotly.update("odds", { y: [added, odds, average] }, ink);
  Plotly.update("bars", { y: [runs[0].laws.at(-1) ?? [], now.retrieval, now.extrapolation, now.fresh] }, ink);
  const told = betas.map((path) => path.slice(-1).map((beta) =>
    `${shown(beta)} (total variation to α ${gap(beta, now.alpha)}, to γ ${gap(beta, now.gamma)})`));
  at("said").textContent = `After ${position} rolls: α = ${shown(now.alpha)}, γ = ${shown(now.gamma)}. ` +
    (position ? `β of the trained network = ${told[0]}, of the untrained one ${told[1]}. ` : "") +
    `M2 gives a fresh die the weight ${now.freshWeight.toFixed(2)}.`;
  for (const id of ["q", "a", "o"]) at(`${id}-value`).value = chosen[id].toFixed(2);
  at("layer").value = layer + 1;
}

function freshDie() { return normalised(DATA.majors[0].map(() => -Math.log(Math.random()))); } // from the flat prior
function rollDie() {
  let u = Math.random();
  return (settings().majors[at("die").value] ?? fresh).findIndex((p, face) => (u -= p) < 0 || face === 5);
}

function go(to) { position = Math.min(rolls.length, Math.max(0, to)); draw(); }
function append(faces) { rolls = [...rolls, ...faces].slice(0, DATA.length); go(rolls.length); }

function play(pressed) { // a button of the triangle
  clearInterval(timer);
  if (pressed.startsWith("Layer")) layer = Number(pressed.slice(-1)) - 1;
  if (pressed !== "Play") return draw();
  let t = position < rolls.length ? position : -1;
  timer = setInterval(() => (t < rolls.length ? go(++t) : clearInterval(timer)), 400);
}

const on = (selector, event, act) =>
  document.querySelectorAll(selector).forEach((element) => element.addEventListener(event, () => act(element.dataset)));
const config = { displayModeBar: false, responsive: true };
for (const id in FIGURES) Plotly.newPlot(id, FIGURES[id].data, FIGURES[id].layout, config);
at("triangle").on("plotly_sliderchange", ({ interaction, step }) => { if (interaction) go(Number(step.label)); });
at("triangle").on("plotly_buttonclicked", ({ button }) => play(button.label));
on("[data-face]", "click", ({ face }) => append([Number(face)]));
on("[data-count]", "click", ({ count }) => append(Array.from({ length: count }, rollDie)));
on("[data-go]", "click", ({ go: by }) => go(position + Number(by)));
on("#clear", "click", () => { rolls = []; go(0); });
on("#die", "change", () => { fresh = freshDie(); });
on("#pair, #q, #a, #o", "input", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
