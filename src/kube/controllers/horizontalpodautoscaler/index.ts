import { jsonEquals } from "../../../formats/index.ts";
import {
  type APIService,
  apiServices as apiServicesResource,
  horizontalPodAutoscalers,
  pods as podsResource,
  type V2HorizontalPodAutoscaler,
} from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { AutoscalerReconciler } from "./reconcile.ts";
import { type AutoscalerSettings, SETTINGS } from "./settings.ts";

/** Scales by load: looks at every autoscaler when it comes or its spec changes, and then every 15 seconds. */
export function createHorizontalPodAutoscalerController(
  dependencies: ControllerDependencies & { settings?: AutoscalerSettings },
): Controller {
  const { informers, settings = SETTINGS } = dependencies;
  const autoscalers = informers.informer<V2HorizontalPodAutoscaler>(horizontalPodAutoscalers);
  const pods = informers.informer(podsResource);
  const apiServices = informers.informer<APIService>(apiServicesResource);
  const reconciler = new AutoscalerReconciler(dependencies, { autoscalers, pods, apiServices, settings });
  return createController(
    {
      name: "horizontal-pod-autoscaler",
      informers: [autoscalers, pods, apiServices],
      watch: (enqueue) => [
        autoscalers.subscribe({
          onAdd: (one) => enqueue(keyOf(one)),
          onUpdate: (one, previous) => {
            if (!jsonEquals(one.spec, previous.spec)) enqueue(keyOf(one));
          },
          onDelete: (one) => enqueue(keyOf(one)),
        }),
      ],
      async reconcile(key, enqueue) {
        if (await reconciler.reconcile(key)) enqueue(key, settings.syncPeriodMs);
      },
    },
    dependencies,
  );
}
