import type { Scenario } from "../scenario.ts";
import { containerScenarios } from "./containers.ts";
import { imageScenarios } from "./images.ts";
import { networkScenarios } from "./networks.ts";
import { runningScenarios } from "./running.ts";
import { systemScenarios } from "./system.ts";
import { volumeScenarios } from "./volumes.ts";

export const scenarios: Scenario[] = [
  ...systemScenarios,
  ...containerScenarios,
  ...runningScenarios,
  ...imageScenarios,
  ...networkScenarios,
  ...volumeScenarios,
];
