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

/** The two wide columns of everything that has a pod template. */
export function containerColumns(
  containersOf: (object: KubeObject) => readonly ContainerLike[],
): TableColumn[] {
  return [
    textColumn(
      "Containers",
      (object) =>
        containersOf(object)
          .map((one) => one.name)
          .join(","),
      { wide: true },
    ),
    textColumn(
      "Images",
      (object) =>
        containersOf(object)
          .map((one) => one.image ?? "")
          .join(","),
      { wide: true },
    ),
  ];
}
