import { jsonEquals } from "../../../formats/index.ts";
import {
  BOOTSTRAP_TOKEN_TYPE,
  type ConfigMap,
  configMaps,
  type Secret,
  secrets as secretsResource,
  secretText,
  tokenLifeMs,
} from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { writeOnNewest } from "../newest.ts";
import { keyOf } from "../object-key.ts";
import { unlessGone } from "../write-errors.ts";
import { detachedSignature } from "./detached-signature.ts";

const CLUSTER_INFO = "kube-public/cluster-info";
const CONTENT = "kubeconfig";
const SIGNATURE = "jws-kubeconfig-";

/** Signs what is public of the cluster with every token, so that who has one of them knows that it is this cluster's. */
export function createBootstrapSigner(dependencies: ControllerDependencies): Controller {
  const { client, informers, clock } = dependencies;
  const maps = informers.informer(configMaps);
  const secrets = informers.informer(secretsResource);

  const signatures = (content: string): Record<string, string> => {
    const signing = [...secrets.list("kube-system")].filter((one) => maySign(one, clock.nowMs()));
    return Object.fromEntries(
      signing.map((secret) => {
        const id = secretText(secret, "token-id");
        return [`${SIGNATURE}${id}`, detachedSignature(content, id, secretText(secret, "token-secret"))];
      }),
    );
  };

  return createController(
    {
      name: "bootstrap-signer",
      informers: [maps, secrets],
      watch: (enqueue) => {
        const look = (map: ConfigMap): unknown => keyOf(map) === CLUSTER_INFO && enqueue(CLUSTER_INFO);
        const lookAtToken = (secret: Secret): unknown =>
          secret.type === BOOTSTRAP_TOKEN_TYPE &&
          secret.metadata.namespace === "kube-system" &&
          enqueue(CLUSTER_INFO);
        return [
          maps.subscribe({ onAdd: look, onUpdate: look }),
          secrets.subscribe({ onAdd: lookAtToken, onUpdate: lookAtToken, onDelete: lookAtToken }),
        ];
      },
      reconcile: async (key) => {
        const info = maps.get(key);
        if (info?.data?.[CONTENT] === undefined) return;
        await unlessGone(
          writeOnNewest(maps, info, async (base) => {
            const plain = Object.entries(base.data ?? {}).filter(([name]) => !name.startsWith(SIGNATURE));
            const data = { ...Object.fromEntries(plain), ...signatures(base.data?.[CONTENT] ?? "") };
            if (!jsonEquals(data, base.data ?? {})) await client.update(configMaps, { ...base, data });
          }),
        );
      },
    },
    dependencies,
  );
}

/** A token that its Secret's name tells, that has not expired, and that is meant for this. */
function maySign(secret: Secret, nowMs: number): boolean {
  const [, id] = /^bootstrap-token-([a-z0-9]{6})$/.exec(secret.metadata.name) ?? [];
  return (
    secret.type === BOOTSTRAP_TOKEN_TYPE &&
    id !== undefined &&
    secretText(secret, "token-id") === id &&
    secretText(secret, "token-secret") !== "" &&
    secretText(secret, "usage-bootstrap-signing") === "true" &&
    tokenLifeMs(secret, nowMs) > 0
  );
}
