// What Plotly draws of one moment: lists of traces, from points that are projected already.
const by = (id) => document.getElementById(id);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
// Okabe and Ito's colors, and the number itself on every cell that is not of the most frequent kind.
const COLORS = { 3: "#CC79A7", 4: "#009E73", 5: "#E69F00", 6: "#C9D1D8", 7: "#56B4E9", 8: "#D55E00" };
const kind = (n) => COLORS[n] || "#F0E442";
const INK = "#1b1f23";
const xyz = (p) => ({ x: p[0], y: p[1], z: p[2] });
const pick = (p, who) => xyz(p.map((c) => who.map((i) => c[i])));
const scaled = (p, factor) => p.map((c) => c.map((v) => (v === null ? null : factor * v)));
const flat = { ambient: 1, diffuse: 0, specular: 0, fresnel: 0 };
const contourless = { x: { highlight: false }, y: { highlight: false }, z: { highlight: false } };

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

// Cells in the color of their number of neighbors.
function cellTraces(p, hull, neighbors) {
  const n = p[0].length, out = [], found = cells(p, hull);
  const count = (k) => neighbors.filter((m) => m === k).length;
  const kinds = [...new Set(neighbors)].sort((a, b) => a - b);
  const often = kinds.reduce((a, b) => (count(b) >= count(a) ? b : a));
  const fine = rounded(found, n > 100 ? 0 : n > 30 ? 2 : 4);
  for (const k of kinds) {
    const t = { i: [], j: [], k: [] };
    fine.owner.forEach((who, c) => {
      if (neighbors[who] !== k) return;
      t.i.push(fine.triangles[3 * c]); t.j.push(fine.triangles[3 * c + 1]); t.k.push(fine.triangles[3 * c + 2]);
    });
    out.push({ type: "mesh3d", ...xyz(fine.corner), ...t, color: kind(k), flatshading: true, lighting: flat, hoverinfo: "skip",
      showlegend: true, name: k + " neighbors (" + count(k) + ")" });
  }
  // Each border is a side of two triangles.
  const border = [];
  for (let c = 0; c < found.owner.length; c += 2) border.push(found.triangles[3 * c + 1], found.triangles[3 * c + 2]);
  out.push({ type: "scatter3d", mode: "lines", ...xyz(scaled(segments(found.corner, found.corner, border, n > 100 ? 3 : 16), 1.004)),
    hoverinfo: "skip", showlegend: false, line: { color: INK, width: 2 } });
  for (const k of kinds) {
    const who = [...neighbors.keys()].filter((i) => neighbors[i] === k), plain = k === often && n > 60;
    out.push({ type: "scatter3d", mode: plain ? "markers" : "text", ...pick(scaled(p, 1.015), who), showlegend: false,
      text: who.map(() => String(k)), customdata: who.map((i) => i + 1), hovertemplate: "point %{customdata}: " + k + " neighbors<extra></extra>",
      marker: { size: 3, color: INK }, textposition: "middle center", textfont: { size: n > 300 ? 12 : 15, color: INK } });
  }
  return out;
}

const hullTrace = (p, hull) => {
  const every = (k) => Array.from(hull).filter((_, i) => i % 3 === k);
  return { type: "mesh3d", ...xyz(p), i: every(0), j: every(1), k: every(2), color: color("point"), opacity: 0.55,
    flatshading: true, hoverinfo: "skip" };
};

// On the two-sphere neighbors are joined by arcs, elsewhere by segments; pairs always by segments.
const pieces = (n, arcs) => (arcs ? (n > 100 ? 3 : 16) : 1);
const markerSize = (n) => Math.max(3, Math.min(9, 60 / Math.sqrt(n)));
const numbered = (name, n) => [...Array(n).keys()].map((i) => name + " " + (i + 1));

function pointTraces(p, edges, arcs, paired, faint) {
  const n = p[0].length;
  return [
    { type: "scatter3d", mode: "lines", ...xyz(segments(p, p, edges, pieces(n, arcs))), hoverinfo: "skip", name: "nearest neighbors",
      opacity: faint ? 0.25 : 1, line: { color: color("edge"), width: 2 } },
    { type: "scatter3d", mode: "markers", ...xyz(p), name: paired ? "anchors" : "points", text: numbered("point", n),
      hovertemplate: "%{text}<extra></extra>", marker: { size: markerSize(n), color: color("point"), symbol: "circle" } },
  ];
}

const partners = (n) => [...Array(n).keys()].flatMap((i) => [i, i]);
function positiveTraces(p, q) {
  const n = p[0].length;
  return [
    { type: "scatter3d", mode: "lines", ...xyz(segments(p, q, partners(n), 1)), hoverinfo: "skip", name: "pairs",
      line: { color: color("positive"), width: 5 } },
    { type: "scatter3d", mode: "markers", ...xyz(q), name: "positives", text: numbered("positive", n), hovertemplate: "%{text}<extra></extra>",
      marker: { size: markerSize(n) + 2, color: color("positive"), symbol: "diamond-open" } },
  ];
}
