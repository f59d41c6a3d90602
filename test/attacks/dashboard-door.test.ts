/** What may be tried at the dashboard's port without a key: guessing, other addresses, and callers that never end. */
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dashboardKeys } from "../../src/dashboard-file.ts";
import { servedNames } from "../../src/server/dashboard.ts";
import { KeyGuard } from "../../src/server/http/guard.ts";
import { openHttpServer, type HttpServer } from "../../src/server/http/http-server.ts";
import { defineRoute } from "../../src/server/http/route.ts";
import { webCall } from "../support/web-client.ts";

const folder = mkdtempSync(join(tmpdir(), "ctm-door-"));
const file = join(folder, "dashboard.json");
const keys = dashboardKeys(file);
let server: HttpServer;

beforeAll(async () => {
  server = await openHttpServer({
    ...{ bind: "127.0.0.1", ports: [0], names: servedNames("127.0.0.1", []), sockets: [], keys },
    routes: [
      defineRoute({
        method: "GET",
        path: "/things",
        access: "read",
        summary: "things",
        handle: () => ({ json: {} }),
      }),
    ],
    now: () => Date.now(),
    withinMs: 700,
  });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

describe("A5: keys", () => {
  it("are 256 bits of chance each, in a file for us alone", () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const others = dashboardKeys(join(folder, "others.json"));
    const all = [keys.act, keys.read, others.act, others.read];
    expect(new Set(all).size).toBe(4);
    for (const key of all) expect(Buffer.from(key, "base64url")).toHaveLength(32);
  });

  it("are found by none of 10,000 guesses, which get no further than a right key that was cut or changed", () => {
    const guard = new KeyGuard(keys, () => 0);
    const near = [keys.act.slice(0, -1), `${keys.act}A`, keys.act.toLowerCase(), keys.read.slice(1), ""];
    const guesses = [...near, ...Array.from({ length: 10_000 }, (_, n) => `${n}${keys.act}`.slice(0, 43))];
    const answers = new Map<number, number>();
    for (const guess of guesses) {
      const headers = { authorization: `Bearer ${guess}` };
      const rights = guard.rightsOf(headers);
      expect(rights).toBe("none");
      const status = guard.refusal("read", rights, headers)?.status ?? 200;
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(answers)).toEqual({ 401: 30, 429: guesses.length - 30 });
    // Nobody is locked out by it.
    const right = { authorization: `Bearer ${keys.act}` };
    expect(guard.refusal("act", guard.rightsOf(right), right)).toBeNull();
  });

  it("stand in no address, no refusal that is noted, and no other file", async () => {
    const { port } = server;
    await webCall(port, `/things?key=${keys.act}`, {});
    await webCall(port, "/things", { headers: { referer: `http://x/#${keys.act}` } });
    await webCall(port, "/things", { key: `${keys.act}x` });
    await webCall(port, "/things", { key: keys.act, headers: { host: "evil.test" } });
    const got = await webCall(port, "/things", { key: keys.act });
    expect([got.status, got.headers["referrer-policy"]]).toEqual([200, "no-referrer"]);
    expect(JSON.stringify([...server.refusals(), got])).not.toContain(keys.act);
    const others = readdirSync(folder).filter((name) => name !== "dashboard.json");
    for (const name of others) expect(readFileSync(join(folder, name), "utf8")).not.toContain(keys.act);
  });
});

describe("A6: other addresses", () => {
  it("are not listened at", () => {
    const at = server.port.toString(16).toUpperCase().padStart(4, "0");
    const listening = ["tcp", "tcp6"].flatMap((table) =>
      readFileSync(`/proc/net/${table}`, "utf8")
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .filter(([, local = "", , state]) => local.endsWith(`:${at}`) && state === "0A")
        .map(([, local]) => local),
    );
    expect(listening).toEqual([`0100007F:${at}`]);
  });

  it("give no name to call it by where it listens at every one of them", async () => {
    for (const bind of ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"])
      expect(servedNames(bind, ["box.lan"])).toEqual(["127.0.0.1", "localhost", "::1", "box.lan"]);
    expect(servedNames("192.168.1.2", ["box.lan"])).toContain("192.168.1.2");
    for (const host of [`0.0.0.0:${server.port}`, `[::]:${server.port}`, `0:${server.port}`])
      expect((await webCall(server.port, "/things", { key: keys.act, headers: { host } })).status).toBe(421);
  });
});

describe("A8: callers that never end", () => {
  it("take every connection, and are out again while the person's call is answered", async () => {
    const opened: Socket[] = [];
    for (let n = 0; n < 256; n += 1) {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.on("connect", () => socket.write("GET /things HTTP/1.1\r\nHost: x\r\nX-Slow: "));
      opened.push(socket);
    }
    await Promise.all(opened.map((socket) => once(socket.resume(), "close")));
    expect((await webCall(server.port, "/things", { key: keys.act })).status).toBe(200);
  });

  it("announce a gigabyte, or a body twice, and are refused before it comes", async () => {
    const host = `Host: 127.0.0.1:${server.port}\r\n`;
    for (const heads of [
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /things HTTP/1.1\r\n",
      "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
      "Transfer-Encoding: chunked, identity\r\n\r\n",
    ]) {
      const socket = connect(server.port, "127.0.0.1");
      socket.write(`GET /things HTTP/1.1\r\n${host}${heads}`);
      const [answer] = (await once(socket, "data")) as [Buffer];
      expect(answer.toString().slice(0, 12)).toBe("HTTP/1.1 400");
      socket.destroy();
    }
  });
});
