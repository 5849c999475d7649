// The form, and the conversation with the server. What is shown is drawn as on any page: show, push.
const form = by("search-form"), status = by("status"), runButton = by("run"), stopButton = by("stop"), saveButton = by("save");
const field = (name) => form.elements.namedItem(name);

function say(text, wrong) {
  status.textContent = text;
  status.classList.toggle("wrong", Boolean(wrong));
}
let savable = false, saving = false;  // whether the server holds what is shown, and makes a page of it
function running(yes) {
  // The focus goes from the one button to the other: that of a disabled one would be lost.
  const [from, to] = yes ? [runButton, stopButton] : [stopButton, runButton], focused = document.activeElement === from;
  to.disabled = false;
  if (focused) to.focus();
  from.disabled = true;
  saveButton.disabled = yes || !savable || saving;
}
function choose() {
  const chosen = by("objective").selectedOptions[0].dataset, warm = chosen.temperature === "1";
  by("temperature-label").hidden = !warm;
  field("temperature").disabled = !warm;
  field("parameters").value = chosen.parameters;
}
by("objective").addEventListener("change", choose);
choose();
by("example").addEventListener("change", (event) => {
  const example = event.target.selectedOptions[0].dataset.form;
  if (!example) return;
  const values = JSON.parse(example);
  by("objective").value = values.objective;
  choose();
  for (const [name, value] of Object.entries(values)) field(name).value = value;
  event.target.value = "";  // so that it may be chosen again
});

function showFacts(rows) {
  by("facts").replaceChildren(...rows.flatMap(([key, value]) => {
    const term = document.createElement("dt"), text = document.createElement("dd");
    [term.textContent, text.textContent] = [key, value];
    return [term, text];
  }));
}

const RUNNING = "Running: what moves is the first of the random starts.", STALE = ["Of the start of the search that was stopped."];
let watching = false;  // a run whose moments are of interest
const hear = {
  start(message) {
    watching = true;
    savable = false;
    showFacts(message.facts);
    show(message.page, true);
    say(RUNNING);
  },
  moment(message) {
    if (!watching) return;
    push(message.moment);
    if (status.textContent !== RUNNING) say(RUNNING);
  },
  end(message) {
    watching = false;
    savable = true;
    running(false);
    showFacts(message.facts);
    show(message.page, false);
    const known = Object.fromEntries(message.facts);
    say("Done: the best of all starts. " + (known.verdict ? "Verdict: " + known.verdict : "Prediction: " + known.prediction) + ".");
  },
  others(message) {
    if (watching) say(message.text);
  },
  stopped() {
    say(watching ? "Stopped at iteration " + moments[now].iteration + "." : "Stopped.");
    if (watching) note("gram-note", STALE);
    watching = false;
    running(false);
  },
  error(message) {
    if (watching) note("gram-note", STALE);
    watching = false;
    running(false);
    // What has no field of its own stands among the parameters.
    const wrong = message.argument && ((!message.argument.includes(" ") && field(message.argument)) || field("parameters"));
    if (wrong) { wrong.setAttribute("aria-invalid", "true"); wrong.focus(); }
    say(message.message, true);
  },
  page(message) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([message.html], { type: "text/html" }));
    link.download = message.name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "") + ".html";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    saving = false;
    saveButton.disabled = stopButton.disabled === false || !savable;
    if (!saveButton.disabled) say("Saved " + link.download + ".");
  },
};

runButton.disabled = true;
const socket = new WebSocket("ws://" + location.host + "/socket");
const send = (message) => socket.send(JSON.stringify(message));
socket.addEventListener("message", (event) => {
  const message = JSON.parse(event.data);
  hear[message.kind](message);
});
socket.addEventListener("open", () => running(false));
socket.addEventListener("close", () => {
  for (const button of [runButton, stopButton, saveButton]) button.disabled = true;
  say("The server has ended. Start `hyperenergy explore` again, and reload this page.", true);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (runButton.disabled) return;
  for (const element of form.elements) element.removeAttribute("aria-invalid");
  running(true);
  say("Starting.");
  send({ kind: "run", slow: by("slow").checked, ...Object.fromEntries(new FormData(form)) });
});
stopButton.addEventListener("click", () => send({ kind: "stop" }));
by("slow").addEventListener("change", () => {
  if (socket.readyState === WebSocket.OPEN) send({ kind: "pace", slow: by("slow").checked });
});
saveButton.addEventListener("click", () => {
  saving = saveButton.disabled = true;
  say("Writing the page.");
  send({ kind: "page" });
});
