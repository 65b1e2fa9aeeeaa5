import { describe, expect, it } from "vitest";
import { cloneJson } from "../../../formats/index.ts";
import { definitionOf } from "../custom/testing/definition.ts";
import type { CustomResourceDefinition, CustomResourceDefinitionNames } from "../generated/types.ts";
import { decideNames, hasUndecidedNames } from "./accepted-names.ts";
import { approvalCondition } from "./api-approval.ts";
import { setCondition } from "./conditions.ts";
import { establishingCondition } from "./established.ts";
import { nonStructuralCondition } from "./non-structural.ts";
import { CLEANUP_FINALIZER, markForDeletion, releaseDefinition, TERMINATION } from "./termination.ts";
import { compareKubeVersions, deprecationWarning } from "./versions.ts";

const NOW = "2024-01-01T00:00:00Z";

function fresh(names: Partial<CustomResourceDefinitionNames> = {}): CustomResourceDefinition {
  const definition = definitionOf({ type: "object" });
  Object.assign(definition.spec.names, names);
  definition.metadata.name = `${definition.spec.names.plural}.example.com`;
  definition.status = { acceptedNames: { plural: "", kind: "" } };
  return definition;
}

const served = (names: Partial<CustomResourceDefinitionNames> = {}) => {
  const definition = fresh(names);
  definition.status!.acceptedNames = cloneJson(definition.spec.names);
  return definition;
};

const NO_CONFLICTS = {
  type: "NamesAccepted",
  status: "True",
  reason: "NoConflicts",
  message: "no conflicts found",
};

describe("names", () => {
  it("that nobody has are accepted", () => {
    const definition = fresh({ shortNames: ["w"], categories: ["all"] });
    expect(hasUndecidedNames(definition)).toBe(true);
    const { acceptedNames, conditions } = decideNames(definition, [definition]);
    expect(acceptedNames).toEqual(definition.spec.names);
    expect(conditions).toEqual([
      NO_CONFLICTS,
      {
        type: "Established",
        status: "False",
        reason: "Installing",
        message: "the initial names have been accepted",
      },
    ]);
    definition.status!.acceptedNames = acceptedNames;
    expect(hasUndecidedNames(definition)).toBe(false);
  });

  it("that another has are not, and the last clash is told", () => {
    const other = served({ shortNames: ["w"] });
    const definition = fresh({
      plural: "others",
      singular: "other",
      kind: "Widget",
      listKind: "OtherList",
      shortNames: ["w"],
    });
    const { acceptedNames, conditions } = decideNames(definition, [other, definition]);
    expect(acceptedNames).toEqual({ plural: "others", singular: "other", kind: "", listKind: "OtherList" });
    expect(conditions).toEqual([
      {
        type: "NamesAccepted",
        status: "False",
        reason: "KindConflict",
        message: '"Widget" is already in use',
      },
      { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" },
    ]);
  });

  it("of other groups do not count", () => {
    const other = served();
    other.spec.group = "other.com";
    expect(decideNames(fresh(), [other]).conditions[0]).toEqual(NO_CONFLICTS);
  });
});

describe("a definition", () => {
  it("is established once its names are accepted", () => {
    const definition = served();
    expect(establishingCondition(definition)).toBeUndefined();
    setCondition(definition, { ...NO_CONFLICTS, type: "NamesAccepted" }, NOW);
    const condition = establishingCondition(definition)!;
    expect(condition).toEqual({
      type: "Established",
      status: "True",
      reason: "InitialNamesAccepted",
      message: "the initial names have been accepted",
    });
    setCondition(definition, condition, NOW);
    expect(establishingCondition(definition)).toBeUndefined();
  });

  it("keeps the time of a condition whose status stays", () => {
    const definition = served();
    setCondition(definition, { ...NO_CONFLICTS, type: "NamesAccepted" }, NOW);
    setCondition(
      definition,
      { type: "NamesAccepted", status: "True", reason: "Other" },
      "2025-01-01T00:00:00Z",
    );
    expect(definition.status!.conditions).toEqual([
      { ...NO_CONFLICTS, reason: "Other", lastTransitionTime: NOW },
    ]);
  });

  it("stays until its objects are gone", () => {
    const definition = served();
    markForDeletion(definition, NOW);
    expect(definition).toMatchObject({
      metadata: { deletionTimestamp: NOW, finalizers: [CLEANUP_FINALIZER] },
      status: { conditions: [{ type: "Terminating", status: "True", reason: "InstanceDeletionPending" }] },
    });
    releaseDefinition(definition, TERMINATION.completed, NOW);
    expect(definition).toMatchObject({
      metadata: { finalizers: [] },
      status: {
        conditions: [
          { status: "False", reason: "InstanceDeletionCompleted", message: "removed all instances" },
        ],
      },
    });
  });

  it("tells of schemas that are not structural, and of approval", () => {
    expect(nonStructuralCondition(served())).toBeUndefined();
    expect(nonStructuralCondition(definitionOf({ type: "object", properties: { a: {} } }))).toMatchObject({
      status: "True",
      reason: "Violations",
      message:
        "spec.versions[0].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields",
    });
    const definition = served();
    expect(approvalCondition(definition)).toBeUndefined();
    definition.spec.group = "x.k8s.io";
    definition.metadata.annotations = { "api-approved.kubernetes.io": "https://example.com/1" };
    expect(approvalCondition(definition)).toMatchObject({
      status: "True",
      reason: "ApprovedAnnotation",
      message: "approved in https://example.com/1",
    });
  });

  it("warns of a deprecated version, with the best that there is", () => {
    const definition = served();
    const [v1] = definition.spec.versions;
    const old = { ...v1!, name: "v1beta1", deprecated: true };
    definition.spec.versions = [old, v1!, { ...v1!, name: "v2" }, { ...v1!, name: "v3", served: false }];
    expect(deprecationWarning(definition, old)).toBe(
      "example.com/v1beta1 Widget is deprecated; use example.com/v2 Widget",
    );
    expect(deprecationWarning(definition, { ...old, deprecationWarning: "no" })).toBe("no");
    expect(deprecationWarning(definition, v1!)).toBeUndefined();
  });
});

it("versions are ordered as discovery does", () => {
  const sorted = ["foo1", "v1alpha1", "v2", "v1beta2", "v10", "v1", "v1beta1", "bar"].sort((a, b) =>
    compareKubeVersions(b, a),
  );
  expect(sorted).toEqual(["v10", "v2", "v1", "v1beta2", "v1beta1", "v1alpha1", "bar", "foo1"]);
});
