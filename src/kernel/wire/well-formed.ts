/**
 * The text with U+FFFD for each half of a surrogate pair, which UTF-8 and so Jupyter cannot hold.
 */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, "\uFFFD");

/** JSON text without such halves, which JSON.stringify writes as escapes. */
export const wellFormedJson = (json: string): string =>
  /\\ud[89a-f]/i.test(json)
    ? json.replace(/(?<=(?:^|[^\\])(?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/gi, "\uFFFD")
    : json;
