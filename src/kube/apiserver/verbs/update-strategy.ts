import type { FieldError, KindDefinition, KubeObject, WriteContext } from "../../api/index.ts";
import { keepAllBut, keepStatus } from "../../api/index.ts";
import { raiseGeneration } from "./object-metadata.ts";

/** What an update by one way, of the object or of a part of it, may do. */
export interface UpdateStrategy {
  /** After admission: brings back what the way does not reach. */
  prepare(next: KubeObject, previous: KubeObject, context: WriteContext): void;
  validate(next: KubeObject, previous: KubeObject, context: WriteContext): FieldError[];
  warnings(next: KubeObject, previous: KubeObject): readonly string[];
}

const NO_WARNINGS = () => [];

export function updateStrategy(kind: KindDefinition, subresource: string | undefined): UpdateStrategy {
  if (subresource === "status") return ofStatus(kind);
  const own = kind.subresources?.find(({ name }) => name === subresource)?.update;
  if (!own) return ofObject(kind, subresource === undefined);
  return {
    prepare(next, previous, context) {
      own.prepare(next, previous, context);
      raiseGeneration(kind, next, previous);
    },
    validate: own.validate,
    warnings: own.warnings ?? NO_WARNINGS,
  };
}

/** Of the object itself, and of what stands for a part of it and is no whole object (`scale`). */
function ofObject(kind: KindDefinition, tellsWarnings: boolean): UpdateStrategy {
  return {
    prepare(next, previous, context) {
      if (kind.prepareForUpdate) kind.prepareForUpdate(next, previous, context);
      else if (kind.hasStatus) keepStatus(next, previous);
      raiseGeneration(kind, next, previous);
    },
    validate(next, previous, context) {
      const validate = () => kind.validate?.(next, previous, context) ?? [];
      const ofObject = kind.tellsObjectTwice ? [...validate(), ...validate()] : validate();
      const ofChanges = kind.validateUpdate?.(next, previous) ?? [];
      return kind.tellsChangesFirst ? [...ofChanges, ...ofObject] : [...ofObject, ...ofChanges];
    },
    warnings: (next, previous) => (tellsWarnings ? (kind.warnings?.(next, previous) ?? []) : []),
  };
}

function ofStatus(kind: KindDefinition): UpdateStrategy {
  return {
    prepare(next, previous, context) {
      if (kind.prepareForStatusUpdate) kind.prepareForStatusUpdate(next, previous, context);
      else keepAllBut(next, previous, ["status"]);
    },
    validate: (next, previous, context) => kind.validateStatusUpdate?.(next, previous, context) ?? [],
    warnings: (next) => kind.statusWarnings?.(next) ?? [],
  };
}
