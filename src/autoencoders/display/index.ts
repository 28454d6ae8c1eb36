import { format } from "./formatters";
import { kernel } from "./show";

export { denoisingDrawing, structureDrawing, variationalDrawing } from "./drawings";
export { format } from "./formatters";
export { liveChart } from "./live-chart";
export { type Displayable, show } from "./show";
export { table } from "./table";

const formatters = kernel()?.formatters;
if (formatters && !formatters.includes(format)) formatters.push(format);
