import { apartFromEachOther, podsPerSecond, spreadOverZones } from "./scheduler.ts";

const LARGE = { nodes: 5000, pods: 5000 };

/** How fast pods are placed on 5,000 nodes: the choice alone, without the API. Prints JSON, pods a second each. */
const figures = {
  nodes: LARGE.nodes,
  pods: LARGE.pods,
  basic: podsPerSecond(() => ({}), LARGE),
  spread: podsPerSecond(spreadOverZones, LARGE),
  antiAffinity: podsPerSecond(apartFromEachOther, LARGE),
};
const rounded = Object.entries(figures).map(([name, value]) => [name, Math.round(value)]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(rounded))}\n`);
