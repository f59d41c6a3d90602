/** The description of the HTTP API (OpenAPI 3.1), made from the very schemas that check what is sent. */
import * as z from "zod";
import type { Access, Route } from "./http/route.ts";

type Json = Readonly<Record<string, unknown>>;

const ERROR_SCHEMA: Json = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message", "details"],
      properties: {
        code: { type: "string" },
        message: { type: "string" },
        details: { type: "array", items: { type: "string" } },
      },
    },
  },
};

const SECURITY: Readonly<Record<Access, readonly Json[]>> = {
  public: [],
  read: [{ key: [] }],
  act: [{ actingKey: [] }],
  signed: [],
};

export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Concurrent Task Manager",
      version,
      description:
        "Tokens are whole numbers, money is whole nano-dollars, moments are milliseconds since 1970. A figure says where it comes from: actual, simulated, estimated or unknown (then its value is null).",
    },
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "Either key of dashboard.json" },
        actingKey: { type: "http", scheme: "bearer", description: "The acting key of dashboard.json" },
      },
      schemas: { Error: ERROR_SCHEMA },
    },
  };
}

function operationOf(route: Route): Json {
  const { method, path, summary, access, query, body } = route;
  const name = `${method.toLowerCase()}${path.replace(/[/:.-]+(\w)/g, (_, first: string) => first.toUpperCase())}`;
  return {
    operationId: name.replace(/\W/g, ""),
    summary,
    security: SECURITY[access],
    parameters: [...pathParameters(path), ...queryParameters(query)],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: schemaOf(body) } } } }),
    responses: {
      "200": { description: "Done" },
      default: {
        description: "Refused or failed, in one sentence",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: z.ZodType | undefined): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query) as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
}
