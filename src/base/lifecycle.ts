import { systemClock } from "./clock.ts";
import { diskError } from "./disk-error.ts";
import { errorMessage, GantryError } from "./errors.ts";
import type { Logger } from "./log.ts";

export interface ServiceContext {
  /** Aborts when the service shall stop. */
  signal: AbortSignal;
  /** Called once, when others may rely on the service. */
  ready(): void;
}

/** A long-running part. `run` returns when everything that it started has stopped. */
export interface Service {
  readonly name: string;
  /** Names of services that must be ready before this one starts. */
  readonly needs: readonly string[];
  run(context: ServiceContext): Promise<void>;
}

interface Running {
  service: Service;
  controller: AbortController;
  done: Promise<void>;
}

export interface RunServicesOptions {
  services: readonly Service[];
  signal: AbortSignal;
  logger: Logger;
  /** How long one service may take to stop before it is given up. */
  stopTimeoutMs?: number;
  onAllReady?: () => void;
}

/**
 * Starts services in order of their needs (in parallel where they do not need each other), waits for `signal` or for
 * the first failure, and stops them in reverse. Throws the first failure after everything has stopped.
 */
export async function runServices(options: RunServicesOptions): Promise<void> {
  const { services, signal, logger } = options;
  assertNeedsAreMet(services);
  const running: Running[] = [];
  const startedAtMs = systemClock.monotonicMs();
  let failure: unknown;
  const stopping = new AbortController();
  const fail = (error: unknown) => {
    failure ??= error;
    stopping.abort();
  };
  const stop = AbortSignal.any([signal, stopping.signal]);

  const readiness = new Map<string, Promise<void>>();
  const start = async (service: Service): Promise<void> => {
    await Promise.all(service.needs.map((need) => readiness.get(need)));
    if (stop.aborted) return;
    await startOne(service, running, fail, stop);
    logger.debug("service ready", {
      service: service.name,
      ms: Math.round(systemClock.monotonicMs() - startedAtMs),
    });
  };
  for (const service of inOrderOfNeeds(services)) readiness.set(service.name, start(service));
  await Promise.race([Promise.all(readiness.values()), aborted(stop)]);
  if (!stop.aborted) options.onAllReady?.();
  await aborted(stop);

  for (const one of running.reverse()) {
    one.controller.abort();
    const timeout = systemClock
      .sleep(options.stopTimeoutMs ?? 25_000, undefined)
      .then(() => "timeout" as const);
    const outcome = await Promise.race([one.done.then(() => "stopped" as const), timeout]);
    if (outcome === "timeout") logger.error("service did not stop in time", { service: one.service.name });
  }
  if (failure !== undefined) throw failure;
}

function startOne(
  service: Service,
  running: Running[],
  fail: (error: unknown) => void,
  stop: AbortSignal,
): Promise<void> {
  return new Promise((resolveReady) => {
    const controller = new AbortController();
    const done = service.run({ signal: controller.signal, ready: resolveReady }).then(
      () => {
        if (!stop.aborted) fail(new GantryError("Internal", `service ${service.name} stopped by itself`));
        resolveReady();
      },
      (error) => {
        if (!controller.signal.aborted) {
          fail(
            diskError(error) ??
              (error instanceof GantryError
                ? error
                : new GantryError("Internal", `service ${service.name}: ${errorMessage(error)}`, {
                    cause: error,
                  })),
          );
        }
        resolveReady();
      },
    );
    running.push({ service, controller, done });
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function assertNeedsAreMet(services: readonly Service[]): void {
  const names = new Set(services.map((service) => service.name));
  for (const service of services) {
    for (const need of service.needs) {
      if (!names.has(need))
        throw new GantryError("Internal", `service ${service.name} needs unknown ${need}`);
    }
  }
}

/** Topological order; throws on a cycle. */
export function inOrderOfNeeds(services: readonly Service[]): Service[] {
  const ordered: Service[] = [];
  const state = new Map<string, "visiting" | "done">();
  const byName = new Map(services.map((service) => [service.name, service]));
  const visit = (service: Service): void => {
    if (state.get(service.name) === "done") return;
    if (state.get(service.name) === "visiting") {
      throw new GantryError("Internal", `services need each other in a circle at ${service.name}`);
    }
    state.set(service.name, "visiting");
    for (const need of service.needs) visit(byName.get(need)!);
    state.set(service.name, "done");
    ordered.push(service);
  };
  for (const service of services) visit(service);
  return ordered;
}
