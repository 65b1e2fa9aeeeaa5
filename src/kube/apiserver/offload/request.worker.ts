import { parentPort, workerData } from "node:worker_threads";
import { setClusterCapabilities } from "../../api/index.ts";
import { ownMemoryOf } from "./own-memory.ts";
import { performJob, RefusedRequest } from "./perform-job.ts";
import { RemoteStore } from "./remote-store.ts";
import { toSentError } from "./sent-error.ts";
import type { FromThread, ThreadOptions, ToThread } from "./thread-messages.ts";

// One job after the other: what takes long about a request happens off the main thread.
const port = parentPort!;
const send = (message: FromThread, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
const options = workerData as ThreadOptions;
setClusterCapabilities({ allowsPrivileged: options.allowsPrivileged ?? true });
const store = new RemoteStore(send);

port.on("message", (message: ToThread) => {
  if (message.type !== "job") return store.answered(message);
  performJob(message.job, store.asStore(), options).then(
    (result) => send({ type: "done", result }, ownMemoryOf(result.bytes)),
    (error) => send({ type: "failed", ...failureOf(error) }),
  );
});

function failureOf(error: unknown) {
  if (!(error instanceof RefusedRequest)) return { error: toSentError(error), warnings: [] };
  const { cause, warnings, audited } = error;
  return { error: toSentError(cause), warnings, audited };
}
