/**
 * The disk with ctm's state is full while an agent works: nothing is handed out, what the agent says is not lost, and
 * everything goes on by itself once there is room.
 */
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { product } from "../support/product.ts";
import { noDisks, smallDisk } from "../support/small-disk.ts";
import { waitFor } from "../support/wait-for.ts";

/** Takes all the room there is. Returns how to give it back. */
function fill(folder: string): () => void {
  const file = join(folder, "filler");
  const opened = openSync(file, "w");
  for (const size of [65_536, 4_096, 1]) while (takes(opened, size));
  closeSync(opened);
  return () => rmSync(file);
}

function takes(opened: number, size: number): boolean {
  try {
    return writeSync(opened, Buffer.alloc(size)) === size;
  } catch {
    return false;
  }
}

describe.skipIf(noDisks !== null)(`F28: the disk of the state is full (${noDisks ?? "tmpfs"})`, () => {
  it("no word of an agent is lost, nothing is dispatched, and it goes on once there is room (G16)", async () => {
    const ctm = product({ workers: 1, agent: "shell" });
    const disk = smallDisk(12_288, ctm.state);
    try {
      const manager = await ctm.serve();
      const { task: first } = await ctm.tell("sleep 3; exit 7");
      await ctm.until(first.id, "running");
      const makeRoom = fill(ctm.state);
      // Large enough not to fit into what is left of the last page.
      const refused = await ctm.run(["add", "x".repeat(100_000)]);
      expect(refused).toMatchObject({ exitCode: 74, stdout: "" });
      expect(refused.stderr).toMatch(/the disk is full/);
      const mode = (): Promise<{ mode: { kind: string } }> => ctm.ask("status", {}, []);
      await waitFor("the manager to stop dispatching", async () => (await mode()).mode.kind === "stopped");
      expect((await ctm.run(["status"])).stdout).toMatch(/STOPPED[^]*Dispatch has stopped: the disk is full/);
      expect(manager.printed()).toMatch(/the disk is full: nothing is handed out until there is room/);
      makeRoom();
      const ended = { state: { name: "failed", exitCode: 7 }, attempts: 1 };
      expect(await ctm.until(first.id), "as its agent said it, while the disk was full").toMatchObject(ended);
      await waitFor("the manager to go on", async () => (await mode()).mode.kind === "auto");
      const { task: second } = await ctm.tell("true");
      expect(await ctm.until(second.id)).toMatchObject({ state: { name: "completed" } });
      expect(await manager.stop()).toBe(0);
    } finally {
      await ctm.tmux("kill-server");
      disk.remove();
    }
  });
});
