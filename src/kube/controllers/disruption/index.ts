import { errorMessage, isGantryError, rfc3339Seconds } from "../../../base/index.ts";
import { labelSelectorFrom } from "../../../formats/index.ts";
import {
  disruptionSyncFailed,
  type Pod,
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
  podDisruptionBudgets,
  pods as podsResource,
} from "../../api/index.ts";
import {
  type Controller,
  type ControllerDefinition,
  type ControllerDependencies,
  createController,
  type Enqueue,
} from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { together } from "../together.ts";
import { unlessGone } from "../write-errors.ts";
import { countedStatus, isSameStatus } from "./budget-status.ts";
import { disruptedPods } from "./disrupted-pods.ts";
import { ExpectedPods } from "./expected-pods.ts";
import { staleConditionCleaner } from "./stale-condition.ts";

/** Counts in disruption budgets' status how many of their pods may go, and resets what evictions left undone. */
export function createDisruptionController(dependencies: ControllerDependencies): Controller {
  const { client, informers, recorder, clock } = dependencies;
  const pods = informers.informer(podsResource);
  const budgets = informers.informer(podDisruptionBudgets);
  const expected = new ExpectedPods(dependencies);

  const budgetsOf = ({ metadata }: Pod): PodDisruptionBudget[] =>
    [...budgets.list(metadata.namespace)].filter(({ spec }) =>
      labelSelectorFrom(spec.selector).matches(metadata.labels),
    );

  const tellSeveral = (pod: Pod, [first, second]: readonly PodDisruptionBudget[]): void => {
    if (!second) return;
    const { namespace, name } = pod.metadata;
    const message = `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  Chose "${first!.metadata.name}" arbitrarily.`;
    recorder.event(pod, "Warning", "MultiplePodDisruptionBudgets", message);
  };

  const write = async (budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Promise<void> => {
    await unlessGone(client.updateStatus(podDisruptionBudgets, { ...budget, status }));
  };

  const count = async (budget: PodDisruptionBudget, enqueue: Enqueue): Promise<void> => {
    const selector = labelSelectorFrom(budget.spec.selector);
    const { namespace } = budget.metadata;
    const selected = [...pods.list(namespace)].filter(({ metadata }) => selector.matches(metadata.labels));
    if (selected.length === 0) recorder.event(budget, "Normal", "NoPods", "No matching pods found");
    const counts = await expected.of(budget, selected);
    const nowMs = clock.nowMs();
    const disrupted = disruptedPods(budget, selected, nowMs);
    for (const pod of disrupted.overdue) {
      // The namespace twice, as upstream has it.
      const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
      recorder.event(pod, "Warning", "NotDeleted", message);
    }
    const status = countedStatus(budget, selected, { ...counts, disrupted: disrupted.awaited, nowMs });
    if (!isSameStatus(budget, status)) await write(budget, status);
    if (disrupted.nextInMs !== undefined) enqueue(keyOf(budget), disrupted.nextInMs);
  };

  /** Where nothing can be counted nobody may be evicted. */
  const failSafe = async (budget: PodDisruptionBudget, error: unknown): Promise<void> => {
    const known = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...budget.status };
    const conditions = disruptionSyncFailed(
      { ...known, disruptionsAllowed: 0 },
      errorMessage(error),
      rfc3339Seconds(clock.nowMs()),
    );
    await write(budget, { ...known, disruptionsAllowed: 0, conditions });
  };

  const definition: ControllerDefinition = {
    name: "disruption",
    informers: [pods, budgets, ...expected.informers],
    watch: (enqueue) => {
      const look = (pod: Pod): void => {
        const concerned = budgetsOf(pod);
        tellSeveral(pod, concerned);
        for (const budget of concerned) enqueue(keyOf(budget));
      };
      return [
        budgets.subscribe({
          onAdd: (budget) => enqueue(keyOf(budget)),
          onUpdate: (budget) => enqueue(keyOf(budget)),
        }),
        pods.subscribe({
          onAdd: look,
          onUpdate: (pod, previous) => {
            look(pod);
            if (pod.metadata.labels !== previous.metadata.labels)
              for (const budget of budgetsOf(previous)) enqueue(keyOf(budget));
          },
          onDelete: (pod) => {
            for (const budget of budgetsOf(pod)) enqueue(keyOf(budget));
          },
        }),
      ];
    },
    reconcile: async (key, enqueue) => {
      const budget = budgets.get(key);
      if (!budget) return;
      try {
        await count(budget, enqueue);
      } catch (error) {
        // An eviction was counted meanwhile, which is seen in a moment.
        if (isGantryError(error, "Conflict")) throw error;
        await failSafe(budget, error);
      }
    },
  };
  return together(
    definition.name,
    [definition, staleConditionCleaner(dependencies)].map((one) => createController(one, dependencies)),
  );
}
