import { compareQuantities, type ResourceList, roundUpToUnit } from "../../../formats/index.ts";
import { storageClassNameOf } from "../core/storage-class-name.ts";
import type { PersistentVolumeClaim } from "../generated/types.ts";
import type { QuotaEvaluator } from "./evaluator.ts";
import { countName } from "./object-count.ts";

const COUNT = countName("persistentvolumeclaims");
const CLAIMS = "persistentvolumeclaims";
const STORAGE = "requests.storage";
/** `gold.storageclass.storage.k8s.io/requests.storage`: the same of one class. */
const ofClass = (storageClass: string, name: string) => `${storageClass}.storageclass.storage.k8s.io/${name}`;

/** Counts claims and what they ask for, both also by storage class. */
export const claimEvaluator: QuotaEvaluator = {
  handles: ({ operation, subresource }) =>
    subresource === undefined || (subresource === "status" && operation === "UPDATE"),
  matchingNames: (given) =>
    given.filter(
      (name) =>
        [COUNT, CLAIMS, STORAGE].includes(name) ||
        [CLAIMS, STORAGE].some((one) => name.endsWith(ofClass("", one))),
    ),
  usage: (object) => usageOf(object as PersistentVolumeClaim),
  matchesScope: () => false,
};

function usageOf(claim: PersistentVolumeClaim): ResourceList {
  const storageClass = storageClassNameOf(claim);
  const storage = storageOf(claim);
  const counted: ResourceList = { [CLAIMS]: "1", ...(storage === undefined ? {} : { [STORAGE]: storage }) };
  const byClass = Object.entries(counted).map(([name, amount]) => [ofClass(storageClass, name), amount]);
  return { [COUNT]: "1", ...counted, ...(storageClass === "" ? {} : Object.fromEntries(byClass)) };
}

/** What is asked for, or what is allocated where that is more: an expansion may have failed. In whole bytes. */
function storageOf({ spec, status }: PersistentVolumeClaim): string | undefined {
  const asked = spec?.resources?.requests?.storage;
  if (asked === undefined) return undefined;
  const allocated = status?.allocatedResources?.storage;
  return roundUpToUnit(
    allocated !== undefined && compareQuantities(allocated, asked) > 0 ? allocated : asked,
  );
}
