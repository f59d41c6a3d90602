/** `status`: the house at a glance, once or kept up to date. */
import * as z from "zod";
import type { App } from "../app.ts";
import type { StatusModel } from "../reports/status-model.ts";
import { renderStatus } from "../reports/status.ts";
import { defineCommand } from "./command.ts";
import { flag } from "./words.ts";

/** A watched status is redrawn on facts, but not more often than this, and at least this often for its clocks. */
const redrawMinMs = 200;
const redrawMaxMs = 1000;

const schema = z.strictObject({ watch: flag });

export const status = defineCommand<z.output<typeof schema>, StatusModel>({
  name: "status",
  aliases: ["st"],
  group: "Views",
  summary: "Show queue, limits and workers",
  options: [{ flags: "-w, --watch", summary: "Keep it up to date, until a key is pressed" }],
  examples: ["status", "status --watch"],
  needs: "ledger",
  schema,
  run: (app) => app.status(),
  render: (model, paper) => renderStatus(model, paper),
  redraws: true,
  follows: ({ watch }) => watch,
  follow: (app, _input, emit) => watchStatus(app, emit),
  renderItem: (model, paper) => renderStatus(model as StatusModel, paper),
});

function watchStatus(app: App, emit: (model: StatusModel) => void): () => void {
  let soon: NodeJS.Timeout | null = null;
  const draw = (): void => {
    soon = null;
    emit(app.status());
  };
  const stopFacts = app.onFact(() => (soon ??= setTimeout(draw, redrawMinMs)));
  const clock = setInterval(draw, redrawMaxMs);
  emit(app.status());
  return () => {
    stopFacts();
    clearInterval(clock);
    if (soon !== null) clearTimeout(soon);
  };
}
