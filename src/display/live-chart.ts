import { lossChart } from "../plot";
import type { Step } from "../train";
import { escapeHtml, publish, show } from "./show";

const frameEvery = 200; // milliseconds

function frame(title: string, losses: number[], last: Step, steps: number, seconds: number): string {
  const width = 640;
  const height = 150;
  const logs = losses.map((v) => Math.log10(Math.max(v, 1e-30)));
  const low = Math.min(...logs);
  const span = Math.max(...logs) - low || 1;
  const points = logs
    .map(
      (v, i) =>
        `${((i / Math.max(1, losses.length - 1)) * width).toFixed(1)},${(height - 6 - ((v - low) / span) * (height - 12)).toFixed(1)}`,
    )
    .join(" ");
  const left = last.step > 0 ? (seconds * (steps - last.step)) / last.step : 0;
  const facts = [
    `step ${last.step} of ${steps}`,
    `epoch ${last.epoch + 1}`,
    `loss ${last.loss.toPrecision(5)}`,
    `‖gradient‖ ${last.gradientNorm.toPrecision(3)}`,
    `${Math.round(last.examplesPerSecond).toLocaleString("en")} examples/s`,
    `${Math.max(0, left).toFixed(0)} s left`,
  ];
  return `<div style="font:13px system-ui,sans-serif"><b>${escapeHtml(title)}</b><br><svg viewBox="0 0 ${width} ${height}" style="width:100%;max-width:${width}px" role="img" aria-label="loss so far, logarithmic"><polyline points="${points}" fill="none" stroke="#0072B2" stroke-width="2"/></svg><div>${facts.join(" · ")}</div></div>`;
}

/** A chart that moves while training runs, at most five frames a second, and ends as an ordinary figure. `steps` is the planned number of steps. */
export function liveChart({ title, steps }: { title: string; steps: number }): { push(step: Step): void; end(): void } {
  const id = `live-${Math.random().toString(36).slice(2)}`;
  const seen: Step[] = [];
  const begin = Date.now();
  let shown = 0;
  const draw = () => {
    const every = Math.max(1, Math.floor(seen.length / 300));
    const losses = seen.filter((_, i) => i % every === 0).map((s) => s.loss);
    const last = seen[seen.length - 1];
    publish(
      {
        "text/html": frame(title, losses, last, steps, (Date.now() - begin) / 1000),
        "text/plain": `${title}: step ${last.step}, loss ${last.loss}`,
      },
      { display_id: id, update: shown > 0 },
    );
    shown = Date.now();
  };
  return {
    push(step) {
      seen.push(step);
      if (Date.now() - shown >= frameEvery) draw();
    },
    end() {
      if (seen.length === 0) return;
      const { examplesPerSecond, loss } = seen[seen.length - 1];
      const caption = `${title}: loss over ${seen.length} steps, last ${loss.toPrecision(5)}, in ${((Date.now() - begin) / 1000).toFixed(1)} s (about ${Math.round(examplesPerSecond / 1000)},000 examples a second).`;
      const final = lossChart(seen, { log: true, caption, height: 300 });
      if (shown > 0) publish({ "text/html": "", "text/plain": "" }, { display_id: id, update: true });
      show(final);
    },
  };
}
