// Firefox by WebDriver BiDi, without a driver between: Debian's own build speaks it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

interface Socket {
  on(event: "open" | "error", listener: (error?: Error) => void): void;
  on(event: "message", listener: (data: Buffer) => void): void;
  send(text: string): void;
  close(): void;
}
// Node 20 has no WebSocket; playwright-core brings one.
const { ws: WebSocket } = require("playwright-core/lib/utilsBundle") as {
  ws: new (address: string) => Socket;
};

const program = process.env.FIREFOX_PATH ?? "firefox-esr";

/** True where a Firefox starts. */
export const hasFirefox = (): boolean =>
  spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

interface Reply {
  id?: number;
  type: string;
  message?: string;
  result?: unknown;
}

/** One page in a headless Firefox. */
export class Firefox {
  #next = 0;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #context = "";

  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
    private readonly socket: Socket,
  ) {
    socket.on("message", (data: Buffer) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    });
  }

  static async start(): Promise<Firefox> {
    const profile = mkdtempSync(path.join(tmpdir(), "firefox-"));
    const args = [
      "--headless",
      "--no-remote",
      "--profile",
      profile,
      "--remote-debugging-port",
      "0",
    ];
    const child = spawn(program, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, HOME: profile, MOZ_REMOTE_ALLOW_SYSTEM_ACCESS: "1" },
    });
    const address = await new Promise<string>((resolve, reject) => {
      let said = "";
      child.stderr!.on("data", (data: Buffer) => {
        said += data;
        const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
        if (found) resolve(`${found[1]}/session`);
      });
      child.on("exit", () => reject(new Error(`Firefox must start, got ${said}`)));
    });
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.on("open", resolve);
      socket.on("error", reject);
    });
    const firefox = new Firefox(child, profile, socket);
    await firefox.#send("session.new", { capabilities: {} });
    const { contexts } = (await firefox.#send("browsingContext.getTree", {})) as {
      contexts: { context: string }[];
    };
    firefox.#context = contexts[0]!.context;
    return firefox;
  }

  #send(method: string, params: object): Promise<unknown> {
    const id = ++this.#next;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ type, message, result }) => {
        this.#waiting.delete(id);
        if (type === "success") resolve(result);
        else reject(new Error(`${method}: ${message}`));
      });
    });
  }

  async open(url: string): Promise<void> {
    const params = { context: this.#context, url, wait: "complete" };
    await this.#send("browsingContext.navigate", params);
  }

  /** The value of an expression in the page, or of its promise, as JSON. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = (await this.#send("script.evaluate", {
      expression: `(async () => JSON.stringify(await (${expression})))()`,
      target: { context: this.#context },
      awaitPromise: true,
    })) as { type: string; result?: { value?: string }; exceptionDetails?: { text: string } };
    if (answer.type !== "success") throw new Error(answer.exceptionDetails?.text);
    return answer.result?.value === undefined ? undefined : JSON.parse(answer.result.value);
  }

  async stop(): Promise<void> {
    await Promise.race([
      this.#send("browser.close", {}).catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, 3000)),
    ]);
    this.socket.close();
    if (this.process.exitCode === null) this.process.kill("SIGKILL");
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
