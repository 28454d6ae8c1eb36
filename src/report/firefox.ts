// Firefox by WebDriver BiDi, without a driver between: Debian's own build speaks it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
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

/** Settings: every address but this machine's fails, as without a network; downloads do not ask. */
const settings = (profile: string) => ({
  "network.proxy.type": 1,
  "network.proxy.socks": "127.0.0.1",
  "network.proxy.socks_port": 9,
  "network.proxy.socks_remote_dns": true,
  "browser.download.folderList": 2,
  "browser.download.dir": profile,
  "browser.download.always_ask_before_handling_new_types": false,
});

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
    const lines = Object.entries(settings(profile)).map(
      (one) => `user_pref(${one.map((part) => JSON.stringify(part)).join(", ")});\n`,
    );
    writeFileSync(path.join(profile, "user.js"), lines.join(""));
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
    // Without a screen, the first window does not get the focus, the second does.
    const { context } = (await firefox.#send("browsingContext.create", { type: "window" })) as {
      context: string;
    };
    firefox.#context = context;
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

  /** Waits until an expression is true in the page. */
  async until(expression: string, seconds = 20): Promise<void> {
    const end = Date.now() + 1000 * seconds;
    while ((await this.evaluate(`Boolean(${expression})`)) !== true) {
      if (Date.now() > end) throw new Error(`must come true within ${seconds} s: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Clicks into an element as by a mouse. */
  async click(selector: string): Promise<void> {
    const [x, y] = (await this.evaluate(
      `(() => { const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({ block: "center", behavior: "instant" }); const { left, top, width, height } = e.getBoundingClientRect(); return [left + width / 2, top + height / 2].map(Math.round); })()`,
    )) as number[];
    const actions = [
      { type: "pointerMove", x, y },
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ];
    await this.#perform({ type: "pointer", id: "mouse", actions });
  }

  /** Presses keys one after the other; those in `held` stay down. Source: WebDriver, 17.4.2. */
  async type(keys: string, held: string[] = []): Promise<void> {
    const actions = [
      ...held.map((value) => ({ type: "keyDown", value })),
      ...[...keys].flatMap((value) => [
        { type: "keyDown", value },
        { type: "keyUp", value },
      ]),
      ...held.map((value) => ({ type: "keyUp", value })),
    ];
    await this.#perform({ type: "key", id: "keyboard", actions });
  }

  #perform(source: object): Promise<unknown> {
    return this.#send("input.performActions", { context: this.#context, actions: [source] });
  }

  /** Path of a downloaded file, once it is whole. */
  async downloaded(name: string): Promise<string> {
    const file = path.join(this.profile, name);
    for (let i = 0; i < 200; i++) {
      if (existsSync(file) && !existsSync(`${file}.part`) && statSync(file).size > 0) return file;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${name} must be downloaded within 10 s, found none`);
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
