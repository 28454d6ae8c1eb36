export { html, svg } from "./html";
export { liveChart } from "./live-chart";
export { type Displayable, show } from "./show";
export { table } from "./table";
