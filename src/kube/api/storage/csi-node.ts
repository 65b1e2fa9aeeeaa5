import { Buffer } from "node:buffer";
import { isQualifiedName, jsonEquals } from "../../../formats/index.ts";
import { ageColumn, integerColumn, nameColumn } from "../columns.ts";
import { validateCsiDriverName } from "../core/pod/validate-storage-volumes.ts";
import {
  duplicate,
  GoLiteral,
  goStringList,
  IMMUTABLE,
  invalid,
  invalidEach,
  nonNegative,
  required,
} from "../field-error.ts";
import type { CSINode, CSINodeDriver } from "../generated/types.ts";
import { goPointer, goStruct } from "../go-value.ts";
import type { FieldError, KindDefinition } from "../types.ts";

const MAX_NODE_ID_BYTES = 256;

export const csiNodes: KindDefinition<CSINode> = {
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSINode",
  resource: "csinodes",
  singular: "csinode",
  namespaced: false,
  model: "io.k8s.api.storage.v1.CSINode",
  hasStatus: false,
  allowUnconditionalUpdate: false,
  tellsMetadataChangesOnce: true,
  tellsObjectTwice: true,
  returnsDeletedObject: true,
  validate,
  validateUpdate,
  columns: [nameColumn, integerColumn("Drivers", (node: CSINode) => driversOf(node).length), ageColumn],
};

const driversOf = ({ spec }: CSINode): readonly CSINodeDriver[] => spec?.drivers ?? [];

function validate(node: CSINode): FieldError[] {
  const names = new Set<string>();
  return driversOf(node).flatMap((driver, index) => {
    const at = `spec.drivers[${index}]`;
    const errors = [
      ...validateCsiDriverName(driver.name, `${at}.name`),
      ...validateNodeId(driver.nodeID, `${at}.nodeID`),
      ...nonNegative(`${at}.allocatable.count`, driver.allocatable?.count),
      ...(names.has(driver.name) ? [duplicate(`${at}.name`, driver.name)] : []),
      ...validateTopologyKeys(driver.topologyKeys ?? [], at),
    ];
    names.add(driver.name);
    return errors;
  });
}

function validateNodeId(id: string, path: string): FieldError[] {
  if (id === "") return [required(path)];
  return Buffer.byteLength(id) > MAX_NODE_ID_BYTES
    ? [invalid(path, id, `must be ${MAX_NODE_ID_BYTES} characters or less`)]
    : [];
}

/** Told at the driver, as upstream does. */
function validateTopologyKeys(keys: readonly string[], path: string): FieldError[] {
  return keys.flatMap((key, index) => [
    ...(key === "" ? [required(path)] : []),
    ...(keys.indexOf(key) < index ? [duplicate(path, key)] : []),
    ...invalidEach(path, key, isQualifiedName(key)),
  ]);
}

/** Drivers come and go; one that stays is as it was. */
function validateUpdate(next: CSINode, previous: CSINode): FieldError[] {
  const changed = driversOf(previous).flatMap((before) =>
    driversOf(next).filter((driver) => driver.name === before.name && !jsonEquals(driver, before)),
  );
  return changed.map((driver) => invalid("spec.drivers", goDriver(driver), IMMUTABLE));
}

function goDriver({ name, nodeID, topologyKeys, allocatable }: CSINodeDriver): GoLiteral {
  return goStruct("storage.CSINodeDriver", {
    Name: name,
    NodeID: nodeID,
    TopologyKeys: new GoLiteral(goStringList(topologyKeys)),
    Allocatable: goPointer("storage.VolumeNodeResources", allocatable),
  });
}
