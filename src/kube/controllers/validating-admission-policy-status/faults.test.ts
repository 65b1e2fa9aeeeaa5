import { validatingAdmissionPolicies } from "../../api/index.ts";
import { eventually } from "../testing/eventually.ts";
import { describeConvergence } from "../testing/fault-tests.ts";
import { createValidatingAdmissionPolicyStatusController } from "./index.ts";

const WORLD = "world";
const rules = [
  { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] },
];

describeConvergence(
  "the status of policies",
  {
    controllers: {
      "validatingadmissionpolicy-status-controller": createValidatingAdmissionPolicyStatusController,
    },
    worldLabel: WORLD,
    async play({ client, namespace }) {
      const spec = (expression: string) => ({
        failurePolicy: "Fail",
        matchConstraints: { resourceRules: rules },
        validations: [{ expression }],
      });
      const name = `p-${namespace}`;
      const metadata = { name, labels: { [WORLD]: namespace } };
      await client.create(validatingAdmissionPolicies, { metadata, spec: spec("object.spec.replicas > 1") });
      await eventually(async () => {
        const { status } = await client.get(validatingAdmissionPolicies, undefined, name);
        if (status?.observedGeneration !== 1) throw new Error("not looked at yet");
      });
      const changed = { spec: spec("object.spec.replicas == 'many'") };
      await client.patch(validatingAdmissionPolicies, undefined, name, "merge", changed);
    },
    async outcome({ client, namespace }) {
      const { status } = await client.get(validatingAdmissionPolicies, undefined, `p-${namespace}`);
      return [status?.observedGeneration, status?.typeChecking?.expressionWarnings?.length ?? 0];
    },
  },
  { end: [2, 1], writes: 1, events: 1 },
);
