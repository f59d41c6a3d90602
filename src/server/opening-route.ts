/** The first answers of a page in one: a browser takes longer to ask three times than all of them take to be found. */
import { OPENED_WITH, OPENING } from "../reports/opening.ts";
import { defineRoute, type Call, type Route } from "./http/route.ts";

/** `routes`: among them those of each answer. Throws where one is missing: a bug. */
export function openingRoute(routes: readonly Route[]): Route {
  const asked = OPENED_WITH.map((path) => {
    const route = routes.find((each) => each.method === "GET" && each.path === path);
    if (route === undefined) throw new Error(`there is no route ${path}`);
    return route;
  });
  return defineRoute({
    method: "GET",
    path: OPENING,
    access: "read",
    summary: "What a page needs first, each by its address: what the key may do, the agents, and the status",
    handle: async (call) => {
      const answers = await Promise.all(asked.map(async (route) => [route.path, await jsonOf(route, call)]));
      return { json: Object.fromEntries(answers) as unknown };
    },
  });
}

async function jsonOf(route: Route, call: Call): Promise<unknown> {
  const answer = await route.handle(call);
  if (!("json" in answer)) throw new Error(`${route.path} gives no JSON`);
  return answer.json;
}
