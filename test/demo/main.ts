import { freePort, startPlatform } from "../support/platform.ts";
import { buildStep } from "./steps/build.ts";
import { deployStep } from "./steps/deploy.ts";
import { healStep } from "./steps/heal.ts";
import { registryStep } from "./steps/registry.ts";
import { runStep } from "./steps/run.ts";
import { updateStep } from "./steps/update.ts";
import { Tour } from "./tour.ts";
import { Walk } from "./walk.ts";

// The whole way in one go: from a Dockerfile to a rolling update and back, with the real clients. Prints every command
// with its real output, checks every outcome, and exits with 1 if anything did not hold. The platform is one of its own.
const startedAt = performance.now();
const platform = await startPlatform({ registryPort: await freePort() });
process.stdout.write(
  `Gantry is ready after ${Math.round(performance.now() - startedAt)} ms, home ${platform.home}\n`,
);
const walk = new Walk(platform.env, (text) => process.stdout.write(text));
const tour = new Tour(platform, walk);
let held = false;
try {
  await buildStep(tour);
  await runStep(tour);
  await registryStep(tour);
  await deployStep(tour);
  await updateStep(tour);
  await healStep(tour);
  held = walk.summary();
} finally {
  await platform.reset();
}
process.exit(held ? 0 : 1);
