// The library as a page sees it: every module that a cell may import, and how the page starts it.
import * as tf from "@tensorflow/tfjs-node";
import * as matrix from "ml-matrix";
import * as display from "../display";
import * as engine from "../engine";
import { start } from "../engine/web/kernels";
import * as exercises from "../exercises";
import * as autoencoders from "../index";
import * as live from "../live";
import * as plot from "../plot";

export { addFile, offerFiles } from "./files";
export { process } from "./process";
export { start };

/** Modules by the names that a cell imports them by. */
export const modules: Record<string, object> = {
  "@tensorflow/tfjs-node": tf,
  autoencoders,
  "autoencoders/display": display,
  "autoencoders/engine": engine,
  "autoencoders/exercises": exercises,
  "autoencoders/live": live,
  "autoencoders/plot": plot,
  "ml-matrix": matrix,
};
