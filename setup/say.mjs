// What set-up says, and how it runs other programs.
import { spawn } from "node:child_process";

/** Stop with one sentence: what is wrong and the cure. */
export function fail(message) {
  throw Object.assign(new Error(message), { name: "SetupError" });
}

/** Run a program to its end; its output is kept and shown only when it fails. */
export function run(program, args, { cure, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text) => (output = (output + text).slice(-20_000)));
    child.on("error", (error) =>
      reject(
        Object.assign(new Error(`${program} did not start (${error.code}); ${cure ?? `install ${program}`}`), {
          name: "SetupError",
        }),
      ),
    );
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(output);
      const last = output.trim().split("\n").slice(-12).join("\n  ");
      reject(
        Object.assign(
          new Error(
            `${program} ${args.slice(0, 3).join(" ")} ended with ${signal ?? code}; ${cure ?? "see its last lines"}:\n  ${last}`,
          ),
          { name: "SetupError" },
        ),
      );
    });
  });
}

/** Run a program in the foreground, with our own terminal; resolves to its exit code. */
export function foreground(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: "inherit", ...options });
    const pass = (signal) => child.kill(signal);
    process.on("SIGINT", pass).on("SIGTERM", pass);
    child.on("error", (error) => {
      console.error(`${program} did not start: ${error.message}`);
      resolve(1);
    });
    child.on("close", (code) => {
      process.off("SIGINT", pass).off("SIGTERM", pass);
      resolve(code ?? 1);
    });
  });
}
