import {
  type CertificateSigningRequest,
  certificateSigningRequests,
  nodes as nodesResource,
} from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { hasCondition, isIssued, withCondition } from "../signing-requests.ts";
import { unlessGone } from "../write-errors.ts";
import { judgeRequest, type Verdict } from "./judge-request.ts";

/**
 * Decides on nodes' requests that upstream leaves to people and cloud providers: certificates of kubelets' ports are approved for
 * the addresses that the Node tells, those of a node's other parts for nodes; who only has a bootstrap token gets none of a node
 * that there is.
 */
export function createNodeCertificatesController(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const requests = informers.informer(certificateSigningRequests);
  const nodes = informers.informer(nodesResource);

  const decide = (request: CertificateSigningRequest, { type, message }: Verdict): Promise<unknown> =>
    unlessGone(
      client.update(
        certificateSigningRequests,
        withCondition(request, { type, status: "True", reason: "NodeCertificates", message }),
        { subresource: "approval" },
      ),
    );

  return createController(
    {
      name: "node-certificates",
      informers: [requests, nodes],
      watch: (enqueue) => {
        /** A kubelet may ask before its Node tells its addresses. */
        const lookAgain = (): void => {
          for (const request of requests.list()) if (!isDecided(request)) enqueue(keyOf(request));
        };
        return [
          requests.subscribe({ onAdd: (one) => enqueue(keyOf(one)), onUpdate: (one) => enqueue(keyOf(one)) }),
          nodes.subscribe({
            onAdd: lookAgain,
            onUpdate: (node, previous) => {
              const told = JSON.stringify(node.status?.addresses);
              if (told !== JSON.stringify(previous.status?.addresses)) lookAgain();
            },
          }),
        ];
      },
      reconcile: async (key) => {
        const request = requests.get(key);
        if (!request || isDecided(request)) return;
        const verdict = judgeRequest(request, (name) => nodes.get(name));
        if (verdict) await decide(request, verdict);
      },
    },
    dependencies,
  );
}

const isDecided = (request: CertificateSigningRequest): boolean =>
  isIssued(request) || hasCondition(request, "Approved") || hasCondition(request, "Denied");
