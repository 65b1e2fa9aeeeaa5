import { isDns1123Label } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { nodeLabelDeprecation } from "../core/deprecated-node-labels.ts";
import { validateTolerations } from "../core/pod/validate-placement.ts";
import { validateResources } from "../core/pod/validate-resources.ts";
import { duplicate, IMMUTABLE, invalid, invalidEach } from "../field-error.ts";
import type { RuntimeClass, Scheduling, Toleration } from "../generated/types.ts";
import { goPointer, goStruct } from "../go-value.ts";
import { validateLabels } from "../meta/object-meta.ts";
import type { FieldError, KindDefinition } from "../types.ts";

export const runtimeClasses: KindDefinition<RuntimeClass> = {
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  resource: "runtimeclasses",
  singular: "runtimeclass",
  namespaced: false,
  model: "io.k8s.api.node.v1.RuntimeClass",
  hasStatus: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  takesAnyFinalizer: true,
  validate,
  validateUpdate,
  warnings,
  columns: [nameColumn, textColumn("Handler", (one: RuntimeClass) => one.handler), ageColumn],
};

function validate({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  return [
    ...invalidEach("handler", handler, isDns1123Label(handler)),
    ...(overhead === undefined ? [] : validateResources({ limits: overhead.podFixed }, "overhead")),
    ...(scheduling === undefined ? [] : validateScheduling(scheduling)),
  ];
}

function validateScheduling({ nodeSelector, tolerations }: Scheduling): FieldError[] {
  // Upstream appends the name of the field twice where it validates, and once where it compares.
  return [
    ...validateLabels(nodeSelector, "scheduling.nodeSelector"),
    ...validateTolerations(tolerations, "scheduling.tolerations.tolerations"),
    ...repeated(tolerations ?? []),
  ];
}

function repeated(tolerations: readonly Toleration[]): FieldError[] {
  const seen = new Set<string>();
  return tolerations.flatMap((toleration, index) => {
    const { key = "", operator = "", value = "", effect = "" } = toleration;
    const identity = JSON.stringify([key, operator, value, effect]);
    const isNew = !seen.has(identity);
    seen.add(identity);
    return isNew ? [] : [duplicate(`scheduling.tolerations[${index}]`, goToleration(toleration))];
  });
}

function goToleration({ key = "", operator = "", value = "", effect = "", tolerationSeconds }: Toleration) {
  return goStruct("core.Toleration", {
    Key: key,
    Operator: operator,
    Value: value,
    Effect: effect,
    TolerationSeconds: goPointer("int64", tolerationSeconds),
  });
}

function validateUpdate(next: RuntimeClass, previous: RuntimeClass): FieldError[] {
  return next.handler === previous.handler ? [] : [invalid("handler", next.handler, IMMUTABLE)];
}

function warnings({ scheduling }: RuntimeClass): string[] {
  return Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
    const deprecation = nodeLabelDeprecation(key);
    return deprecation === undefined ? [] : [`scheduling.nodeSelector: ${deprecation}`];
  });
}
