import type { EndpointSlice } from "../api/index.ts";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";
const SLICE_CONTROLLER = "endpointslice-controller.k8s.io";

/** Key of the Service that a slice belongs to. */
export function serviceOf(slice: EndpointSlice): string | undefined {
  const name = slice.metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? undefined : `${slice.metadata.namespace}/${name}`;
}

export function addressesIn(slice: EndpointSlice, podUid: string): string[] {
  return (slice.endpoints ?? [])
    .filter(({ targetRef }) => targetRef?.uid === podUid)
    .flatMap(({ addresses }) => addresses);
}

/**
 * Pods whose end the slice does not tell, but will: it is its controller's duty. Other slices may never say so. Nothing is led
 * to one that is not ready and not being deleted: such a pod may also have failed, and is not told to end.
 */
export function lastingPodsOf(slice: EndpointSlice): string[] {
  if (slice.metadata.labels?.[MANAGED_BY_LABEL] !== SLICE_CONTROLLER) return [];
  return podsOf(
    slice.endpoints?.filter(
      ({ conditions }) => conditions?.terminating !== true && conditions?.ready !== false,
    ),
  );
}

export function podsOf(endpoints: EndpointSlice["endpoints"] | undefined): string[] {
  return (endpoints ?? []).flatMap(({ targetRef }) => (targetRef?.uid ? [targetRef.uid] : []));
}
