import { ageOf } from "./meta/age.ts";
import type { KubeObject, TableColumn } from "./types.ts";

export const nameColumn: TableColumn = {
  name: "Name",
  type: "string",
  format: "name",
  cell: (object: KubeObject) => object.metadata.name,
};

export const ageColumn: TableColumn = {
  name: "Age",
  type: "string",
  cell: (object: KubeObject, { nowMs }) => ageOf(object.metadata.creationTimestamp, nowMs),
};

/** A column of text. */
export function textColumn(
  name: string,
  cell: TableColumn["cell"],
  options: { wide?: boolean } = {},
): TableColumn {
  return { name, type: "string", ...(options.wide ? { priority: 1 } : {}), cell };
}

export function integerColumn(name: string, cell: TableColumn["cell"]): TableColumn {
  return { name, type: "integer", cell };
}

interface ContainerLike {
  name: string;
  image?: string;
}

/** The two columns of everything that has a pod template; wide ones unless said otherwise. */
export function containerColumns(
  containersOf: (object: KubeObject) => readonly ContainerLike[],
  options: { wide?: boolean } = { wide: true },
): TableColumn[] {
  const listed = (object: KubeObject, textOf: (one: ContainerLike) => string) =>
    containersOf(object).map(textOf).join(",");
  return [
    textColumn("Containers", (object) => listed(object, ({ name }) => name), options),
    textColumn("Images", (object) => listed(object, ({ image = "" }) => image), options),
  ];
}
