import type { Schema } from "./schemas.ts";
import { definitionsIn, type Swagger, type SwaggerOperation, type SwaggerParameter } from "./swagger.ts";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch"];
const PARAMETERS = "#/parameters/";

interface Reference {
  $ref: string;
}

/** As other servers write it: what several operations or paths share stands once. */
interface SharedSwagger {
  info?: Partial<Swagger["info"]>;
  paths?: Record<string, Record<string, unknown>>;
  definitions?: Record<string, Schema>;
  parameters?: Record<string, SwaggerParameter>;
}

/** Of a server's document what belongs to the paths under `prefix`, with its parameters where they are used. */
export function swaggerPart(document: unknown, prefix: string): Swagger {
  const { info, paths = {}, definitions = {}, parameters = {} } = document as SharedSwagger;
  const kept = Object.entries(paths)
    .filter(([path]) => path.startsWith(prefix))
    .map(([path, item]) => [path, operationsOf(item, parameters)] as const);
  const part = Object.fromEntries(kept);
  return {
    swagger: "2.0",
    info: { title: info?.title ?? "", version: info?.version ?? "" },
    paths: part,
    definitions: Object.fromEntries(
      reached(part, definitions).map((name) => [name, definitions[name]!] as const),
    ),
  };
}

function operationsOf(
  item: Record<string, unknown>,
  known: Record<string, SwaggerParameter>,
): Record<string, SwaggerOperation> {
  const list = (value: unknown) => (Array.isArray(value) ? (value as (SwaggerParameter | Reference)[]) : []);
  const shared = list(item.parameters);
  return Object.fromEntries(
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, value]) => {
        const operation = value as SwaggerOperation;
        const parameters = [...list(operation.parameters), ...shared].flatMap((one) =>
          "$ref" in one ? (known[one.$ref.slice(PARAMETERS.length)] ?? []) : one,
        );
        return [method, { ...operation, parameters }];
      }),
  );
}

/** What the paths refer to, and what that refers to. */
function reached(paths: unknown, definitions: Record<string, Schema>): string[] {
  const found = new Set<string>();
  const pending = [...definitionsIn(paths)];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (found.has(name) || !Object.hasOwn(definitions, name)) continue;
    found.add(name);
    pending.push(...definitionsIn(definitions[name]));
  }
  return [...found].sort();
}
