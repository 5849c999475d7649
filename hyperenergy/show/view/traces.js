// What Plotly draws of one moment: lists of traces, from points that are projected already.
// Okabe and Ito's colors, and the number itself on every cell that is not of the most frequent kind.
const COLORS = { 3: "#CC79A7", 4: "#009E73", 5: "#E69F00", 6: "#C9D1D8", 7: "#56B4E9", 8: "#D55E00" };
const kind = (n) => COLORS[n] || "#F0E442";
const INK = "#1b1f23";
const xyz = (p) => ({ x: p[0], y: p[1], z: p[2] });
const pick = (p, who) => xyz(p.map((c) => who.map((i) => c[i])));
const scaled = (p, factor) => p.map((c) => c.map((v) => (v === null ? null : factor * v)));
const flat = { ambient: 1, diffuse: 0, specular: 0, fresnel: 0 };

function circle() {
  const a = [...Array(121).keys()].map((k) => Math.PI * k / 60);
  return { type: "scatter3d", mode: "lines", x: a.map(Math.cos), y: a.map(Math.sin), z: a.map(() => 0), hoverinfo: "skip",
    showlegend: false, line: { color: color("line"), width: 2 } };
}

// A dull ball: rings of corners from pole to pole.
function ball(radius) {
  const rows = 24, columns = 48, p = [[], [], []], t = { i: [], j: [], k: [] };
  for (let r = 0; r <= rows; r++) {
    for (let c = 0; c < columns; c++) {
      const a = Math.PI * r / rows, b = 2 * Math.PI * c / columns, here = r * columns + c, beside = r * columns + (c + 1) % columns;
      [Math.sin(a) * Math.cos(b), Math.sin(a) * Math.sin(b), Math.cos(a)].forEach((v, k) => p[k].push(radius * v));
      if (r === rows) continue;
      t.i.push(here, beside); t.j.push(here + columns, here + columns); t.k.push(beside, beside + columns);
    }
  }
  return { type: "mesh3d", ...xyz(p), ...t, color: color("ball"), hoverinfo: "skip",
    lighting: { ambient: 0.9, diffuse: 0.2, specular: 0, fresnel: 0 } };
}

// Cells in the color of their number of neighbors.
function cellTraces(p, hull, neighbors) {
  const n = p[0].length, out = [], found = cells(p, hull);
  const count = (k) => neighbors.filter((m) => m === k).length;
  const kinds = [...new Set(neighbors)].sort((a, b) => a - b);
  const often = kinds.reduce((a, b) => (count(b) >= count(a) ? b : a));
  const fine = rounded(found, n > 100 ? 0 : n > 30 ? 2 : 4);
  const side = (k) => fine.triangles.filter((_, c) => c % 3 === k);
  // One mesh for all cells is drawn much faster than one for each color; the legend is of traces without points.
  out.push({ type: "mesh3d", ...xyz(fine.corner), i: side(0), j: side(1), k: side(2), facecolor: fine.owner.map((who) => kind(neighbors[who])),
    flatshading: true, lighting: flat, hoverinfo: "skip", name: "cells" });
  for (const k of kinds) {
    out.push({ type: "scatter3d", mode: "markers", x: [null], y: [null], z: [null], name: k + " neighbors (" + count(k) + ")",
      marker: { symbol: "square", size: 12, color: kind(k) } });
  }
  // Each border is a side of two triangles.
  const border = [];
  for (let c = 0; c < found.owner.length; c += 2) border.push(found.triangles[3 * c + 1], found.triangles[3 * c + 2]);
  out.push({ type: "scatter3d", mode: "lines", ...xyz(scaled(segments(found.corner, found.corner, border, n > 100 ? 1 : 16), 1.004)),
    hoverinfo: "skip", showlegend: false, line: { color: INK, width: 2 } });
  // Of many points, those of the most frequent kind are dots.
  const everyone = [...neighbors.keys()], plain = everyone.filter((i) => neighbors[i] === often && n > 60);
  for (const [mode, who] of [["markers", plain], ["text", everyone.filter((i) => !plain.includes(i))]]) {
    out.push({ type: "scatter3d", mode, ...pick(scaled(p, 1.015), who), showlegend: false, text: who.map((i) => String(neighbors[i])),
      customdata: who.map((i) => i + 1), hovertemplate: "point %{customdata}: %{text} neighbors<extra></extra>",
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
const pieces = (n, arcs) => (arcs ? (n > 300 ? 1 : n > 100 ? 3 : 16) : 1);
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
