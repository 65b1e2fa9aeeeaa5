import { nodes as nodesResource } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { unlessGone } from "../write-errors.ts";

const ANNOTATION = "node.alpha.kubernetes.io/ttl";

/**
 * How long kubelets of a cluster of so many nodes may keep secrets and config maps without asking, in seconds. A step up is
 * taken beyond `most`, one down below `least`, so that a cluster in between stays where it is.
 */
const STEPS = [
  { least: 0, most: 100, seconds: 0 },
  { least: 90, most: 500, seconds: 15 },
  { least: 450, most: 1000, seconds: 30 },
  { least: 900, most: 2000, seconds: 60 },
  { least: 1800, most: Number.POSITIVE_INFINITY, seconds: 300 },
];

/** Tells kubelets by an annotation of their nodes how old what they know may be (upstream's ttl controller). */
export function createTtlController(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const nodes = informers.informer(nodesResource);
  let count = 0;
  let step = 0;

  const counted = (difference: 1 | -1, enqueue: (key: string) => void): void => {
    count += difference;
    const before = step;
    while (count > STEPS[step]!.most) step++;
    while (count < STEPS[step]!.least) step--;
    if (step !== before) for (const { metadata } of nodes.list()) enqueue(metadata.name);
  };

  return createController(
    {
      name: "ttl",
      informers: [nodes],
      watch: (enqueue) => [
        nodes.subscribe({
          onAdd: ({ metadata }) => {
            counted(1, enqueue);
            enqueue(metadata.name);
          },
          onUpdate: ({ metadata }) => enqueue(metadata.name),
          onDelete: () => counted(-1, enqueue),
        }),
      ],
      reconcile: async (key) => {
        const node = nodes.get(key);
        const value = String(STEPS[step]!.seconds);
        if (!node || node.metadata.annotations?.[ANNOTATION] === value) return;
        const body = { metadata: { annotations: { [ANNOTATION]: value } } };
        await unlessGone(client.patch(nodesResource, undefined, key, "strategic", body));
      },
    },
    dependencies,
  );
}
