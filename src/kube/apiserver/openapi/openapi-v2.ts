import { createHash } from "node:crypto";
import type { KindDefinition, KindSource } from "../../api/index.ts";
import { KUBERNETES_VERSION } from "../version.ts";
import { encodeSwagger } from "./gnostic.ts";
import { mergedSwagger } from "./merge-swagger.ts";
import { collectSchemas, type Document } from "./openapi-v3.ts";
import { type Operation, operationsOf } from "./operations.ts";
import { SchemaCollector } from "./schemas.ts";
import type { Swagger, SwaggerOperation } from "./swagger.ts";
import type { ToldDocuments } from "./told-documents.ts";

/** The older OpenAPI 2 document, one for everything; kubectl reads it in gnostic's protobuf form. */
export class OpenApiV2 {
  readonly #kinds: KindSource;
  readonly #others: ToldDocuments;
  #revision = 0;
  #othersRevision = 0;
  #own: Swagger | undefined;
  #merged: Swagger | undefined;
  #json: Document | undefined;
  #protobuf: Document | undefined;

  constructor(kinds: KindSource, others: ToldDocuments) {
    this.#kinds = kinds;
    this.#others = others;
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
    this.#own ??= swagger(this.#kinds.served());
    this.#merged ??= mergedSwagger(this.#own, this.#others.swaggers());
    return this.#merged;
  }

  #forgetOld(): void {
    const hasOldOwn = this.#revision !== this.#kinds.revision;
    if (!hasOldOwn && this.#othersRevision === this.#others.revision) return;
    this.#revision = this.#kinds.revision;
    this.#othersRevision = this.#others.revision;
    if (hasOldOwn) this.#own = undefined;
    this.#merged = undefined;
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
