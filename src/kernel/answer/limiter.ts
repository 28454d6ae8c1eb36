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
    if (!this.has(amount)) return false;
    this.#level -= amount;
    return true;
  }

  /** True when the amount could be taken. */
  has(amount: number): boolean {
    const now = this.now();
    this.#level = Math.min(this.burst, this.#level + ((now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
    return amount <= this.#level;
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

/** Part of a burst that must be there again before text is shown after a gap. */
const RESUMED_PART = 0.1;

/**
 * Lets a cell write as much as a person could read.
 *
 * Marks each gap where it is, keeps the end of the text, and never leaves out a line that begins
 * with one of `alwaysShown`.
 */
export class OutputLimiter {
  readonly #buckets: Record<keyof typeof LIMITS, Bucket>;
  #left = { lines: 0, characters: 0, bundles: 0 };
  #tail = "";
  #endsLine = true;

  constructor(
    private readonly alwaysShown: ReadonlySet<string> = new Set(),
    now: () => number = Date.now,
  ) {
    const buckets = Object.entries(LIMITS).map(
      ([name, { burst, perSecond }]) => [name, new Bucket(burst, perSecond, now)] as const,
    );
    this.#buckets = Object.fromEntries(buckets) as Record<keyof typeof LIMITS, Bucket>;
  }

  /** The text that may be shown, possibly empty. */
  text(text: string): string {
    if (this.#mayShow(text)) return this.#show(text);
    const most = LIMITS.characters.burst / 4;
    const head = text.length > 2 * most ? withoutHalf(text.slice(0, most)) : "";
    const shown = head !== "" && this.#mayShow(head) ? this.#show(head) : "";
    return shown + this.#leaveOut(text.slice(shown === "" ? 0 : head.length));
  }

  #mayShow(text: string): boolean {
    if (text.length > LIMITS.characters.burst / 2) return false;
    const { characters, writes } = this.#buckets;
    const resumes =
      this.#left.characters === 0 ||
      (writes.has(LIMITS.writes.burst * RESUMED_PART) &&
        characters.has(LIMITS.characters.burst * RESUMED_PART));
    return resumes && writes.take(1) && characters.take(text.length);
  }

  /** The text after a mark of the gap before it, if there is one. */
  #show(text: string): string {
    const { lines, characters } = this.#left;
    const start = this.#endsLine ? "" : "\n";
    const mark =
      characters > 0 ? `${start}… ${lines} lines (${characters} characters) left out …\n` : "";
    this.#left = { ...this.#left, lines: 0, characters: 0 };
    this.#tail = "";
    if (text !== "") this.#endsLine = text.endsWith("\n");
    return mark + text;
  }

  /** Counts the text as left out, but for its lines that are always shown. */
  #leaveOut(text: string): string {
    let shown = "";
    let rest = text;
    if ([...this.alwaysShown].some((beginning) => text.includes(beginning))) {
      rest = "";
      for (const line of text.split(/(?<=\n)/))
        if ([...this.alwaysShown].some((beginning) => line.startsWith(beginning))) {
          this.#count(rest);
          rest = "";
          shown += this.#show(line);
        } else rest += line;
    }
    this.#count(rest);
    return shown;
  }

  #count(text: string): void {
    this.#left.characters += text.length;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#left.lines++;
    const tail = (this.#tail + text.slice(-TAIL_CHARACTERS)).slice(-TAIL_CHARACTERS);
    this.#tail = tail.replace(/^[\uDC00-\uDFFF]/, "");
  }

  /** True when a bundle of that many characters may be shown. */
  bundle(characters: number): boolean {
    const { bundles, bundleCharacters } = this.#buckets;
    if (bundles.take(1) && bundleCharacters.take(characters)) return true;
    this.#left.bundles++;
    return false;
  }

  /** Says what was left out since the last mark, with the end of the text; empty when nothing was. */
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

/** The text without half a surrogate pair at its end. */
const withoutHalf = (text: string): string => text.replace(/[\uD800-\uDBFF]$/, "");
