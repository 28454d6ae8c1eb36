// The globals of Node that the library uses, in a browser; injected before every module.

type Environment = Record<string, string | undefined>;

/** Printed lines go here; the page sets it. */
const stdout = { write: (_text: string): boolean => true };

/** Node's `process`, as far as the library uses it. */
export const process = { env: {} as Environment, stdout, pid: 0, cwd: () => "/", kill: () => true };

const waiting: (() => void)[] = [];
const { port1, port2 } = new MessageChannel();
Object.assign(port1, { onmessage: () => waiting.shift()?.() });

/** Node's `setImmediate` by a message to itself, which a hidden tab does not delay. */
export function setImmediate(work: () => void): void {
  waiting.push(work);
  port2.postMessage(undefined);
}
