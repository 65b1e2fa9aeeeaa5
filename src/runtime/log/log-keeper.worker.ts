import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { errorMessage, systemClock } from "../../base/index.ts";
import type { KeeperAnswer, KeeperRequest } from "./log-keeper-messages.ts";
import { LogKeeping } from "./log-keeping.ts";

// A thread of its own: a log grows by megabytes in the time for which the main thread may be busy.
const port = parentPort!;
beFirst();
const kept = new Map<string, LogKeeping>();
const answer = (message: KeeperAnswer) => port.postMessage(message);

/** It works for microseconds at a time, and has to while the machine is busy with what it watches. On Linux the thread's own. */
function beFirst(): void {
  try {
    setPriority(-10);
  } catch {
    // Not allowed here.
  }
}

port.on("message", (request: KeeperRequest) => {
  const { id } = request;
  kept.get(id)?.stop();
  kept.delete(id);
  if (request.type === "release") {
    answer({ type: "released", id });
    return;
  }
  const keeping = new LogKeeping(request.log, systemClock, (error) =>
    answer({ type: "failed", id, message: errorMessage(error) }),
  );
  kept.set(id, keeping);
  keeping.start();
});
