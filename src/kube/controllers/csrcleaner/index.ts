import { isGantryError } from "../../../base/index.ts";
import { certificateSigningRequests } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { unlessGone } from "../write-errors.ts";
import { isOutdated } from "./deadlines.ts";

const PERIOD_MS = 3_600_000;
const KEY = "all";

/** Deletes certificate signing requests of which nothing is expected any more. */
export function createCsrCleanerController(dependencies: ControllerDependencies): Controller {
  const { client, informers, clock } = dependencies;
  const requests = informers.informer(certificateSigningRequests);

  return createController(
    {
      name: "csrcleaner",
      informers: [requests],
      watch: (enqueue) => {
        enqueue(KEY);
        return [];
      },
      reconcile: async (key, enqueue) => {
        enqueue(key, PERIOD_MS);
        for (const request of [...requests.list()]) {
          if (!isOutdated(request, clock.nowMs())) continue;
          const { name, uid, resourceVersion } = request.metadata;
          const preconditions = { uid, resourceVersion };
          try {
            await unlessGone(client.delete(certificateSigningRequests, undefined, name, { preconditions }));
          } catch (error) {
            // Somebody has just decided it, or there is another one of the name.
            if (!isGantryError(error, "Conflict")) throw error;
          }
        }
      },
    },
    dependencies,
  );
}
