/** Thread that completes and inspects while the main thread runs a cell; started on first need. */
import { parentPort, workerData } from "node:worker_threads";
import { CellConverter } from "../convert/cell-converter";
import type { AssistRequest, AssistStart } from "../wire/assist-link";
import { complete, inspect } from "./assist";

const { folder, root } = workerData as AssistStart;
const converter = new CellConverter(folder, root);

parentPort!.on("message", ({ id, type, content, declarations }: AssistRequest) => {
  converter.declarations = declarations;
  const answer = type === "complete_request" ? complete : inspect;
  const { code, cursor_pos } = content;
  const text = typeof code === "string" ? code : "";
  const position = typeof cursor_pos === "number" ? cursor_pos : [...text].length;
  parentPort!.postMessage({ id, content: answer(converter, text, position) });
});
