import { isGantryError } from "../../../base/index.ts";
import {
  BOOTSTRAP_TOKEN_TYPE,
  type Secret,
  secrets as secretsResource,
  tokenLifeMs,
} from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { unlessGone } from "../write-errors.ts";

/** Timers hold no longer than this; who has more time is looked at again. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

/** Deletes the tokens by which machines join once they have expired. */
export function createTokenCleaner(dependencies: ControllerDependencies): Controller {
  const { client, informers, clock } = dependencies;
  const secrets = informers.informer(secretsResource);

  return createController(
    {
      name: "token-cleaner",
      informers: [secrets],
      watch: (enqueue) => {
        const look = (secret: Secret): void => {
          if (secret.type === BOOTSTRAP_TOKEN_TYPE && secret.metadata.namespace === "kube-system")
            enqueue(keyOf(secret));
        };
        return [secrets.subscribe({ onAdd: look, onUpdate: look })];
      },
      reconcile: async (key, enqueue) => {
        const secret = secrets.get(key);
        if (!secret) return;
        const lifeMs = tokenLifeMs(secret, clock.nowMs());
        if (lifeMs > 0) {
          if (Number.isFinite(lifeMs)) enqueue(key, Math.min(lifeMs, LONGEST_WAIT_MS));
          return;
        }
        const { namespace, name, uid, resourceVersion } = secret.metadata;
        const preconditions = { uid, resourceVersion };
        try {
          await unlessGone(client.delete(secretsResource, namespace, name, { preconditions }));
        } catch (error) {
          // Its time was extended a moment ago, or there is another one of the name.
          if (!isGantryError(error, "Conflict")) throw error;
        }
      },
    },
    dependencies,
  );
}
