import { createHash } from "node:crypto";
import { apiVersionOf, type KindDefinition, modelNames } from "../../api/index.ts";
import type { Discovery } from "../discovery/discovery.ts";
import { KUBERNETES_VERSION } from "../version.ts";
import { type Operation, operationsOf, type Parameter } from "./operations.ts";
import { gvkExtension, type Schema, SchemaCollector } from "./schemas.ts";
import type { ToldDocuments } from "./told-documents.ts";

const MEDIA_TYPES = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
const PATCH = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
const PATCH_SCHEMA: Schema = { description: "The document of a patch.", type: "object" };

export interface Document {
  bytes: Buffer;
  /** Changes with the content. */
  hash: string;
}

/** The OpenAPI 3 documents, one for each group version, made when first asked for and kept. */
export class OpenApiV3 {
  readonly #discovery: Discovery;
  readonly #others: Pick<ToldDocuments, "index">;
  /** Each with the kinds that it was made of. */
  readonly #documents = new Map<string, { of: readonly KindDefinition[]; document: Document }>();

  constructor(discovery: Discovery, others: Pick<ToldDocuments, "index">) {
    this.#discovery = discovery;
    this.#others = others;
  }

  /** `/openapi/v3`: where the documents are. The hash in each address lets clients keep what they have read. */
  index(): object {
    const paths: Record<string, { serverRelativeURL: string }> = { ...this.#others.index() };
    for (const path of this.#paths().keys()) {
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${this.document(path)!.hash}` };
    }
    return { paths };
  }

  /** `api/v1`, `apis/apps/v1` */
  document(path: string): Document | undefined {
    const kinds = this.#paths().get(path);
    if (!kinds) return undefined;
    const known = this.#documents.get(path);
    if (known && isSame(known.of, kinds)) return known.document;
    const bytes = Buffer.from(JSON.stringify(openApiDocument(kinds)));
    const hash = createHash("sha512").update(bytes).digest("hex").toUpperCase();
    const document = { bytes, hash };
    this.#documents.set(path, { of: kinds, document });
    return document;
  }

  #paths(): Map<string, readonly KindDefinition[]> {
    const paths = new Map<string, readonly KindDefinition[]>();
    for (const { group, version, kinds } of this.#discovery.own())
      paths.set(group === "" ? `api/${version}` : `apis/${group}/${version}`, kinds);
    return paths;
  }
}

function isSame(one: readonly KindDefinition[], other: readonly KindDefinition[]): boolean {
  return one.length === other.length && one.every((kind, index) => kind === other[index]);
}

function openApiDocument(kinds: readonly KindDefinition[]): object {
  const collector = new SchemaCollector(3);
  const operations = kinds.flatMap(operationsOf);
  collectSchemas(collector, kinds, operations);
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    paths[operation.path]![operation.method] = operationObject(collector, operation);
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: KUBERNETES_VERSION },
    paths,
    components: {
      schemas: Object.fromEntries([...collector.schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        BearerToken: {
          type: "apiKey",
          description: "Bearer Token authentication",
          name: "authorization",
          in: "header",
        },
      },
    },
  };
}

/** Everything that the operations speak of; also used for version 2. */
export function collectSchemas(
  collector: SchemaCollector,
  kinds: readonly KindDefinition[],
  operations: readonly Operation[],
): void {
  const known = new Set(modelNames());
  for (const kind of kinds) {
    collector.addKind(kind);
    if (known.has(`${kind.model}List`)) collector.addList(kind);
  }
  for (const { body, answer } of operations) {
    for (const model of [body, answer]) {
      if (model === PATCH) collector.schemas.set(PATCH, PATCH_SCHEMA);
      else if (model) collector.addModel(model);
    }
  }
  const options = collector.schemas.get(DELETE_OPTIONS);
  if (options)
    Object.assign(
      options,
      gvkExtension(kinds.slice(0, 1).map((kind) => ({ ...kind, kind: "DeleteOptions" }))),
    );
}

function operationObject(collector: SchemaCollector, operation: Operation): object {
  const { body, consumes = MEDIA_TYPES, answer, kind } = operation;
  const content = (types: readonly string[], model: string) =>
    Object.fromEntries(types.map((type) => [type, { schema: collector.ref(model) }]));
  const { group, version, kind: name } = kind;
  return {
    tags: [apiVersionOf(kind).replace(/[./]/g, "_")],
    description: operation.description,
    operationId: operation.id,
    parameters: operation.parameters.map(parameterObject),
    ...(body ? { requestBody: { content: content(consumes, body), required: body !== DELETE_OPTIONS } } : {}),
    responses: {
      200: { description: "OK", content: content(MEDIA_TYPES, answer) },
      401: { description: "Unauthorized" },
    },
    "x-kubernetes-action": operation.action,
    "x-kubernetes-group-version-kind": { group, version, kind: name },
  };
}

function parameterObject(parameter: Parameter): object {
  const { type, in: place, name, description } = parameter;
  return {
    name,
    in: place,
    description,
    ...(place === "path" ? { required: true } : {}),
    schema: { type, uniqueItems: true },
  };
}
