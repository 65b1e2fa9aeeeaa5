import { ageOf } from "./meta/age.ts";
import type { KubeObject, TableColumn } from "./types.ts";

/** Descriptions of the two columns that nearly every table has. */
const NAME_DESCRIPTION =
  "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically.";
const AGE_DESCRIPTION =
  "CreationTimestamp is a timestamp representing the server time when this object was created.";

export const nameColumn: TableColumn = {
  name: "Name",
  type: "string",
  format: "name",
  description: NAME_DESCRIPTION,
  cell: (object: KubeObject) => object.metadata.name,
};

export const ageColumn: TableColumn = {
  name: "Age",
  type: "string",
  description: AGE_DESCRIPTION,
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
