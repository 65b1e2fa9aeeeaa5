import { createLogger, runServices, systemClock } from "../base/index.ts";
import { LastGuard } from "./last-guard.ts";

/**
 * A program with the last guard and one service, which lets errors escape: `<service> <errors> <before|after> the start`. Prints its
 * log; exits with 0 when it has been told to stop, with 7 when the guard has ended it.
 */
const [name = "", count = "1", when = "after"] = process.argv.slice(2);
const logger = createLogger((line) => process.stdout.write(`${line}\n`));
const guard = new LastGuard({
  logger,
  clock: systemClock,
  end: (why) => {
    process.stdout.write(`ended: ${why}\n`);
    process.exit(7);
  },
});
guard.install();
const stopping = new AbortController();

function letEscape(): void {
  for (let one = 0; one < Number(count); one++) {
    if (one % 2 === 0) setTimeout(() => throwBug(), 1);
    else void Promise.resolve().then(throwBug);
  }
  setTimeout(() => stopping.abort(), 100);
}

function throwBug(): never {
  throw new Error("a bug");
}

await runServices({
  services: [
    guard.watch({
      name,
      needs: [],
      run: async ({ signal, ready }) => {
        if (when === "before") letEscape();
        else setTimeout(letEscape, 50);
        if (when !== "before") ready();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    }),
  ],
  signal: stopping.signal,
  logger,
  onAllReady: () => guard.started(),
});
process.stdout.write(`stopped after ${guard.count} errors\n`);
process.exit(0);
