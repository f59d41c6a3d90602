import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alike, keysOf, likenessOf } from "../../src/tasks/likeness.ts";
import { generator } from "../support/random.ts";

const how = (a: string, b: string): string | null => alike(likenessOf(a), likenessOf(b));
const keysIn = (folder: string, text: string): readonly number[] => keysOf(likenessOf(text), folder);
const sharesKey = (a: string, b: string): boolean => {
  const keys = new Set(keysIn("/w", a));
  return keysIn("/w", b).some((key) => keys.has(key));
};

const LONG =
  "Read the documentation of the whole project carefully and write a summary of what it promises about the parser in plain words";

const TAIL = "so that whoever comes new to it knows by noon where to begin";

describe("two tasks are the same", () => {
  it.each([
    ["Fix the login page", "fix  the\nLOGIN page."],
    ["Fix the login page!", "Fix: the login page"],
    ["Fix the „login“ page", "'Fix' the (login) page"],
    ["Ｆｉｘ it", "Fix it"],
    ["修正登录页面", "修正登录页面。"],
    ["🐛🐛", " 🐛🐛 "],
    ["???", "???"],
    [`${"x".repeat(9_000)}.`, `${"x".repeat(9_000)}.`],
  ])("%j and %j", (a, b) => expect(how(a, b)).toBe("same"));
});

describe("two tasks are nearly the same", () => {
  it.each([
    ["Fix the login bug on the mobile page", "Please fix the login bug on the mobile page"],
    [LONG, LONG.replace("carefully ", "")],
    [LONG, LONG.replace("documentation", "documentatoin")],
    [LONG, LONG.replace("words", "words, please")],
    [`${LONG}, ${TAIL}`, `${LONG.replace("project carefully", "projekt carefuly")}, ${TAIL}`],
  ])("%j and %j", (a, b) => {
    expect(how(a, b)).toBe("near");
    expect(how(b, a)).toBe("near");
  });
});

describe("two tasks are not alike", () => {
  it.each([
    ["other words", "Fix the login page", "Write the docs"],
    ["another number", LONG.concat(" of part 7"), LONG.concat(" of part 8")],
    ["another file", LONG.concat(" in src/a.ts"), LONG.concat(" in src/b.ts")],
    ["another identifier", LONG.concat(" of getUser"), LONG.concat(" of getUsers")],
    ["another flag", LONG.concat(" with --yes"), LONG.concat(" with --no")],
    ["another sign", LONG.concat(" where a > b holds"), LONG.concat(" where a < b holds")],
    ["another thing in a pattern", LONG, LONG.replace("parser", "scheduler")],
    ["another short word", LONG.concat(" by day"), LONG.concat(" by way")],
    ["too few words to tell", "fix it now", "fix it"],
    ["options of a command", "ls -l", "ls -a"],
    ["a pattern of a shell", "rm *.o", "rm * .o"],
    ["another emoji", "🐛", "🚀"],
    ["other signs alone", "???", "!!!"],
    ["another end of a long text", "x".repeat(9_000), "x".repeat(9_001)],
    ["another middle of a long text", "x".repeat(20_000), `${"x".repeat(10_000)}y${"x".repeat(9_999)}`],
    ["an opposite", LONG.concat(" with tests of it"), LONG.concat(" without tests of it")],
  ])("%s", (_, a, b) => {
    expect(how(a, b)).toBeNull();
    expect(how(b, a)).toBeNull();
  });

  it("are those of another folder, which share no key", () => {
    const here = new Set(keysIn("/w", LONG));
    expect(keysIn("/w2", LONG).some((key) => here.has(key))).toBe(false);
  });
});

describe("likeness", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc
      .array(fc.constantFrom("fix", "the", "login", "page", "of", "part", "7", "a.ts"), { maxLength: 30 })
      .map((words) => words.join(" ")),
  );

  it("goes both ways, holds of a text and itself, and gives few whole numbers as keys", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(how(a, b)).toBe(how(b, a));
        expect(how(a, a)).toBe("same");
        expect(how(a, a.trim())).toBe("same");
        const keys = keysIn("/w", a);
        expect([1, 3]).toContain(keys.length);
        expect(keys.every((key) => Number.isSafeInteger(key) && key >= 0)).toBe(true);
        if (how(a, b) === "same") expect(keys[0]).toBe(keysIn("/w", b)[0]);
      }),
      { numRuns: 200 },
    );
  });

  it("takes apart what is plain ASCII as it takes apart the rest", () => {
    const ascii = fc.string({ unit: "binary-ascii", maxLength: 60 });
    fc.assert(
      fc.property(ascii, ascii, (a, b) => {
        const [plain, other] = [likenessOf(`x ${a} ${b}`), likenessOf(`x ${a} ${b} é`)];
        expect({ said: other.said, names: other.names }).toEqual({
          said: `${plain.said} é`,
          names: plain.names,
        });
      }),
      { numRuns: 500 },
    );
  });

  it("is found by its keys when it is near: of 300 pairs, at least 17 of 20", () => {
    const random = generator(11);
    const word = (): string =>
      Array.from({ length: 6 }, () => "abcdefghij"[Math.floor(random() * 10)]).join("");
    const pairs = Array.from({ length: 300 }, () => {
      const words = Array.from({ length: 8 + Math.floor(random() * 30) }, word);
      const at = Math.floor(random() * words.length);
      return [words.join(" "), words.toSpliced(at, 0, word()).join(" ")] as const;
    });
    const near = pairs.filter(([a, b]) => how(a, b) === "near");
    expect(near.length).toBeGreaterThan(240);
    expect(near.filter(([a, b]) => sharesKey(a, b)).length / near.length).toBeGreaterThan(0.85);
  });

  it("is told of hostile texts", () => {
    const big = "x".repeat(1_048_576);
    expect(how(big, `${big.slice(1)}y`)).toBeNull();
    for (const hostile of [
      "\u{FDFA}".repeat(2_000),
      "a ".repeat(4_096),
      "-".repeat(8_192),
      "\u{1F9D1}\u200D".repeat(2_000),
    ])
      expect(how(hostile, hostile)).toBe("same");
  });
});
