/** The script that a page carries in its head. */
import { watchStills } from "./original";

watchStills();
