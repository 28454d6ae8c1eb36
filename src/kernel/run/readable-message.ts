import { CELLS } from "../convert/runtime-names";

/** Message of an error thrown in a cell, with the cells' variables under their own names. */
export const readableMessage = (message: string): string =>
  message.includes(CELLS)
    ? message
        .replace(new RegExp(`\\(0 ?, ${CELLS}\\.([\\w$]+)\\)`, "g"), "$1")
        .replaceAll(`${CELLS}.`, "")
    : message;
