/** Stand-in for the kernel's `convert/node-names` in a browser, which has no names of Node. */
import type * as Original from "jupyter-typescript/dist/convert/node-names";

export const isOfNode: typeof Original.isOfNode = () => false;
