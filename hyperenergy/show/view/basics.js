const by = (id) => document.getElementById(id);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

// Where the processor draws, for want of a graphics card, smooth edges cost half of the frames. Plotly has no option for it.
// Without WebGL there is no picture in space; all else is there.
const canDraw = (() => {
  const probe = document.createElement("canvas").getContext("webgl"), info = probe && probe.getExtension("WEBGL_debug_renderer_info");
  const drawer = info ? probe.getParameter(info.UNMASKED_RENDERER_WEBGL) : "";
  if (probe && probe.getExtension("WEBGL_lose_context")) probe.getExtension("WEBGL_lose_context").loseContext();
  if (!/swiftshader|llvmpipe|software|basic render/i.test(drawer)) return Boolean(probe);
  const original = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, options) {
    return original.call(this, kind, /webgl/.test(kind) ? { ...options, antialias: false } : options);
  };
  return true;
})();

// What all pictures share.
const config = { responsive: true, displaylogo: false, displayModeBar: false, plotGlPixelRatio: Math.min(2, window.devicePixelRatio || 1) };
const base = () => ({ paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: color("text"), size: 13 } });
