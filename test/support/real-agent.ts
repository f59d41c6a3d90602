/** A real agent CLI in the product's workers, its API the stand-in: for one test, or for all of a file's suite. */
import { afterAll, onTestFinished } from "vitest";
import { homeOf } from "./agent-home.ts";
import { Product, type AttemptSeen, type ProductOptions, type RealAgent, type TaskSeen } from "./product.ts";
import { startStandInApi, type StandInApi } from "./stand-in-api.ts";

export interface RealBench {
  readonly api: StandInApi;
  readonly home: RealAgent["home"];
  readonly ctm: Product;
}

type Wish = Omit<ProductOptions, "real"> &
  Pick<RealAgent, "mode" | "permissionMode"> & { readonly oauth?: boolean };
type AtEnd = (end: () => Promise<void> | void) => void;

/** Everything of it ends with the test, or when `atEnd` says so. */
export async function realBench(
  name: "claude" | "codex",
  bin: string | null,
  wish: Wish = {},
  atEnd: AtEnd = onTestFinished,
): Promise<RealBench> {
  const { mode, permissionMode, oauth = false, ...options } = wish;
  const api = await startStandInApi(atEnd);
  const home = await homeOf(name, api.baseUrl, { oauth, atEnd });
  const real = {
    name,
    bin: bin ?? "",
    home,
    ...(mode === undefined ? {} : { mode }),
    ...(permissionMode === undefined ? {} : { permissionMode }),
  };
  const ctm = new Product({ ...options, real });
  atEnd(() => ctm.end());
  return { api, home, ctm };
}

/** Called in a suite: what is handed to it is ended after the suite's last test, the latest first. */
export function endedAfterAll(): AtEnd {
  const ends: (() => Promise<void> | void)[] = [];
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });
  return (end) => void ends.push(end);
}

/** One task and its attempts as they stand. */
export function shown(ctm: Product, id: number): Promise<{ task: TaskSeen; attempts: AttemptSeen[] }> {
  return ctm.ask("show", { id }, [String(id)]);
}
