import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ValidatingAdmissionPolicy, validatingAdmissionPolicies } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { createValidatingAdmissionPolicyStatusController } from "./index.ts";

const IDENTITY = "validatingadmissionpolicy-status-controller";

describe("the ValidatingAdmissionPolicy status controller", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run({ [IDENTITY]: createValidatingAdmissionPolicyStatusController });
  });
  afterAll(() => plane.stop());

  const spec = (expression: string) => ({
    matchConstraints: {
      resourceRules: [
        { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] },
      ],
    },
    validations: [{ expression }],
  });
  const statusIs = (name: string, status: object) =>
    eventually(async () => {
      const policy = await plane.client.get<ValidatingAdmissionPolicy>(
        validatingAdmissionPolicies,
        undefined,
        name,
      );
      expect(policy.status).toEqual(status);
    });

  it("tells what does not fit, and takes it back once it does", async () => {
    const { client } = plane;
    await client.create(validatingAdmissionPolicies, {
      metadata: { name: "p" },
      spec: spec("object.spec.x == 1"),
    });
    await statusIs("p", {
      observedGeneration: 1,
      typeChecking: {
        expressionWarnings: [
          {
            fieldRef: "spec.validations[0].expression",
            warning:
              "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'x'\n | object.spec.x == 1\n | ...........^\n",
          },
        ],
      },
    });
    const mended = { spec: spec("object.spec.replicas == 1") };
    await client.patch(validatingAdmissionPolicies, undefined, "p", "merge", mended);
    await statusIs("p", { observedGeneration: 2 });
    const { metadata } = await client.get(validatingAdmissionPolicies, undefined, "p");
    expect(metadata.managedFields).toContainEqual(
      expect.objectContaining({
        manager: "validatingadmissionpolicy-status",
        operation: "Apply",
        subresource: "status",
      }),
    );
  });

  it("tells that it has looked where all fits", async () => {
    const object = { metadata: { name: "q" }, spec: spec("object.spec.replicas == 1") };
    await plane.client.create(validatingAdmissionPolicies, object);
    await statusIs("q", { observedGeneration: 1, typeChecking: {} });
  });
});
