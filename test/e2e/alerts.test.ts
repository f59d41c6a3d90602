/** Alerts of the built product: a webhook that is under way when the manager is killed, and a command of the person's. */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { AlertsModel } from "../../src/reports/alerts.ts";
import { webhookHeaders, webhookKey } from "../../src/alerts/standard-webhook.ts";
import { product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const QUESTION = "Do you want to drop the table?";

it("an alert outlives a killed manager and arrives with the same id, signed; its command ran once", async () => {
  const got: { id: string; at: string; signature: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const header = (name: string): string => String(request.headers[`webhook-${name}`]);
      got.push({ id: header("id"), at: header("timestamp"), signature: header("signature"), body });
      // The first one gets no answer: its manager is killed while it waits for one.
      if (got.length > 1) response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => (server.closeAllConnections(), void server.close()));
  const ctm = product({ workers: 1, env: { HOOK_SECRET: SECRET } });
  const file = join(ctm.folder, "told");
  const script =
    "require('fs').appendFileSync(process.argv[1], require('fs').readFileSync(0, 'utf8') + '\\n')";
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=sesame`;
  ctm.configure(`
alerts:
  about: { batches: false }
  groupMs: 0
  commands: { note: { run: ${JSON.stringify([process.execPath, "-e", script, file])} } }
  webhooks: { hook: { url: "${url}", secretEnv: HOOK_SECRET, timeoutMs: 60000 } }`);
  const first = await ctm.serve();
  await ctm.tell(`[[ask:${QUESTION}]]`);
  await waitFor("the webhook to be called", () => got.length === 1);
  await waitFor("the command to run", () => existsSync(file));
  await first.kill9();

  await ctm.serve();
  await waitFor("it to be called again", () => got.length === 2);
  const model = (): Promise<AlertsModel> => ctm.ask("alerts", {}, null);
  const sent = async (): Promise<boolean> =>
    (await model()).alerts[0]?.deliveries.every(({ state }) => state === "sent") === true;
  await waitFor("it to be noted", sent);
  const [before, again] = got;
  expect(again?.id).toMatch(/^msg_/);
  expect(again).toMatchObject({ id: before?.id, body: before?.body });
  expect(again?.signature).toBe(
    webhookHeaders(again?.id ?? "", Number(again?.at), again?.body ?? "", webhookKey(SECRET))[
      "webhook-signature"
    ],
  );
  expect(JSON.parse(again?.body ?? "")).toMatchObject({
    type: "ctm.alert",
    data: { title: "concurrent_worker1 asks", alerts: [{ kind: "questions", text: QUESTION }], more: 0 },
  });
  expect((await model()).alerts).toHaveLength(1);
  // It was noted as delivered, or it is killed in that moment: then it may be told again.
  expect(readFileSync(file, "utf8").trim().split("\n").length).toBeLessThanOrEqual(2);
  const shown = await ctm.ok(["alerts"]);
  expect(shown).toContain("concurrent_worker1 asks");
  expect(`${shown}${(await ctm.run(["doctor"])).stdout}`).not.toMatch(/sesame|MfKQ9r8G/);
});
