import { validatingAdmissionPolicies } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { unlessGone } from "../write-errors.ts";
import { checkTypes } from "./check-types.ts";

const NAME = "validatingadmissionpolicy-status";

/** Tells in a policy's status which of its expressions do not fit the types of what they speak of. */
export function createValidatingAdmissionPolicyStatusController(
  dependencies: ControllerDependencies,
): Controller {
  const { client, informers, kinds } = dependencies;
  const policies = informers.informer(validatingAdmissionPolicies);
  return createController(
    {
      name: NAME,
      informers: [policies],
      watch: (enqueue) => {
        const changed = ({ metadata }: { metadata: { name: string } }) => enqueue(metadata.name);
        return [policies.subscribe({ onAdd: changed, onUpdate: changed })];
      },
      reconcile: async (name) => {
        const policy = policies.get(name);
        const { generation = 0 } = policy?.metadata ?? {};
        if (!policy || generation <= (policy.status?.observedGeneration ?? 0)) return;
        const expressionWarnings = checkTypes(policy, kinds);
        const typeChecking = expressionWarnings.length > 0 ? { expressionWarnings } : {};
        const configuration = {
          apiVersion: "admissionregistration.k8s.io/v1",
          kind: "ValidatingAdmissionPolicy",
          metadata: { name },
          status: { observedGeneration: generation, typeChecking },
        };
        await unlessGone(
          client.patch(validatingAdmissionPolicies, undefined, name, "apply", configuration, {
            subresource: "status",
            fieldManager: NAME,
            force: true,
          }),
        );
      },
    },
    dependencies,
  );
}
