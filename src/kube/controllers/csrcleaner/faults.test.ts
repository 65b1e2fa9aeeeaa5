import type { Clock } from "../../../base/index.ts";
import { certificateSigningRequests } from "../../api/index.ts";
import { createRequest, generateKey } from "../../pki/index.ts";
import { createCsrApprovingController } from "../csrapproving/index.ts";
import { conditionsOf } from "../signing-requests.ts";
import type { World } from "../testing/convergence.ts";
import { describeConvergence } from "../testing/fault-tests.ts";
import { createCsrCleanerController } from "./index.ts";

const WORLD = "world";
const DAYS_MS = 2 * 24 * 3_600_000;
const SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";

const ask = async ({ client, namespace }: World, name: string): Promise<void> => {
  const privateKey = generateKey();
  const subject = { organizations: ["system:nodes"], commonName: `system:node:${name}` };
  const request = Buffer.from(createRequest({ subject, privateKey })).toString("base64");
  await client.create(certificateSigningRequests, {
    metadata: { name: `${name}-${namespace}`, labels: { [WORLD]: namespace } },
    spec: { request, signerName: SIGNER, usages: ["digital signature", "client auth"] },
  });
};

const left = async ({ client, namespace }: World) =>
  (await client.list(certificateSigningRequests, { labelSelector: `${WORLD}=${namespace}` })).items;

const inTwoDays = (clock: Clock): Clock => ({
  nowMs: () => clock.nowMs() + DAYS_MS,
  monotonicMs: () => clock.monotonicMs(),
  after: (...all) => clock.after(...all),
  every: (...all) => clock.every(...all),
  sleep: (...all) => clock.sleep(...all),
});

describeConvergence(
  "the removal of old signing requests",
  {
    controllers: {
      "certificate-controller": (dependencies) =>
        createCsrCleanerController({ ...dependencies, clock: inTwoDays(dependencies.clock) }),
    },
    worldLabel: WORLD,
    async prepare(world) {
      for (const name of ["a", "b", "c"]) await ask(world, name);
    },
    play: async () => {},
    outcome: async (world) => (await left(world)).length,
  },
  { end: 0, writes: 2, events: -1 },
);

describeConvergence(
  "the approval of signing requests",
  {
    controllers: { "certificate-controller": createCsrApprovingController },
    worldLabel: WORLD,
    prepare: (world) => ask(world, "a"),
    async play(world) {
      for (const name of ["b", "c"]) await ask(world, name);
    },
    outcome: async (world) => (await left(world)).map((one) => conditionsOf(one).map(({ type }) => type)),
  },
  { end: [["Approved"], ["Approved"], ["Approved"]], writes: 2, events: 1 },
);
