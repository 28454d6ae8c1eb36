import { loadJupyter } from "../convert/tslab";
import type { Bundle } from "./bundle";
import type { PublishOptions, Server } from "./server";

const HOOK = Symbol.for("jupyter.kernel");

/**
 * Gives cells and libraries their way to the notebook: the global hook, tslab's `display`, stdout
 * and stderr.
 */
export function installHook(server: Server): void {
  Reflect.set(globalThis, HOOK, {
    publish: (bundle: Bundle, options?: PublishOptions) => server.publish(bundle, options),
    clear: (wait?: boolean) => server.clear(wait),
    formatters: server.formatters,
    alwaysShown: server.alwaysShown,
    comms: server.comms,
    bind: <A extends unknown[]>(handler: (...args: A) => unknown) => server.bind(handler),
    get interactive() {
      return server.interactive;
    },
  });

  const tslab = loadJupyter() as { lastWriteDisplayData: unknown };
  type Display = { data: Bundle; metadata: object; transient?: { display_id?: string } };
  tslab.lastWriteDisplayData = ({ data, metadata, transient }: Display, update: boolean) =>
    server.publish(data, { update, metadata, display_id: transient?.display_id });

  for (const name of ["stdout", "stderr"] as const) {
    const decoder = new TextDecoder();
    const write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
      const isEncoded = typeof chunk === "string" && typeof encoding === "string";
      const written = isEncoded ? Buffer.from(chunk, encoding as BufferEncoding) : chunk;
      server.write(
        name,
        typeof written === "string" ? written : decoder.decode(written, { stream: true }),
      );
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") process.nextTick(done as () => void);
      return true;
    };
    process[name].write = write as typeof process.stdout.write;
  }

  process.exit = ((code?: number) => {
    throw new Error(
      `process.exit(${code ?? ""}) would end the kernel; use Kernel > Shut Down, or return from the cell`,
    );
  }) as typeof process.exit;
}
