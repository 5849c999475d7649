// Numbers in [-1, 1] are packed as little-endian 16-bit integers, indices as unsigned ones.
function bytes(text) {
  return new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
}
function unpack(text) {
  const view = bytes(text), out = new Float64Array(view.byteLength / 2);
  for (let i = 0; i < out.length; i++) out[i] = view.getInt16(2 * i, true) / 32767;
  return out;
}
function unpackIndices(text) {
  const view = bytes(text), out = new Uint16Array(view.byteLength / 2);
  for (let i = 0; i < out.length; i++) out[i] = view.getUint16(2 * i, true);
  return out;
}

const unit = (size, k) => { const e = new Float64Array(size); if (k < size) e[k] = 1; return e; };

// Three orthonormal directions, and the next one (the pole). Each quarter turn moves as many of the three as there are
// other directions into these, and takes the negatives of what they leave to the end of the queue.
function directions(axes, degrees) {
  let shown = [0, 1, 2].map((k) => unit(axes, k));
  let queue = [];
  for (let k = 3; k < axes; k++) queue.push(unit(axes, k));
  const moving = Math.min(3, queue.length);
  if (!moving) return [...shown, unit(axes, 3)];
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

// Of a stereographic picture, what lies farther out than this is not drawn.
const FAR = 3;
// x: points in the coordinates that all frames share; frame.axes: its axes in the same. To three lists, null where not drawn.
function project(x, frame, degrees) {
  const size = frame.axes.length / frame.count, n = x.length / size, out = [0, 1, 2].map(() => new Array(n));
  const basis = directions(frame.count, degrees).map((e) => {
    const sum = new Float64Array(size);
    e.forEach((weight, a) => { if (weight) for (let j = 0; j < size; j++) sum[j] += weight * frame.axes[a * size + j]; });
    return sum;
  });
  const at = new Float64Array(4);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < 4; k++) {
      at[k] = 0;
      for (let j = 0; j < size; j++) at[k] += basis[k][j] * x[i * size + j];
    }
    const scale = frame.stereographic ? 1 / (1 - at[3]) : 1;
    const far = frame.stereographic && !(Math.hypot(at[0], at[1], at[2]) * scale <= FAR);
    for (let k = 0; k < 3; k++) out[k][i] = far ? null : at[k] * scale;
  }
  return out;
}

// Straight segments, or on the two-sphere arcs of so many pieces, with gaps between them.
function segments(from, to, pairs, pieces) {
  const out = [[], [], []];
  for (let e = 0; e < pairs.length; e += 2) {
    const i = pairs[e], j = pairs[e + 1];
    if (from[0][i] === null || to[0][j] === null) continue;
    for (let s = 0; s <= pieces; s++) {
      const at = [0, 1, 2].map((k) => from[k][i] + (to[k][j] - from[k][i]) * s / pieces);
      const r = pieces > 1 ? Math.hypot(...at) || 1 : 1;
      for (let k = 0; k < 3; k++) out[k].push(at[k] / r);
    }
    for (let k = 0; k < 3; k++) out[k].push(null);
  }
  return out;
}

// The Voronoi cells of points p on the two-sphere, from the triangles of their hull, counterclockwise from outside: the
// corners of the cells are their unit normals, also where the center is outside of the hull, and over each edge of the hull lie a triangle of the one end's cell and one of the other's.
function cells(p, hull) {
  const corner = p.map((c) => c.slice()), triangles = [], owner = [], met = new Map();
  for (let f = 0; f < hull.length; f += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => p.map((x) => x[hull[f + k]]));
    const u = b.map((x, k) => x - a[k]), v = c.map((x, k) => x - a[k]);
    const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    const length = Math.hypot(...normal) || 1;
    const own = corner[0].length;
    normal.forEach((x, k) => corner[k].push(x / length));
    for (let k = 0; k < 3; k++) {
      const i = hull[f + k], j = hull[f + (k + 1) % 3], key = Math.min(i, j) + ":" + Math.max(i, j);
      if (met.has(key)) {
        for (const end of [i, j]) { triangles.push(end, met.get(key), own); owner.push(end); }
      } else met.set(key, own);
    }
  }
  return { corner, triangles, owner };
}

// Triangles split into four, with the new corners on the sphere, so that large cells are round.
function rounded({ corner, triangles, owner }, times) {
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
