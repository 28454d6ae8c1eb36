// The proxy that npm and pip go through: whether it answers, asked before they try for minutes.
import http from "node:http";
import https from "node:https";

const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/**
 * True if some addresses are reached without the proxy, and those of the packages may be among
 * them.
 */
export function proxyHasExceptions(env = process.env) {
  const local = /^(localhost|127\.[\d./]+|\[?::1\]?|)$/;
  return (env.NO_PROXY ?? env.no_proxy ?? "").split(/[\s,]+/).some((one) => !local.test(one));
}

/**
 * Answer of a proxy when it is asked for a tunnel: its status, or the error's code. One that is
 * reached and then says nothing, or hangs up, is no error: it may only be that it does not reach
 * the address that is asked for, which is not the packages'.
 */
function answerOf({ protocol, hostname, port, username, password }, patience) {
  const user = [username, password].map(decodeURIComponent).join(":");
  const secret = Buffer.from(user).toString("base64");
  return new Promise((resolve) => {
    const request = (protocol === "https:" ? https : http).request({
      method: "CONNECT",
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port || (protocol === "https:" ? 443 : 80),
      path: "github.com:443",
      headers: username ? { "proxy-authorization": `Basic ${secret}` } : {},
      timeout: patience,
    });
    let reached = false;
    request.on("socket", (socket) => socket.on("connect", () => (reached = true)));
    const end = (answer) => {
      resolve(answer);
      request.destroy();
    };
    request.on("connect", ({ statusCode }, socket) => {
      socket.destroy();
      end(statusCode);
    });
    request.on("response", ({ statusCode }) => end(statusCode));
    request.on("timeout", () => end(reached ? undefined : `no answer in ${patience / 1000} s`));
    request.on("error", (error) => end(reached ? undefined : (error.code ?? error.message)));
    request.end();
  });
}

/**
 * The sentence for a proxy of the environment that is not there or wants a password; undefined for
 * none and for one that answers otherwise.
 */
export async function proxyProblem({ env = process.env, patience = 10_000 } = {}) {
  const name = names.find((one) => env[one]);
  if (!name) return undefined;
  const given = env[name];
  if (/^socks/.test(given)) return undefined;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!/^https?:$/.test(url?.protocol))
    return `${name} must be an address, as http://HOST:PORT, got another form; set it and run the command again`;
  const answer = await answerOf(url, patience);
  const shown = `the proxy of ${name}, ${url.protocol}//${url.host},`;
  if (answer === 407)
    return `${shown} must let set-up through, got 407 (it wants a user and a password); set ${name}=http://USER:PASSWORD@HOST:PORT and run the command again`;
  if (answer === undefined || typeof answer === "number") return undefined;
  return `${shown} must answer, got ${answer}; start it, correct ${name} or take it away, and run the command again`;
}
