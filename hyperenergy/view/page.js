"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const scene = data.scene, surface = scene.surface;
  const by = (id) => document.getElementById(id);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const config = { responsive: true, displaylogo: false, displayModeBar: false };

  // Numbers in [-1, 1] are packed as little-endian 16-bit integers.
  function unpack(text) {
    const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const view = new DataView(raw.buffer), out = new Float64Array(raw.length / 2);
    for (let i = 0; i < out.length; i++) out[i] = view.getInt16(2 * i, true) / 32767;
    return out;
  }

  // ---- projections -------------------------------------------------------------------------------------------------
  const frames = scene.frames.map((f) => ({
    ...f, anchors: unpack(f.anchors), positives: f.positives && unpack(f.positives),
  }));
  // Pairs are seen best without cells around them.
  let view = surface && scene.frames[0].positives ? 2 : 0, turn = 0, stretch = 1;
  const frame = () => frames[surface ? 0 : view];

  // Three orthonormal directions, and the next one (the pole). Each quarter turn moves as many of the three as there are
  // other directions into these, and takes the negatives of what they leave to the end of the queue.
  function directions(axes, degrees) {
    const unit = (k) => { const e = new Float64Array(axes); if (k < axes) e[k] = 1; return e; };
    let shown = [unit(0), unit(1), unit(2)];
    let queue = [];
    for (let k = 3; k < axes; k++) queue.push(unit(k));
    const moving = Math.min(3, queue.length);
    if (!moving) return [...shown, unit(3)];
    for (let left = degrees; ; left -= 90) {
      const part = Math.min(left, 90) * Math.PI / 180, c = Math.cos(part), s = Math.sin(part);
      const next = shown.slice();
      const pushed = [];
      for (let k = 0; k < moving; k++) {
        next[k] = shown[k].map((a, i) => c * a + s * queue[k][i]);
        pushed.push(shown[k].map((a, i) => c * queue[k][i] - s * a));
      }
      queue = [...queue.slice(moving), ...pushed];
      shown = next;
      if (left <= 90) return [...shown, queue[queue.length - 1]];
    }
  }

  // How far to turn until the first view is back, up to signs; at most 24 quarter turns.
  function period(axes) {
    const others = axes - 3, moving = Math.min(3, others);
    if (others <= 3) return 360;
    let shown = [0, 1, 2], queue = [...Array(others).keys()].map((k) => k + 3), n = 0;
    do {
      const out = shown.slice(0, moving);
      shown = queue.slice(0, moving);
      queue = [...queue.slice(moving), ...out];
      n++;
    } while (n < 24 && shown.some((k, i) => k !== i));
    return 90 * n;
  }

  const FAR = 3;
  function project(packed, f) {
    const axes = f.axes, n = scene.points, out = [new Array(n), new Array(n), new Array(n)];
    const basis = axes > 3 ? directions(axes, turn) : [0, 1, 2].map((k) => {
      const e = new Float64Array(axes); if (k < axes) e[k] = 1; return e;
    });
    for (let i = 0; i < n; i++) {
      const at = basis.map((e) => { let sum = 0; for (let k = 0; k < axes; k++) sum += e[k] * packed[i * axes + k]; return sum; });
      const scale = f.stereographic ? 1 / (1 - at[3]) : 1;
      const far = f.stereographic && !(Math.hypot(at[0], at[1], at[2]) * scale <= FAR);
      for (let k = 0; k < 3; k++) out[k][i] = far ? null : at[k] * scale;
    }
    return out;
  }

  function stretched(p, q) {
    return p.map((c, k) => c.map((v, i) => (v === null || q[k][i] === null ? null : v + stretch * (q[k][i] - v))));
  }
  // Straight segments, or on the two-sphere arcs, with gaps between them.
  function lines(from, to, pairs, arcs) {
    const out = [[], [], []], steps = arcs ? (scene.points > 100 ? 3 : 16) : 1;
    for (let e = 0; e < pairs.length; e += 2) {
      const i = pairs[e], j = pairs[e + 1];
      if (from[0][i] === null || to[0][j] === null) continue;
      for (let s = 0; s <= steps; s++) {
        const at = [0, 1, 2].map((k) => from[k][i] + (to[k][j] - from[k][i]) * s / steps);
        const r = arcs ? Math.hypot(...at) || 1 : 1;
        for (let k = 0; k < 3; k++) out[k].push(at[k] / r);
      }
      for (let k = 0; k < 3; k++) out[k].push(null);
    }
    return out;
  }

  // ---- the scene ---------------------------------------------------------------------------------------------------
  // Okabe and Ito's colors, and the number itself on every cell that is not of the most frequent kind.
  const COLORS = { 3: "#CC79A7", 4: "#009E73", 5: "#E69F00", 6: "#C9D1D8", 7: "#56B4E9", 8: "#D55E00" };
  const kind = (n) => COLORS[n] || "#F0E442";
  const size = Math.max(3, Math.min(9, 60 / Math.sqrt(scene.points)));
  const everyone = [...Array(scene.points).keys()];
  const paired = everyone.flatMap((i) => [i, i]);
  const xyz = (p) => ({ x: p[0], y: p[1], z: p[2] });
  const pick = (p, who) => xyz(p.map((c) => who.map((i) => c[i])));

  function ball(radius) {
    const rows = 25, columns = 49, x = [], y = [], z = [];
    for (let i = 0; i < rows; i++) {
      const a = Math.PI * i / (rows - 1), line = [[], [], []];
      for (let j = 0; j < columns; j++) {
        const b = 2 * Math.PI * j / (columns - 1);
        line[0].push(radius * Math.sin(a) * Math.cos(b));
        line[1].push(radius * Math.sin(a) * Math.sin(b));
        line[2].push(radius * Math.cos(a));
      }
      x.push(line[0]); y.push(line[1]); z.push(line[2]);
    }
    const c = color("ball");
    return { type: "surface", x, y, z, showscale: false, hoverinfo: "skip", colorscale: [[0, c], [1, c]],
      lighting: { ambient: 0.9, diffuse: 0.2, specular: 0, fresnel: 0 }, contours: contourless, opacity: 1 };
  }
  const contourless = { x: { highlight: false }, y: { highlight: false }, z: { highlight: false } };
  const flat = { ambient: 1, diffuse: 0, specular: 0, fresnel: 0 };

  // Triangles split into four, with the new corners on the sphere, so that large cells are round.
  function rounded(corner, triangles, owner, times) {
    for (; times > 0; times--) {
      const c = corner.map((x) => x.slice()), t = [], o = [], seen = new Map();
      const middle = (a, b) => {
        const key = Math.min(a, b) + ":" + Math.max(a, b);
        if (!seen.has(key)) {
          const m = corner.map((x) => x[a] + x[b]), r = Math.hypot(...m) || 1;
          seen.set(key, c[0].length);
          m.forEach((v, k) => c[k].push(v / r));
        }
        return seen.get(key);
      };
      owner.forEach((who, n) => {
        const [i, j, k] = triangles.slice(3 * n, 3 * n + 3);
        const a = middle(i, j), b = middle(j, k), d = middle(k, i);
        t.push(i, a, d, a, j, b, d, b, k, a, b, d);
        o.push(who, who, who, who);
      });
      [corner, triangles, owner] = [c, t, o];
    }
    return { corner, triangles, owner };
  }

  function traces() {
    const f = frame(), p = project(f.anchors, f), out = [];
    if (surface && view === 0) {
      const counts = [...new Set(surface.neighbors)].sort((a, b) => a - b);
      const corner = [0, 1, 2].map((k) => surface.corners.filter((_, i) => i % 3 === k));
      const fine = rounded(corner, surface.triangles, surface.owner, scene.points > 100 ? 0 : scene.points > 30 ? 2 : 4);
      for (const n of counts) {
        const t = { i: [], j: [], k: [] };
        fine.owner.forEach((o, c) => {
          if (surface.neighbors[o] !== n) return;
          t.i.push(fine.triangles[3 * c]); t.j.push(fine.triangles[3 * c + 1]); t.k.push(fine.triangles[3 * c + 2]);
        });
        out.push({ type: "mesh3d", ...xyz(fine.corner), ...t, color: kind(n), flatshading: true, lighting: flat, hoverinfo: "skip",
          showlegend: true, name: n + " neighbors (" + surface.neighbors.filter((m) => m === n).length + ")" });
      }
      const border = [];
      surface.owner.forEach((_, c) => border.push(surface.triangles[3 * c + 1], surface.triangles[3 * c + 2]));
      out.push({ type: "scatter3d", mode: "lines", ...xyz(lines(corner, corner, border, true).map((c) => c.map((v) => (v === null ? null : 1.004 * v)))), hoverinfo: "skip",
        showlegend: false, line: { color: "#1b1f23", width: 2 } });
      const often = counts.reduce((a, b) => (surface.neighbors.filter((m) => m === b).length >= surface.neighbors.filter((m) => m === a).length ? b : a));
      for (const n of counts) {
        const who = everyone.filter((i) => surface.neighbors[i] === n), plain = n === often && scene.points > 60;
        out.push({ type: "scatter3d", mode: plain ? "markers" : "text", ...pick(p.map((c) => c.map((v) => 1.015 * v)), who), showlegend: false,
          text: who.map(() => String(n)), customdata: who.map((i) => i + 1), hovertemplate: "point %{customdata}: " + n + " neighbors<extra></extra>",
          marker: { size: 3, color: "#1b1f23" }, textposition: "middle center", textfont: { size: scene.points > 300 ? 12 : 15, color: "#1b1f23" } });
      }
    } else {
      if (surface && view === 1) {
        const pickOf = (k) => surface.hull.filter((_, i) => i % 3 === k);
        out.push({ type: "mesh3d", ...xyz(p), i: pickOf(0), j: pickOf(1), k: pickOf(2), color: color("point"), opacity: 0.55,
          flatshading: true, hoverinfo: "skip" });
      } else if (scene.dim === 3) out.push(ball(0.97));
      out.push({ type: "scatter3d", mode: "lines", ...xyz(lines(p, p, scene.edges, arcs())), hoverinfo: "skip",
        name: "nearest neighbors", opacity: scene.edges.length > 2000 && scene.dim > 3 ? 0.25 : 1, line: { color: color("edge"), width: 2 } });
      out.push({ type: "scatter3d", mode: "markers", ...xyz(p), name: f.positives ? "anchors" : "points",
        text: everyone.map((i) => "point " + (i + 1)), hovertemplate: "%{text}<extra></extra>",
        marker: { size, color: color("point"), symbol: "circle" } });
    }
    if (f.positives) {
      const q = stretched(p, project(f.positives, f));
      out.push({ type: "scatter3d", mode: "lines", ...xyz(lines(p, q, paired, false)), hoverinfo: "skip",
        name: "pairs", line: { color: color("positive"), width: 5 } });
      out.push({ type: "scatter3d", mode: "markers", ...xyz(q), name: "positives", text: everyone.map((i) => "positive " + (i + 1)),
        hovertemplate: "%{text}<extra></extra>", marker: { size: size + 2, color: color("positive"), symbol: "diamond-open" } });
    }
    return out;
  }
  const arcs = () => scene.dim === 3 && view !== 1;

  let camera = { eye: { x: 1.0, y: 1.0, z: 0.7 }, up: { x: 0, y: 0, z: 1 }, center: { x: 0, y: 0, z: 0 } };
  const sphere = by("sphere");
  const base = () => ({ paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: color("text"), size: 13 } });
  // Seen from afar, in parallel, the distance of the eye does not matter: the scene itself grows.
  let zoom = 1;
  const aspect = () => ({ x: zoom, y: zoom, z: zoom });
  function sceneLayout() {
    const reach = frame().stereographic ? FAR : 1.05;
    const axis = { visible: false, range: [-reach, reach], showspikes: false };
    return { ...base(), margin: { l: 0, r: 0, t: 0, b: 0 }, legend: { orientation: "h", itemsizing: "constant", y: 0, x: 0.5, xanchor: "center", yanchor: "bottom" },
      uirevision: "same", showlegend: true,
      scene: { xaxis: axis, yaxis: axis, zaxis: axis, aspectmode: "manual", aspectratio: aspect(), camera, dragmode: "orbit", uirevision: "same" } };
  }
  const current = () => (sphere._fullLayout && sphere._fullLayout.scene._scene ? sphere._fullLayout.scene._scene.getCamera() : camera);
  const draw = () => {
    by("frame-note").textContent = frame().note;
    return Plotly.react(sphere, traces(), sceneLayout(), config);
  };
  // A plane is seen from above; otherwise the picture stays as it was turned.
  function face() {
    const p = project(frame().anchors, frame());
    zoom = 1;
    const radius = Math.max(0.1, ...p[0].map((x, i) => Math.hypot(x, p[1][i])));
    if (frame().plane) zoom = 1.8 / radius;
    if (frame().plane) camera = { eye: { x: 0, y: 0, z: 1.7 }, up: { x: 0, y: 1, z: 0 }, center: { x: 0, y: 0, z: 0 }, projection: { type: "orthographic" } };
    else camera = { ...camera, projection: { type: "perspective" } };
    draw().then(() => Plotly.relayout(sphere, { "scene.camera": camera, "scene.aspectratio": aspect() }));
  }
  by("view").value = String(view);
  draw();

  // Only what moves is sent again.
  let busy = false;
  function move() {
    if (busy) return;
    busy = true;
    const f = frame(), p = project(f.anchors, f);
    const now = [lines(p, p, scene.edges, false), p];
    if (f.positives) {
      const q = stretched(p, project(f.positives, f));
      now.push(lines(p, q, paired, false), q);
    }
    const part = (k) => now.map((t) => t[k]);
    Plotly.restyle(sphere, { x: part(0), y: part(1), z: part(2) }, now.map((_, i) => i)).then(() => { busy = false; });
  }

  by("stretch").addEventListener("change", (event) => { stretch = event.target.checked ? 10 : 1; camera = current(); draw(); });
  by("view").addEventListener("change", (event) => { camera = current(); view = +event.target.value; face(); });
  const slider = by("angle"), play = by("play");
  if (scene.dim > 3) slider.max = period(frames[0].axes);
  slider.addEventListener("input", () => { turn = +slider.value; move(); });
  let playing = false, before = 0;
  function step(now) {
    if (!playing) return;
    // 30 degrees a second, the same on slow machines.
    turn = (turn + Math.min(now - before, 100) * 0.03) % +slider.max;
    before = now;
    slider.value = turn;
    move();
    requestAnimationFrame(step);
  }
  play.addEventListener("click", () => {
    playing = !playing;
    play.textContent = playing ? "Stop" : "Rotate";
    play.setAttribute("aria-pressed", String(playing));
    before = performance.now();
    if (playing) requestAnimationFrame(step);
  });

  // ---- turning without a mouse -------------------------------------------------------------------------------------
  function look(way) {
    camera = current();
    const e = camera.eye;
    let r = Math.hypot(e.x, e.y, e.z), a = Math.atan2(e.y, e.x), b = Math.asin(Math.max(-1, Math.min(1, e.z / r)));
    if (way === "left") a -= 0.15;
    if (way === "right") a += 0.15;
    if (way === "up") b = Math.min(b + 0.15, 1.5);
    if (way === "down") b = Math.max(b - 0.15, -1.5);
    if (way === "in") r = Math.max(r / 1.15, 0.3);
    if (way === "out") r = Math.min(r * 1.15, 8);
    if (frame().plane && !surface) zoom *= way === "in" ? 1.15 : way === "out" ? 1 / 1.15 : 1;
    camera = { ...camera, up: { x: 0, y: 0, z: 1 }, eye: { x: r * Math.cos(b) * Math.cos(a), y: r * Math.cos(b) * Math.sin(a), z: r * Math.sin(b) } };
    Plotly.relayout(sphere, { "scene.camera": camera, "scene.aspectratio": aspect() });
  }
  document.querySelectorAll("[data-turn]").forEach((button) => button.addEventListener("click", () => look(button.dataset.turn)));
  const KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", "+": "in", "=": "in", "-": "out" };
  sphere.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    look(KEYS[event.key]);
  });

  // ---- histogram and Gram matrix -----------------------------------------------------------------------------------
  const h = data.histogram;
  const centers = h.counts.map((_, i) => (h.edges[i] + h.edges[i + 1]) / 2);
  function drawHistogram() {
    const log = by("log").checked;
    const out = [{ type: "bar", x: centers, y: h.counts, width: h.edges[1] - h.edges[0], name: "pairs", marker: { color: color("point"), line: { width: 0 } },
      hovertemplate: "%{x:.2f}: %{y:.0f} pairs<extra></extra>" }];
    const top = Math.max(...h.counts, ...(h.uniform || [0]));
    if (h.predicted.length) {
      const x = h.predicted.flatMap((v) => [v, v, null]), y = h.predicted.flatMap(() => [log ? 0.5 : 0, 1.06 * top, null]);
      out.push({ type: "scatter", mode: "lines+markers", x, y, name: "predicted", line: { color: color("predicted"), width: 1.5, dash: "dot" },
        marker: { symbol: "triangle-down", size: h.predicted.flatMap(() => [0, 9, 0]), color: color("predicted") }, hovertemplate: "predicted %{x:.6f}<extra></extra>" });
    }
    if (h.uniform) out.push({ type: "scatter", mode: "lines", x: centers, y: h.uniform, name: "uniform law", line: { color: color("uniform"), width: 2, dash: "dash" },
      hovertemplate: "uniform law: %{y:.3~g} pairs<extra></extra>" });
    Plotly.react(by("histogram"), out, { ...base(), margin: { l: 60, r: 10, t: 10, b: 40 }, bargap: 0, legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
      xaxis: { range: [-1.03, 1.03], title: { text: "inner product" }, gridcolor: color("line"), zeroline: false },
      yaxis: { type: log ? "log" : "linear", range: log ? [Math.log10(0.5), Math.log10(1.2 * top)] : [0, 1.1 * top], title: { text: "pairs per bin" }, gridcolor: color("line"), zeroline: false } }, config);
  }
  by("log").addEventListener("change", drawHistogram);

  const gram = unpack(data.gram.values), n = data.gram.size, matrix = [];
  for (let i = 0; i < n; i++) matrix.push(Array.from(gram.subarray(i * n, (i + 1) * n)));
  function drawGram() {
    Plotly.react(by("gram"), [{ type: "heatmap", z: matrix, zmin: -1, zmax: 1, hovertemplate: "%{z:.4f}<extra></extra>",
      colorscale: [[0, "#2d004b"], [0.25, "#8073ac"], [0.5, "#f7f7f7"], [0.75, "#e08214"], [1, "#7f3b08"]], colorbar: { thickness: 12 } }],
      { ...base(), margin: { l: 10, r: 10, t: 10, b: 10 }, xaxis: { visible: false, constrain: "domain" },
        yaxis: { visible: false, autorange: "reversed", scaleanchor: "x", constrain: "domain" } }, config);
  }
  drawHistogram();
  drawGram();
  dark.addEventListener("change", () => { camera = current(); draw(); drawHistogram(); drawGram(); });
})();
