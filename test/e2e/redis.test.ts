/**
 * Redis beside the whole product: what happens is heard there, what is put there arrives once, whoever is killed. Skipped
 * where no redis-server can be had.
 */
import { expect, it } from "vitest";
import { product, type Product } from "../support/product.ts";
import { redisProgram, RedisServer } from "../support/redis-server.ts";
import { waitFor } from "../support/wait-for.ts";

const PASSWORD = "wordofthistest7";
const TRIGGERS = `
triggers:
  stock: { on: stock.low, trust: run, mode: parallel, depth: 50, prompt: "Order {{data.n}} [[delay:0]]" }
`;

interface Row {
  readonly id: string;
  readonly via: string;
  readonly outcome: string;
  readonly duplicates: number;
}

const rowsOf = (ctm: Product): Promise<Row[]> => ctm.ask("events list", { limit: 100 }, ["--limit", "100"]);
const add = (redis: RedisServer, n: number): Promise<unknown> => {
  const event = { specversion: "1.0", id: `low-${n}`, source: "shop", type: "stock.low", data: { n } };
  return redis.ask(["XADD", "ctm:events", "*", "event", JSON.stringify(event)]);
};

it("an event in a stream wakes once, though ctm and Redis are killed and another consumer died with one", async ({
  skip,
}) => {
  const program = redisProgram();
  if ("missing" in program) return skip(program.missing);
  const redis = await RedisServer.start(program.path, PASSWORD);
  const yaml = `redis: { url: "${redis.url}" }\n${TRIGGERS}`;
  const ctm = product({ workers: 2, recorded: true, yaml });
  // Before there is a manager, and read by a consumer that is gone.
  await add(redis, 1);
  await redis.ask(["XGROUP", "CREATE", "ctm:events", "ctm", "0"]);
  await redis.ask(["XREADGROUP", "GROUP", "ctm", "gone", "STREAMS", "ctm:events", ">"]);
  const [[id]] = (await redis.ask(["XPENDING", "ctm:events", "ctm", "-", "+", "1"])) as [[string]];
  await redis.ask(["XCLAIM", "ctm:events", "ctm", "gone", "0", id, "IDLE", "3600000"]);
  await redis.ask(["XADD", "ctm:events", "*", "event", "no event"]);
  // Killed with its events in the journal and none acknowledged.
  const first = await ctm.serve([], false, "redis.ack:exit:1");
  expect(await first.ended).toBeNull();
  const heard = await redis.listen("ctm:live");
  const manager = await ctm.serve([], true);
  await add(redis, 2);
  const delivered = (count: number): Promise<Row[]> =>
    waitFor(`${count} events to be delivered`, async () => {
      const rows = (await rowsOf(ctm)).filter(
        ({ outcome, via }) => via === "redis" && outcome === "delivered",
      );
      return rows.length === count ? rows : null;
    });
  await delivered(2);
  await redis.kill();
  const notices = async (): Promise<string> =>
    JSON.stringify((await ctm.ask<{ notices: string[] }>("status", {}, [])).notices);
  await waitFor("the loss to be told", async () => (await notices()).includes("is not reached"));
  await redis.start();
  await add(redis, 3);
  await delivered(3);
  await waitFor("all to be acknowledged", async () => {
    const pending = (await redis.ask(["XPENDING", "ctm:events", "ctm"])) as [number];
    return pending[0] === 0 && (await redis.ask(["XLEN", "ctm:events"])) === 0;
  });
  expect(await redis.ask(["XLEN", "ctm:events:rejected"])).toBe(1);
  expect(await notices()).not.toContain("is not reached");
  const typed = ctm.typedPrompts().join("\n");
  for (const n of [1, 2, 3]) expect(typed.split(`id="low-${n}"`), `${n} was typed once`).toHaveLength(2);
  const told = heard.map((message) => JSON.parse(message) as { kind: string; fact: { kind: string } });
  expect(told.map(({ kind, fact }) => `${kind} ${fact.kind}`)).toContain("fact wake-moved");
  // Its password stands nowhere but in its configuration.
  expect(`${first.printed()}${manager.printed()}${heard.join("")}${await notices()}`).not.toContain(PASSWORD);
  expect(JSON.stringify(await ctm.ask("doctor", {}, []))).not.toContain(PASSWORD);
});
