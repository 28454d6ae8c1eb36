export interface PromptOptions {
  /** Line used for an empty answer. */
  default?: string;
  /** Hides the answer while it is typed. */
  password?: boolean;
}

declare global {
  /** Asks for a line and waits; null where the front end gives none. */
  function prompt(message?: string, options?: string | PromptOptions): string | null;
  /** Asks for yes or no and waits; true for `y` or `yes`. */
  function confirm(message?: string): boolean;
}
