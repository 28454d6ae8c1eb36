// Firefox by WebDriver BiDi, without a driver between: Debian's own build speaks it.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { type EventEmitter, once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { eventually } from "jupyter-typescript/dist/test-waits";

type Socket = EventEmitter & { send(text: string): void; close(): void };
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

/** A headless Firefox with one page at a time. */
export class Firefox {
  #next = 0;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #context = "";
  #userContext = "";

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
    const env = { ...process.env, HOME: profile, MOZ_REMOTE_ALLOW_SYSTEM_ACCESS: "1" };
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env });
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
    await once(socket, "open");
    const firefox = new Firefox(child, profile, socket);
    await firefox.#send("session.new", { capabilities: {} });
    await firefox.renew();
    return firefox;
  }

  /** Goes on in a new window, which shares no storage with the one before. */
  async renew(): Promise<void> {
    const old = this.#userContext;
    const created = await this.#send("browser.createUserContext", {});
    const { userContext } = created as { userContext: string };
    // Without a screen, the first window does not get the focus, later ones do.
    const window = { type: "window", userContext };
    const { context } = (await this.#send("browsingContext.create", window)) as { context: string };
    this.#context = context;
    this.#userContext = userContext;
    if (old) await this.#send("browser.removeUserContext", { userContext: old });
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
  async until(expression: string): Promise<void> {
    await eventually(async () => {
      assert.equal(await this.evaluate(`Boolean(${expression})`), true, expression);
    });
  }

  /** Clicks into an element as by a mouse. */
  async click(selector: string): Promise<void> {
    const [x, y] = (await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: "center", behavior: "instant" });
      const { left, top, width, height } = element.getBoundingClientRect();
      return [left + width / 2, top + height / 2].map(Math.round);
    })()`)) as number[];
    const button = ["pointerDown", "pointerUp"].map((type) => ({ type, button: 0 }));
    const actions = [{ type: "pointerMove", x, y }, ...button];
    await this.#perform({ type: "pointer", id: "mouse", actions });
  }

  /** Presses keys one after the other; those in `held` stay down. Source: WebDriver, 17.4.2. */
  async type(keys: string, held: string[] = []): Promise<void> {
    const down = (value: string) => ({ type: "keyDown", value });
    const up = (value: string) => ({ type: "keyUp", value });
    const pressed = [...keys].flatMap((value) => [down(value), up(value)]);
    const actions = [...held.map(down), ...pressed, ...held.map(up)];
    await this.#perform({ type: "key", id: "keyboard", actions });
  }

  #perform(source: object): Promise<unknown> {
    return this.#send("input.performActions", { context: this.#context, actions: [source] });
  }

  /** Path of a downloaded file, once it is whole. */
  async downloaded(name: string): Promise<string> {
    const file = path.join(this.profile, name);
    await eventually(async () => {
      const whole = existsSync(file) && !existsSync(`${file}.part`) && statSync(file).size > 0;
      assert.ok(whole, `${name} must be downloaded, found none`);
    });
    return file;
  }

  async stop(): Promise<void> {
    await Promise.race([this.#send("browser.close", {}).catch(() => {}), later(3000)]);
    this.socket.close();
    if (this.process.exitCode === null) this.process.kill("SIGKILL");
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
