/** The front end's module for every control: one labeled form element. */
export const esm = `
const TYPES = { slider: "range", checkbox: "checkbox", text: "text", button: "button" };
const make = (tag, set = {}) => Object.assign(document.createElement(tag), set);

function render({ model, el }) {
  const kind = model.get("kind");
  const input = make(kind === "select" || kind === "button" ? kind : "input");
  if (kind !== "select") input.type = TYPES[kind];
  for (const name of ["min", "max", "step", "placeholder"])
    if (model.get(name) !== undefined) input[name] = model.get(name);
  if (kind === "button") input.textContent = model.get("label");
  if (kind === "select")
    for (const option of model.get("options")) input.append(make("option", { textContent: option }));

  const output = make("output", { hidden: kind !== "slider" });
  const note = make("em", { hidden: true, textContent: "Not connected: the kernel was restarted. Run this cell again." });
  note.setAttribute("role", "status");
  const label = make("label", { className: "jts-control" });
  label.append(make("span", { textContent: kind === "button" ? "" : model.get("label") }), input, output, note);
  input.dataset.lmSuppressShortcuts = "true"; // JupyterLab takes the arrow keys otherwise
  el.append(label);

  const read = () =>
    kind === "slider" ? input.valueAsNumber
    : kind === "checkbox" ? input.checked
    : kind === "select" ? model.get("options")[input.selectedIndex]
    : kind === "button" ? model.get("committed") + 1
    : input.value;
  const write = () => {
    const value = model.get("value");
    if (kind === "checkbox") input.checked = value;
    else if (kind === "select") input.selectedIndex = model.get("options").indexOf(value);
    else if (kind !== "button" && input.value !== String(value)) input.value = value;
    output.textContent = value;
  };
  // Counters, not messages: they arrive together with the value that they speak of.
  const send = (counter) => {
    model.set("value", read());
    if (counter) model.set(counter, model.get(counter) + 1);
    model.save_changes();
  };
  const leave = (focused) => {
    if (!(el.closest(".widget-hbox") ?? el).contains(focused)) send("left");
  };
  if (kind === "button") input.addEventListener("click", () => send("committed"));
  else {
    input.addEventListener("input", () => send());
    input.addEventListener("change", () => {
      send("committed");
      leave(document.activeElement);
    });
    input.addEventListener("focusout", ({ relatedTarget }) => leave(relatedTarget));
  }
  model.on("change:value", write);
  // The listener's context is the view. anywidget removes the listener by which ipywidgets marks it.
  model.on("comm_live_update", function () {
    const live = this?.model?.comm_live === true;
    input.disabled = !live;
    note.hidden = live;
  });
  write();
}
export default { render };
`;

export const css = `
.jts-control { display: inline-flex; gap: 0.5em; align-items: center; margin: 0.25em 1em 0.25em 0; }
.jts-control input[type="range"] { width: 16em; }
.jts-control em { white-space: nowrap; }
.widget-hbox > :not(:last-child) .jts-control em { display: none; }
.jts-control output { min-width: 4em; font-variant-numeric: tabular-nums; }
`;
