/** A token bucket: `burst` at once, refilled by `perSecond`. */
export class Bucket {
  #level: number;
  #at: number;

  constructor(
    private readonly burst: number,
    private readonly perSecond: number,
    private readonly now: () => number = Date.now,
  ) {
    this.#level = burst;
    this.#at = now();
  }

  /** Takes the amount when there is so much; an amount above the burst never passes. */
  take(amount: number): boolean {
    const now = this.now();
    this.#level = Math.min(this.burst, this.#level + ((now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
    if (amount > this.#level) return false;
    this.#level -= amount;
    return true;
  }
}

const TAIL_CHARACTERS = 2_000;

/** Limits of the output of one cell. */
export const LIMITS = {
  characters: { burst: 1_000_000, perSecond: 100_000 },
  writes: { burst: 20_000, perSecond: 2_000 },
  bundles: { burst: 2_000, perSecond: 100 },
  bundleCharacters: { burst: 64_000_000, perSecond: 8_000_000 },
};

const bucket = ({ burst, perSecond }: { burst: number; perSecond: number }): Bucket =>
  new Bucket(burst, perSecond);

/** Lets a cell write so much that a person could read it; counts what it leaves out and keeps the end of it. */
export class OutputLimiter {
  readonly #characters = bucket(LIMITS.characters);
  readonly #writes = bucket(LIMITS.writes);
  readonly #bundles = bucket(LIMITS.bundles);
  readonly #bundleCharacters = bucket(LIMITS.bundleCharacters);
  #left = { lines: 0, characters: 0, bundles: 0 };
  #tail = "";

  /** The text that may be shown, possibly empty. */
  text(text: string): string {
    if (text.length > LIMITS.characters.burst / 2) return this.#part(text);
    if (this.#left.characters === 0 || text.length < TAIL_CHARACTERS)
      if (this.#writes.take(1) && this.#characters.take(text.length)) return text;
    return this.#leaveOut(text);
  }

  #part(text: string): string {
    const head = text.slice(0, LIMITS.characters.burst / 4);
    const shown = this.#writes.take(1) && this.#characters.take(head.length) ? head : "";
    this.#leaveOut(text.slice(shown.length));
    return shown;
  }

  #leaveOut(text: string): string {
    this.#left.characters += text.length;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#left.lines++;
    this.#tail = (this.#tail + text.slice(-TAIL_CHARACTERS)).slice(-TAIL_CHARACTERS);
    return "";
  }

  /** True when a bundle of that many characters may be shown. */
  bundle(characters: number): boolean {
    if (this.#bundles.take(1) && this.#bundleCharacters.take(characters)) return true;
    this.#left.bundles++;
    return false;
  }

  /** What was left out since the last call, with the end of the text; empty when nothing was. */
  note(): string {
    const { lines, characters, bundles } = this.#left;
    const tail = this.#tail;
    this.#left = { lines: 0, characters: 0, bundles: 0 };
    this.#tail = "";
    const notes: string[] = [];
    if (characters > 0)
      notes.push(
        `\n… output limited: ${lines} lines (${characters} characters) left out; write long output to a file. It ends with:\n${tail}`,
      );
    if (bundles > 0) notes.push(`\n… output limited: ${bundles} displays left out.\n`);
    return notes.join("");
  }
}
