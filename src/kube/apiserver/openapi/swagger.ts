import type { Schema } from "./schemas.ts";

/** An OpenAPI 2 document, as far as this server writes it and other API servers do. */
export interface Swagger {
  swagger: "2.0";
  info: { title: string; version: string };
  paths: Record<string, Record<string, SwaggerOperation>>;
  definitions: Record<string, Schema>;
}

export interface SwaggerOperation {
  description?: string;
  operationId?: string;
  consumes?: readonly string[];
  produces?: readonly string[];
  parameters?: readonly SwaggerParameter[];
  responses?: Record<string, { description?: string; schema?: Schema }>;
  [extension: `x-${string}`]: unknown;
}

export interface SwaggerParameter {
  name: string;
  in: string;
  description?: string;
  type?: string;
  required?: boolean;
  schema?: Schema;
}

const DEFINITIONS = "#/definitions/";

/** The value with each reference to a definition exchanged for what `name` makes of it. */
export function withDefinitionNames<T>(value: T, name: (definition: string) => string): T {
  const walk = (at: unknown): unknown => {
    if (Array.isArray(at)) return at.map(walk);
    if (typeof at !== "object" || at === null) return at;
    return Object.fromEntries(
      Object.entries(at).map(([key, one]) => {
        const definition = key === "$ref" ? definitionOf(one) : undefined;
        return [key, definition === undefined ? walk(one) : DEFINITIONS + name(definition)];
      }),
    );
  };
  return walk(value) as T;
}

/** Names of the definitions that a value refers to. */
export function definitionsIn(value: unknown): Set<string> {
  const found = new Set<string>();
  const walk = (at: unknown): void => {
    if (typeof at !== "object" || at === null) return;
    for (const [key, one] of Object.entries(at)) {
      const definition = key === "$ref" ? definitionOf(one) : undefined;
      if (definition === undefined) walk(one);
      else found.add(definition);
    }
  };
  walk(value);
  return found;
}

function definitionOf(reference: unknown): string | undefined {
  const isOne = typeof reference === "string" && reference.startsWith(DEFINITIONS);
  return isOne ? reference.slice(DEFINITIONS.length) : undefined;
}
