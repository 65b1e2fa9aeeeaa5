import { columnDescription } from "./column-descriptions.ts";
import { metadataOf } from "./metadata-of.ts";
import type { KindDefinition, KubeObject, TableColumn } from "./types.ts";

/** What of each object a table carries (`includeObject`). */
export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableOptions {
  nowMs: number;
  includeObject?: IncludeObject;
  /** Of the list; a single object or an event brings its own. */
  metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  /** False for all but the first table of a watch. */
  withColumns?: boolean;
  version?: "v1" | "v1beta1";
}

export interface Table {
  kind: "Table";
  apiVersion: string;
  metadata: Record<string, unknown>;
  columnDefinitions: ColumnDefinition[];
  rows: TableRow[];
}

export interface ColumnDefinition {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

export interface TableRow {
  cells: unknown[];
  object?: unknown;
}

/** Kinds that have no columns of their own show name and creation time, as upstream does. */
const FALLBACK: TableColumn[] = [
  {
    name: "Name",
    type: "string",
    format: "name",
    cell: (object: KubeObject) => object.metadata.name,
  },
  {
    name: "Created At",
    type: "date",
    cell: (object: KubeObject) => object.metadata.creationTimestamp,
  },
];

const columnsOf = (kind: Pick<KindDefinition, "kind" | "columns">) =>
  kind.columns.length === 0 ? FALLBACK : kind.columns;

/** The `meta.k8s.io` Table that `kubectl get` prints; every row has all columns, the client leaves out the wide ones. */
export function toTable(
  kind: Pick<KindDefinition, "kind" | "columns">,
  objects: readonly KubeObject[],
  options: TableOptions,
): Table {
  const version = options.version ?? "v1";
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: { ...(options.metadata ?? singleMetadata(objects)) },
    columnDefinitions: options.withColumns === false ? [] : columnDefinitions(kind),
    rows: objects.map((object) => tableRow(kind, object, options)),
  };
}

function singleMetadata(objects: readonly KubeObject[]): Record<string, unknown> {
  return objects.length === 1 ? { resourceVersion: objects[0]!.metadata.resourceVersion } : {};
}

/** What a table says of its columns, but for their descriptions where they follow from the kind. */
export function definedColumns(kind: Pick<KindDefinition, "kind" | "columns">): ColumnDefinition[] {
  return columnsOf(kind)
    .filter((column) => !column.isUndefined)
    .map(columnDefinition);
}

function columnDefinitions(kind: Pick<KindDefinition, "kind" | "columns">): ColumnDefinition[] {
  return definedColumns(kind).map((one) => ({
    ...one,
    description: one.description || columnDescription(kind.kind, one.name),
  }));
}

function columnDefinition(column: TableColumn): ColumnDefinition {
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? "",
    description: column.description ?? "",
    priority: column.priority ?? 0,
  };
}

/** One row, for lists that are written in pieces. */
export function tableRow(
  kind: Pick<KindDefinition, "kind" | "columns" | "annotationsOfFields">,
  object: KubeObject,
  options: TableOptions,
): TableRow {
  const cells = columnsOf(kind).map((column) => column.cell(object, options));
  switch (options.includeObject ?? "Metadata") {
    case "None":
      return { cells, object: null };
    case "Object":
      return { cells, object };
    default:
      return {
        cells,
        object: {
          kind: "PartialObjectMetadata",
          apiVersion: `meta.k8s.io/${options.version ?? "v1"}`,
          metadata: metadataOf(kind, object),
        },
      };
  }
}
