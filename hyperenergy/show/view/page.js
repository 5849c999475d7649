// The state of the page, and its controls.
const sphere = by("sphere"), slider = by("angle"), time = by("time");
let page = null, moments = [], now = 0, live = false;
let view = 0, turn = 0, stretch = 1, zoom = 1;
const FIRST = { eye: { x: 1.0, y: 1.0, z: 0.7 }, up: { x: 0, y: 0, z: 1 }, center: { x: 0, y: 0, z: 0 } };
let camera = FIRST;

const shownView = () => page.scene.views[view];
const frame = () => page.scene.frames[shownView().frame];
// What a moment holds is unpacked when it is drawn first.
function points() {
  const m = moments[now];
  if (!m.ready) {
    m.ready = { anchors: unpack(m.anchors), positives: m.positives && unpack(m.positives), edges: unpackIndices(m.edges),
      hull: m.surface && unpackIndices(m.surface.hull), neighbors: m.surface && m.surface.neighbors };
  }
  return m.ready;
}
function projected() {
  const m = points(), p = project(m.anchors, frame(), turn);
  const v = m.positives && project(m.positives, frame(), turn);
  // Where the misalignment is too small to see, it is drawn longer.
  return [m, p, v && p.map((c, k) => c.map((x, i) => (x === null || v[k][i] === null ? null : x + stretch * (v[k][i] - x))))];
}
const arcs = () => page.scene.dim === 3 && shownView().kind !== "hull";

function traces() {
  const [m, p, q] = projected(), out = page.scene.dim === 2 ? [circle()] : [];
  if (shownView().kind === "cells" && m.hull) out.push(...cellTraces(p, m.hull, m.neighbors));
  else {
    if (shownView().kind === "hull" && m.hull) out.push(hullTrace(p, m.hull));
    else if (page.scene.dim === 3) out.push(ball(0.97));
    out.push(...pointTraces(p, m.edges, arcs(), q !== null, m.edges.length > 2000 && page.scene.dim > 3));
  }
  if (q) out.push(...positiveTraces(p, q));
  return out;
}

// Seen from afar, in parallel, the distance of the eye does not matter: the scene itself grows.
const aspect = () => ({ x: zoom, y: zoom, z: zoom });
function layout() {
  const reach = frame().stereographic ? FAR : 1.05;
  const axis = { visible: false, range: [-reach, reach], showspikes: false };
  return { ...base(), margin: { l: 0, r: 0, t: 0, b: 0 }, legend: { orientation: "h", itemsizing: "constant", y: 0, x: 0.5, xanchor: "center", yanchor: "bottom" },
    uirevision: "same", showlegend: true,
    scene: { xaxis: axis, yaxis: axis, zaxis: axis, aspectmode: "manual", aspectratio: aspect(), camera, dragmode: "orbit", uirevision: "same" } };
}
const current = () => (sphere._fullLayout && sphere._fullLayout.scene._scene ? sphere._fullLayout.scene._scene.getCamera() : camera);

