import { expect, it } from "vitest";
import type { KeptAlert } from "../../src/alerts/alert.ts";
import { messageJson, messageLines, messageOf, messageTitle } from "../../src/alerts/message.ts";

const alert = (id: number, text = "why"): KeptAlert => ({
  ...{ id, kind: "workers", severity: "warning", title: `w${id} is dead`, text, atMs: 1_000 },
});

it("one alert is told as it is, several by the first and how many more there are", () => {
  expect(messageTitle(messageOf("m", [alert(1)]))).toBe("w1 is dead");
  expect(messageLines(messageOf("m", [alert(1)]))).toEqual(["why"]);
  const many = messageOf(
    "m",
    Array.from({ length: 13 }, (_, index) => alert(index + 1)),
  );
  expect(messageTitle(many)).toBe("w1 is dead and 12 more");
  expect(messageLines(many)).toHaveLength(11);
  expect(messageLines(many).at(-1)).toBe("- and 3 more: see `ctm alerts`");
  expect(JSON.parse(messageJson(many))).toMatchObject({
    type: "ctm.alert",
    timestamp: "1970-01-01T00:00:01.000Z",
    data: { title: "w1 is dead and 12 more", more: 3, alerts: { length: 10 } },
  });
});

it("what agents wrote goes out harmless, bounded and without keys", () => {
  const hostile = `\u001b]0;x\u0007\u202e key sk-ant-api03-${"a1".repeat(20)} ${"x".repeat(5_000)}`;
  const json = messageJson(messageOf("m", [alert(1, hostile)]));
  expect(json).not.toMatch(/sk-ant-api03|\\u001b|\u001b|\u0007|\u202e/);
  expect(json.length).toBeLessThan(1_000);
});
