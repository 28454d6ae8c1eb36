// First script of an output's frame: tells the page its height and its troubles, takes its theme.
(() => {
  const { parent, ResizeObserver } = globalThis;
  // Tables of Colab ask whether their buttons may run.
  globalThis.google = { colab: { kernel: { accessAllowed: false } } };
  const tell = (what) => parent.postMessage({ isolated: what }, "*");
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"])
    delete globalThis[name];
  addEventListener("securitypolicyviolation", (event) =>
    tell({ trouble: `it asks for ${event.blockedURI}, and the page has no network` }),
  );
  addEventListener("error", (event) => event.message && tell({ trouble: event.message }));
  addEventListener("unhandledrejection", (event) => tell({ trouble: String(event.reason) }));
  addEventListener("message", ({ source, data }) => {
    if (source !== parent || !data?.theme) return;
    const root = document.documentElement;
    const theme = "light" in root.dataset ? "light" : data.theme;
    root.style.colorScheme = theme;
    root.dataset.theme = theme;
    document.body?.setAttribute("data-jp-theme-light", String(theme === "light"));
  });
  const measure = () => {
    const { body } = document;
    if (!body) return;
    const style = getComputedStyle(body);
    const margins = Number.parseFloat(style.marginTop) + Number.parseFloat(style.marginBottom);
    tell({ height: Math.ceil(Math.max(body.scrollHeight, body.offsetHeight) + (margins || 0)) });
  };
  addEventListener("DOMContentLoaded", () => {
    tell({ ready: true });
    new ResizeObserver(measure).observe(document.body);
    measure();
  });
  addEventListener("load", measure);
})();
