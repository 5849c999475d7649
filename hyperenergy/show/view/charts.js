function drawHistogram(h, counts) {
  const log = by("log").checked, top = Math.max(1, ...counts, ...(h.uniform || [0]));
  const centers = counts.map((_, i) => (h.edges[i] + h.edges[i + 1]) / 2);
  const out = [{ type: "bar", x: centers, y: counts, width: h.edges[1] - h.edges[0], name: "pairs", marker: { color: color("point"), line: { width: 0 } },
    hovertemplate: "%{x:.2f}: %{y:.0f} pairs<extra></extra>" }];
  if (h.predicted.length) {
    const x = h.predicted.flatMap((v) => [v, v, null]), y = h.predicted.flatMap(() => [log ? 0.5 : 0, 1.06 * top, null]);
    out.push({ type: "scatter", mode: "lines+markers", x, y, name: "predicted", line: { color: color("predicted"), width: 1.5, dash: "dot" },
      marker: { symbol: "triangle-down", size: h.predicted.flatMap(() => [0, 9, 0]), color: color("predicted") }, hovertemplate: "predicted %{x:.6f}<extra></extra>" });
  }
  if (h.uniform) out.push({ type: "scatter", mode: "lines", x: centers, y: h.uniform, name: "uniform law", line: { color: color("uniform"), width: 2, dash: "dash" },
    hovertemplate: "uniform law: %{y:.3~g} pairs<extra></extra>" });
  return Plotly.react(by("histogram"), out, { ...base(), margin: { l: 60, r: 10, t: 10, b: 40 }, bargap: 0, legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
    xaxis: { range: [-1.03, 1.03], title: { text: "inner product" }, gridcolor: color("line"), zeroline: false },
    yaxis: { type: log ? "log" : "linear", range: log ? [Math.log10(0.5), Math.log10(1.2 * top)] : [0, 1.1 * top], title: { text: "pairs per bin" }, gridcolor: color("line"), zeroline: false } }, config);
}

function drawGram(gram) {
  const values = unpack(gram.values), n = gram.size, matrix = [];
  for (let i = 0; i < n; i++) matrix.push(Array.from(values.subarray(i * n, (i + 1) * n)));
  return Plotly.react(by("gram"), [{ type: "heatmap", z: matrix, zmin: -1, zmax: 1, hovertemplate: "%{z:.4f}<extra></extra>",
    colorscale: [[0, "#2d004b"], [0.25, "#8073ac"], [0.5, "#f7f7f7"], [0.75, "#e08214"], [1, "#7f3b08"]], colorbar: { thickness: 12 } }],
    { ...base(), margin: { l: 10, r: 10, t: 10, b: 10 }, xaxis: { visible: false, constrain: "domain" },
      yaxis: { visible: false, autorange: "reversed", scaleanchor: "x", constrain: "domain" } }, config);
}

// Above the prediction, or the last value, on a logarithmic axis; the values themselves where there is neither.  What is
// below the prediction by more than round-off refutes it, and is drawn apart, at its distance.
function drawEnergy(moments, now, reference) {
  const known = moments.filter((m) => m.value !== null), away = (m) => m.value - reference.value;
  const height = (m) => (reference === null ? m.value : Math.max(Math.abs(away(m)), reference.least));
  const below = (m) => reference !== null && away(m) < -reference.tolerance;
  const hover = (m) => "iteration " + m.iteration + "<br>value " + m.value.toPrecision(12);
  const trace = (some, more) => ({ type: "scatter", x: some.map((m) => m.iteration), y: some.map(height), text: some.map(hover), hovertemplate: "%{text}<extra></extra>", ...more });
  const above = trace(known, { mode: "lines", name: "value", line: { color: color("point"), width: 2 } });
  above.y = above.y.map((y, i) => (below(known[i]) ? null : y));
  const out = [above,
    trace(known.filter((m) => m === moments[now]), { mode: "markers", name: "shown above", marker: { color: color("positive"), size: 11, symbol: "diamond" } }),
    trace(known.filter(below), { mode: "markers", name: "below the prediction", marker: { color: color("uniform"), size: 6, symbol: "triangle-down" } })];
  return Plotly.react(by("energy"), out, { ...base(), showlegend: known.some(below), legend: { orientation: "h", y: 1.02, yanchor: "bottom" }, margin: { l: 75, r: 10, t: 10, b: 40 },
    xaxis: { title: { text: "iteration" }, gridcolor: color("line"), zeroline: false, rangemode: "tozero" },
    yaxis: { type: reference === null ? "linear" : "log", exponentformat: "power",
      title: { text: reference === null ? "value" : "value \u2212 " + reference.name }, gridcolor: color("line"), zeroline: false } }, config);
}
