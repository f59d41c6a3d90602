/** What this process knows that the manager may not: its folder, its files, its standard input. */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { CtmError } from "../base/errors.ts";
import { batchFileMaxBytes } from "../commands/batch-file.ts";
import type { Caller } from "../commands/command.ts";
import { quote } from "../commands/words.ts";
import { currentFolder, type Config } from "../config.ts";

export function callerHere(origin: string, config: () => Promise<Config>): Caller {
  const cwd = currentFolder();
  return {
    cwd,
    origin,
    config,
    readText: (file) => (file === "-" ? readStandardInput() : readFileText(resolve(cwd, file))),
    exportPages: async (folder) => {
      const { exportPages } = await import("./export-pages.ts");
      return exportPages(folder, await config());
    },
  };
}

async function readFileText(path: string): Promise<string> {
  let file;
  try {
    file = await open(path, "r");
  } catch (error) {
    throw new CtmError("usage", `${quote(path)} cannot be read: ${reasonOf(error)}`, [], { cause: error });
  }
  try {
    if ((await file.stat()).isDirectory()) throw new CtmError("usage", `${quote(path)} is a folder`);
    return await boundedText(file.createReadStream({ autoClose: false }));
  } finally {
    await file.close();
  }
}

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY)
    throw new CtmError("usage", "`-` reads standard input, and that is the terminal; name a file");
  return boundedText(process.stdin);
}

async function boundedText(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const piece = Buffer.from(chunk as Uint8Array);
    bytes += piece.length;
    if (bytes > batchFileMaxBytes)
      throw new CtmError("usage", `a batch may have at most ${batchFileMaxBytes} bytes`);
    chunks.push(piece);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw new CtmError("usage", "the batch is not UTF-8 text", [], { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "ENOENT"
    ? "there is no such file"
    : code === "EACCES"
      ? "it may not be read"
      : String(error);
}
