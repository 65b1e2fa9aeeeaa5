import type { LabelSelector } from "../../../formats/index.ts";
import type { Pod } from "../../api/index.ts";

interface Known {
  namespace: string;
  name: string;
  selector: LabelSelector;
}

/** Which pods each autoscaler counts: one that two count would be scaled by both. */
export class KnownSelectors {
  readonly #known = new Map<string, Known>();

  set(namespace: string, name: string, selector: LabelSelector): void {
    this.#known.set(`${namespace}/${name}`, { namespace, name, selector });
  }

  forget(key: string): void {
    this.#known.delete(key);
  }

  /** The autoscalers of a namespace that count any of the pods, as Go prints them. */
  counting(namespace: string, pods: readonly Pod[]): string[] {
    return [...this.#known.values()]
      .filter((one) => one.namespace === namespace)
      .filter(({ selector }) => pods.some(({ metadata }) => selector.matches(metadata.labels)))
      .map(({ name }) => `{${name} ${namespace}}`)
      .sort();
  }
}