// All anew; or, for turning, only what moves.
const redraw = () => (canDraw ? Plotly.react(sphere, traces(), layout(), config) : Promise.resolve());
function turned() {
  if (page.scene.dim <= 3 || !canDraw) return redraw();
  const [m, p, q] = projected(), moved = [segments(p, p, m.edges, 1), p];
  if (q) moved.push(segments(p, q, partners(p[0].length), 1), q);
  const part = (k) => moved.map((t) => t[k]);
  return Plotly.restyle(sphere, { x: part(0), y: part(1), z: part(2) }, moved.map((_, i) => i));
}
// One drawing at a time: what is asked for meanwhile is drawn once, as it is then.
let drawing = null, waiting = null;
function once(work) {
  if (drawing) {
    if (waiting !== redraw) waiting = work;
    return drawing;
  }
  drawing = Promise.resolve().then(work).finally(() => {
    const next = waiting;
    drawing = waiting = null;
    return next ? once(next) : undefined;
  });
  return drawing;
}
const draw = () => { by("frame-note").textContent = frame().note; return once(redraw); };
const move = () => once(turned);
const look = () => canDraw && Plotly.relayout(sphere, { "scene.camera": camera, "scene.aspectratio": aspect() });
// A plane is seen from above; otherwise the picture stays as it was turned.
function face() {
  zoom = 1;
  if (frame().plane) {
    const p = project(points().anchors, frame(), turn);
    zoom = 1.6 / Math.max(0.1, ...p[0].map((x, i) => Math.hypot(x, p[1][i])));
    camera = { eye: { x: 0, y: 0, z: 1.7 }, up: { x: 0, y: 1, z: 0 }, center: { x: 0, y: 0, z: 0 }, projection: { type: "orthographic" } };
  } else camera = { ...camera, projection: { type: "perspective" } };
  draw().then(look);
}

// What values are compared with: the prediction; without one, the last value, once it is known.
function reference() {
  if (page.reference || live) return page.reference;
  const last = moments[moments.length - 1].value;
  if (last === null) return null;
  return { value: last, name: "last value", least: Number.EPSILON * Math.max(1, Math.abs(last)), tolerance: Infinity };
}

// ---- what is shown -------------------------------------------------------------------------------------------------
function charts() {
  drawHistogram(page.histogram, moments[now].counts);
  // A configuration without a search has one moment, and no value along it.
  by("search").hidden = page.scene.dim === 1 || moments.every((m) => m.value === null);
  if (!by("search").hidden) drawEnergy(moments, now, reference());
}
function tell() {
  const m = moments[now];
  const value = m.value === null ? "not finite" : m.value.toPrecision(9);
  by("time-note").textContent = m.value === null && moments.length < 2 ? "" : "iteration " + m.iteration + ", value " + value + (m.stage ? ", " + m.stage : "");
}
function note(id, lines) {
  by(id).replaceChildren(...lines.map((line) => {
    const p = document.createElement("p");
    p.className = "note";
    p.textContent = line;
    return p;
  }));
}
// A page as Python sends it: scene, moments, histogram, Gram matrix, reference.  running: more moments will come.
function show(next, running) {
  const fresh = !page || page.scene.dim !== next.scene.dim || page.scene.paired !== next.scene.paired;
  [page, moments, live] = [next, next.moments, running];
  page.scene.frames.forEach((f) => { f.axes = unpack(f.axes); });
  now = reached = moments.length - 1;
  stopReplay();
  by("content").hidden = false;
  by("no-picture").hidden = canDraw;
  by("sphere").hidden = by("turning-keys").hidden = !canDraw;
  if (fresh) {
    stopTurning();
    [view, turn, stretch] = [page.scene.paired ? page.scene.views.findIndex((v) => v.kind === "points") : 0, 0, 1];
    [slider.value, by("stretch").checked] = [0, false];
  }
  by("view").replaceChildren(...page.scene.views.map((v, k) => new Option(v.name, k, false, k === view)));
  by("turning").hidden = page.scene.dim <= 3 || !canDraw;
  by("stretching").hidden = !page.scene.paired || !canDraw;
  // On S^0 nothing moves.
  by("replaying").hidden = running || moments.length < 2 || page.scene.dim === 1;
  [time.max, time.value] = [moments.length - 1, now];
  if (page.scene.dim > 3) slider.max = period(frame().count);
  note("notes", page.notes);
  note("histogram-note", page.histogram.notes);
  note("gram-note", page.gram.notes);
  camera = fresh ? FIRST : current();
  face();
  charts();
  tell();
  drawGram(page.gram);
}
function refresh() {
  camera = current();
  draw();
  charts();
  tell();
}
// The next moment of a search that runs; of those before it only the values stay.  Drawn when the browser is ready to,
// which may be after some more of them.
let awaited = 0;
function push(moment) {
  const last = moments[now];
  moments[now] = { iteration: last.iteration, value: last.value };
  now = moments.push(moment) - 1;
  if (!awaited) awaited = requestAnimationFrame(() => { awaited = 0; if (live) refresh(); });
}
function seek(k) {
  now = k;
  time.value = k;
  refresh();
}

