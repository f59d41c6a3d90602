/**
 * Context budgets of a roster with the real CLIs, their API a stand-in on loopback: a warning near the budget, a compaction
 * over it, between two turns and once, and the next task not before it stands in the agent's record.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/events/facts.ts";
import { factText } from "../../src/events/fact-text.ts";
import { agentBin } from "../support/agent-home.ts";
import { realBench } from "../support/real-agent.ts";
import { isCompaction } from "../support/served-usage.ts";
import { waitFor } from "../support/wait-for.ts";

const ROSTER = `
departments:
  web: { types: [coding], coordinator: boss }
agents:
  - { id: react-expert, tier: execution, departments: [web] }
  - { id: boss, name: Web Coordinator, tier: tactical, departments: [web] }
`;

for (const agent of ["claude", "codex"] as const) {
  const { bin, reason } = await agentBin(agent);

  describe.skipIf(bin === null)(
    `${agent}, the real CLI (${reason ?? "installed"}), over its context budget`,
    () => {
      it("is warned of at 80 %, compacts at 100 %, and gets the next task when that stands in its record", async () => {
        const { api, ctm } = await realBench(agent, bin, { workers: 1, yaml: "context: keep" });
        writeFileSync(join(ctm.work, "ctm.roster.yaml"), ROSTER, { mode: 0o600 });
        await ctm.serve();
        await ctm.worker("concurrent_worker1", "idle");
        const facts: Fact[] = [];
        const following = await ctm.follow("watch", {}, (item) => facts.push(item as Fact));
        const told = (event: string): string[] =>
          facts.filter((fact) => fact.kind === "context" && fact.event === event).map(factText);

        // One conversation of the execution tier holds 32,000 tokens.
        const first = await ctm.tell("Please read. [[context:20000]] [[say:read]]", { type: "coding" });
        await ctm.until(first.task.id, "completed");
        expect(told("near")).toEqual([]);
        const near = await ctm.tell("Please read more. [[context:26000]] [[say:more]]", { type: "coding" });
        await ctm.until(near.task.id, "completed");
        await waitFor("the warning", () => told("near").length > 0);
        expect(told("near")).toEqual(["Agent React Expert approaching context limit"]);
        expect(await ctm.ok(["status"])).toContain("Agent React Expert approaching context limit (");
        expect(api.requests.filter(isCompaction)).toEqual([]);

        // The next task waits in line already when the turn ends that is over the budget.
        const full = await ctm.tell("Please read it all. [[context:33000]] [[say:all]]", { type: "coding" });
        const next = await ctm.tell("Please go on. [[say:gone on]]", { type: "coding" });
        await ctm.until(next.task.id, "completed");
        const order = api.requests
          .filter((request) => request.main || isCompaction(request))
          .map((request) => (isCompaction(request) ? "compaction" : request.prompt.replace(/ \[\[[^]*/, "")));
        // Claude Code asks twice for one summary.
        expect(order.filter((what, at) => what !== order[at - 1])).toEqual([
          "Please read.",
          "Please read more.",
          "Please read it all.",
          "compaction",
          "Please go on.",
        ]);
        const typedMs = (await ctm.attempts(next.task.id))[0]?.typedAtMs ?? 0;
        const compacted = facts.find((fact) => fact.kind === "context" && fact.event === "compacted");
        expect(compacted?.atMs).toBeLessThanOrEqual(typedMs);
        expect(told("compacted")).toHaveLength(1);
        expect(told("full")).toHaveLength(1);
        expect(told("near")).toHaveLength(1);
        expect(await ctm.ok(["show", String(full.task.id)])).toContain("3 (coordinator)");
        expect(await ctm.ok(["metrics", "agent", "react-expert"])).toMatch(/Warnings \/ overruns +1 \/ 1/);
        expect(await ctm.ok(["status"])).not.toContain("context limit");

        // The coordinator reads of it before its own next task.
        const own = await ctm.tell("Please coordinate. [[say:done]]", { type: "coding", as: "boss" });
        await ctm.until(own.task.id, "completed");
        const prompt = api.requests.findLast(({ main }) => main)?.prompt ?? "";
        expect(prompt).toContain("(Note: Agent React Expert approaching context limit (task 2, ");
        expect(prompt).toContain("(Note: Agent React Expert reached its context limit (task 3, ");
        following.close();
      });
    },
  );
}
