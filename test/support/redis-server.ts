/** A Redis of a test's own: on a spare port of loopback, in a folder of its own, ended by its process id. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { onTestFinished } from "vitest";
import { removeFolder } from "./remove-folder.ts";
import { waitFor } from "./wait-for.ts";

const root = new URL("../..", import.meta.url).pathname;
const MARK = join(root, "node_modules", ".cache", "ctm-redis");

/** The server's program; a sentence instead where there is none. Installs it where that needs no person. */
export function redisProgram(): { readonly path: string } | { readonly missing: string } {
  const found = whereIs();
  if (found !== null) return { path: found };
  execFileSync("sh", [join(root, "scripts/setup-redis.sh"), MARK], { stdio: "ignore", timeout: 170_000 });
  const installed = whereIs();
  return installed === null
    ? { missing: existsSync(MARK) ? readFileSync(MARK, "utf8").trim() : "no redis-server" }
    : { path: installed };
}

function whereIs(): string | null {
  for (const name of ["redis-server", "redis-check-rdb"]) {
    try {
      return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    } catch {
      // The next one.
    }
  }
  return null;
}

async function sparePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

export class RedisServer {
  readonly port: number;
  readonly #program: string;
  readonly #folder: string;
  readonly #password: string;
  #child: ChildProcess | null = null;

  private constructor(program: string, folder: string, port: number, password: string) {
    this.#program = program;
    this.#folder = folder;
    this.port = port;
    this.#password = password;
  }

  static async start(path: string, password: string): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), "ctm-redis-"));
    const program = join(folder, "redis-server");
    symlinkSync(path, program);
    const server = new RedisServer(program, folder, await sparePort(), password);
    onTestFinished(async () => {
      await server.kill();
      await removeFolder(folder);
    });
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://:${this.#password}@127.0.0.1:${this.port}/0`;
  }

  /** Each write is on its disk before it answers, as whoever leans on it would have it. */
  async start(): Promise<void> {
    const settings = {
      port: this.port,
      bind: "127.0.0.1",
      dir: this.#folder,
      requirepass: this.#password,
      appendonly: "yes",
      appendfsync: "always",
      save: "",
    };
    const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#child = spawn(this.#program, words, { stdio: "ignore" });
    await waitFor("redis to answer", async () => (await this.ask(["PING"]).catch(() => null)) === "PONG");
  }

  /** As nothing can be prepared for. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** One command over a connection of its own. */
  async ask(words: readonly string[]): Promise<unknown> {
    const client = createClient({ url: this.url, RESP: 2, socket: { reconnectStrategy: false } });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await client.sendCommand([...words]);
    } finally {
      client.destroy();
    }
  }

  /** Hears what is told on a channel until the test ends. */
  async listen(channel: string): Promise<string[]> {
    const heard: string[] = [];
    const client = createClient({ url: this.url });
    client.on("error", () => undefined);
    await client.connect();
    await client.subscribe(channel, (message) => heard.push(message));
    onTestFinished(() => client.destroy());
    return heard;
  }
}