by("view").addEventListener("change", (event) => { camera = current(); view = +event.target.value; face(); });
by("stretch").addEventListener("change", (event) => { stretch = event.target.checked ? 10 : 1; camera = current(); draw(); });
by("log").addEventListener("change", charts);
slider.addEventListener("input", () => { turn = +slider.value; move(); });
time.addEventListener("input", () => seek(+time.value));

// A button that lets something run: step(milliseconds since the last) tells whether to go on.
function player(button, names, step) {
  let playing = false, before = 0;
  const set = (on) => {
    playing = on;
    button.textContent = names[on ? 1 : 0];
    button.setAttribute("aria-pressed", String(on));
  };
  function tick(at) {
    if (!playing) return;
    // The same pace on slow machines, but no leaps after a pause.
    const going = step(Math.min(Math.max(at - before, 0), 100));
    before = at;
    if (going) requestAnimationFrame(tick); else set(false);
  }
  button.addEventListener("click", () => {
    set(!playing);
    before = performance.now();
    if (playing) requestAnimationFrame(tick);
  });
  return () => set(false);
}
const DEGREES = 0.03, MOMENTS = 0.015;  // per millisecond
const stopTurning = player(by("play"), ["Rotate", "Stop"], (elapsed) => {
  turn = (turn + elapsed * DEGREES) % +slider.max;
  slider.value = turn;
  move();
  return true;
});
let reached = 0;
const stopReplay = player(by("replay"), ["Replay", "Stop"], (elapsed) => {
  if (live) return false;
  if (now === moments.length - 1 && reached >= now) reached = 0;
  reached = Math.min(reached + elapsed * MOMENTS, moments.length - 1);
  if (Math.floor(reached) !== now) seek(Math.floor(reached));
  return now < moments.length - 1;
});
time.addEventListener("input", () => { stopReplay(); reached = now; });

// ---- turning without a mouse ---------------------------------------------------------------------------------------
function turnPicture(way) {
  camera = current();
  const e = camera.eye;
  const r = Math.hypot(e.x, e.y, e.z);
  let a = Math.atan2(e.y, e.x), b = Math.asin(Math.max(-1, Math.min(1, e.z / r)));
  if (way === "left") a -= 0.15;
  if (way === "right") a += 0.15;
  if (way === "up") b = Math.min(b + 0.15, 1.5);
  if (way === "down") b = Math.max(b - 0.15, -1.5);
  if (way === "in" || way === "out") {
    // What is seen in parallel grows by itself; else the eye comes nearer.
    const factor = way === "in" ? 1.15 : 1 / 1.15, near = Math.max(0.3, Math.min(8, r / factor)) / r;
    if (frame().plane) zoom *= factor; else camera = { ...camera, eye: { x: e.x * near, y: e.y * near, z: e.z * near } };
  } else camera = { ...camera, up: { x: 0, y: 0, z: 1 }, eye: { x: r * Math.cos(b) * Math.cos(a), y: r * Math.cos(b) * Math.sin(a), z: r * Math.sin(b) } };
  look();
}
document.querySelectorAll("[data-turn]").forEach((button) => button.addEventListener("click", () => turnPicture(button.dataset.turn)));
const KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", "+": "in", "=": "in", "-": "out" };
sphere.addEventListener("keydown", (event) => {
  if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  turnPicture(KEYS[event.key]);
});

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (!page) return;
  camera = current();
  draw();
  charts();
  drawGram(page.gram);
});
const given = JSON.parse(by("data").textContent);
if (given) show(given, false);
