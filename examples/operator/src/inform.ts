import {
  type KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
} from "@kubernetes/client-node";

const RESTART_MS = 1_000;

/** What is watched: in all namespaces, those that have the label (all where none is named). */
export interface Watched {
  apiVersion: string;
  kind: string;
  plural: string;
  label?: string;
}

/** Tells of every object that comes, changes and goes, until the signal says stop; starts again whenever a watch fails. */
export function inform(
  config: KubeConfig,
  { apiVersion, kind, plural, label }: Watched,
  onObject: (object: KubernetesObject) => void,
  signal: AbortSignal,
): void {
  const path = `${apiVersion === "v1" ? "/api" : "/apis"}/${apiVersion}/${plural}`;
  const api = KubernetesObjectApi.makeApiClient(config);
  const list = () => api.list(apiVersion, kind, undefined, undefined, undefined, undefined, undefined, label);
  const informer = makeInformer(config, path, list, label);
  const start = () => void informer.start().catch(again);
  const again = (error: Error) => {
    if (signal.aborted) return;
    console.error(`${plural}: ${error.message}`);
    setTimeout(start, RESTART_MS);
  };
  for (const verb of ["add", "update", "delete"]) informer.on(verb, onObject);
  informer.on("error", again as never);
  signal.addEventListener("abort", () => void informer.stop());
  start();
}
