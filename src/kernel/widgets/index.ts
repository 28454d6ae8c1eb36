/** Controls in a notebook and anywidget modules, over comms; see the kernel's README. */
export type { Comm, CommExtras, CommMessage, Comms } from "../answer/comms";
export {
  button,
  Control,
  checkbox,
  Row,
  row,
  type SliderOptions,
  select,
  slider,
  text,
} from "./controls";
export { type Change, Observable } from "./observable";
export { anywidget, type Module, Widget } from "./widget";
