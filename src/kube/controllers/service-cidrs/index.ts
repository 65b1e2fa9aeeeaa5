import { rfc3339Seconds } from "../../../base/index.ts";
import { type IPAddress, ipAddresses, type ServiceCIDR, serviceCidrs, timeMs } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { addFinalizer, lacks, removeFinalizer, waitsFor } from "../finalizers.ts";
import { writeOnNewest } from "../newest.ts";
import { keyOf } from "../object-key.ts";
import { unlessGone } from "../write-errors.ts";
import { holds, isAllocated, isDispensable } from "./coverage.ts";

const FINALIZER = "networking.k8s.io/service-cidr-finalizer";
/** So long a range that is to go stays: an allocator may not know of it yet. */
const GRACE_MS = 10_000;

const READY = { status: "True", reason: "", message: "Kubernetes Service CIDR is ready" };
const TERMINATING = {
  status: "False",
  reason: "Terminating",
  message:
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
};

/** Says which ranges of Services are ready, and lets one that is deleted go once no address depends on it. */
export function createServiceCidrsController(
  dependencies: ControllerDependencies & { graceMs?: number },
): Controller {
  const { client, informers, clock, graceMs = GRACE_MS } = dependencies;
  const ranges = informers.informer(serviceCidrs);
  const addresses = informers.informer(ipAddresses);
  const finalized = { client, resource: serviceCidrs, informer: ranges, finalizer: FINALIZER };

  const tell = (range: ServiceCIDR, verdict: typeof READY): Promise<unknown> =>
    unlessGone(
      writeOnNewest(ranges, range, async (base) => {
        const conditions = base.status?.conditions ?? [];
        const known = conditions.find(({ type }) => type === "Ready");
        const isSame = (["status", "reason", "message"] as const).every(
          (field) => known?.[field] === verdict[field],
        );
        if (isSame) return;
        const lastTransitionTime =
          known?.status === verdict.status ? known.lastTransitionTime : rfc3339Seconds(clock.nowMs());
        const ready = { type: "Ready", lastTransitionTime, ...verdict };
        const next = [...conditions.filter(({ type }) => type !== "Ready"), ready];
        await client.updateStatus(serviceCidrs, { ...base, status: { ...base.status, conditions: next } });
      }),
    );

  return createController(
    {
      name: "service-cidrs",
      informers: [ranges, addresses],
      watch: (enqueue) => {
        // One range may make up for another.
        const all = (): void => {
          for (const range of ranges.list()) enqueue(keyOf(range));
        };
        const holders = (address: IPAddress): void => {
          if (!isAllocated(address)) return;
          for (const range of ranges.list())
            if (waitsFor(range, FINALIZER) && holds(range, address)) enqueue(keyOf(range));
        };
        return [
          ranges.subscribe({ onAdd: all, onUpdate: (one) => enqueue(keyOf(one)), onDelete: all }),
          addresses.subscribe({ onAdd: holders, onDelete: holders }),
        ];
      },
      reconcile: async (key, enqueue) => {
        const range = ranges.get(key);
        if (!range) return;
        if (range.metadata.deletionTimestamp === undefined) {
          if (lacks(range, FINALIZER)) await addFinalizer(finalized, range);
          return void (await tell(range, READY));
        }
        if (!waitsFor(range, FINALIZER)) return;
        const isFree = (known: Iterable<IPAddress>): boolean => isDispensable(range, ranges.list(), known);
        if (!isFree(addresses.list())) return void (await tell(range, TERMINATING));
        const waitMs = graceMs - (clock.nowMs() - timeMs(range.metadata.deletionTimestamp));
        if (waitMs > 0) return enqueue(key, waitMs);
        // Asked live: the last address may have been given out a moment ago.
        const { items } = await client.list(ipAddresses);
        if (isFree(items)) await removeFinalizer(finalized, range);
        else await tell(range, TERMINATING);
      },
    },
    dependencies,
  );
}
