import { createHash } from "node:crypto";
import type { KindDefinition, KindSource } from "../../api/index.ts";
import { KUBERNETES_VERSION } from "../version.ts";
import { encodeSwagger } from "./gnostic.ts";
import { collectSchemas, type Document } from "./openapi-v3.ts";
import { type Operation, operationsOf, type Parameter } from "./operations.ts";
import { type Schema, SchemaCollector } from "./schemas.ts";

export interface Swagger {
  swagger: "2.0";
  info: { title: string; version: string };
  paths: Record<string, Record<string, SwaggerOperation>>;
  definitions: Record<string, Schema>;
}

export interface SwaggerOperation {
  description: string;
  operationId: string;
  consumes: readonly string[];
  produces: readonly string[];
  parameters: (Parameter | { name: "body"; in: "body"; schema: Schema })[];
  responses: Record<string, { description: string; schema?: Schema }>;
  "x-kubernetes-action": string;
  "x-kubernetes-group-version-kind": { group: string; version: string; kind: string };
}

/** The older OpenAPI 2 document, one for everything; kubectl reads it in gnostic's protobuf form. */
export class OpenApiV2 {
  readonly #kinds: KindSource;
  #revision = 0;
  #swagger: Swagger | undefined;
  #json: Document | undefined;
  #protobuf: Document | undefined;

  constructor(kinds: KindSource) {
    this.#kinds = kinds;
  }

  json(): Document {
    this.#forgetOld();
    this.#json ??= hashed(Buffer.from(JSON.stringify(this.#document())));
    return this.#json;
  }

  protobuf(): Document {
    this.#forgetOld();
    this.#protobuf ??= hashed(encodeSwagger(this.#document()));
    return this.#protobuf;
  }

  #document(): Swagger {
    this.#swagger ??= swagger(this.#kinds.served());
    return this.#swagger;
  }

  #forgetOld(): void {
    if (this.#revision === this.#kinds.revision) return;
    this.#revision = this.#kinds.revision;
    this.#swagger = undefined;
    this.#json = undefined;
    this.#protobuf = undefined;
  }
}

function hashed(bytes: Buffer): Document {
  return { bytes, hash: createHash("sha512").update(bytes).digest("hex").toUpperCase() };
}

function swagger(kinds: readonly KindDefinition[]): Swagger {
  const collector = new SchemaCollector(2);
  const operations = kinds.flatMap(operationsOf);
  collectSchemas(collector, kinds, operations);
  const paths: Swagger["paths"] = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    paths[operation.path]![operation.method] = swaggerOperation(collector, operation);
  }
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version: KUBERNETES_VERSION },
    paths,
    definitions: Object.fromEntries([...collector.schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function swaggerOperation(collector: SchemaCollector, operation: Operation): SwaggerOperation {
  const { body, consumes = ["*/*"], answer, kind } = operation;
  const { group, version, kind: name } = kind;
  const bodyParameter = body ? [{ name: "body", in: "body", schema: collector.ref(body) } as const] : [];
  return {
    description: operation.description,
    operationId: operation.id,
    consumes,
    produces: ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"],
    parameters: [...bodyParameter, ...operation.parameters],
    responses: {
      200: { description: "OK", schema: collector.ref(answer) },
      401: { description: "Unauthorized" },
    },
    "x-kubernetes-action": operation.action,
    "x-kubernetes-group-version-kind": { group, version, kind: name },
  };
}
