/** Somebody who wants the result of a run. */
export interface RunParticipant {
  signal: AbortSignal;
}

interface Run<P extends RunParticipant, T> {
  participants: Set<P>;
  /** Whose means (session, secrets) the work uses. */
  leader: P;
  controller: AbortController;
  result: Promise<T>;
}

/**
 * Lets equal work that several want at once be done once. It ends early when nobody wants it any more; when the one whose means it used
 * is gone and it failed of that, it is done again with those of another.
 */
export class SharedRuns<P extends RunParticipant, T> {
  readonly #runs = new Map<string, Run<P, T>>();
  readonly #letGo: (result: T) => void;

  /** `letGo` gets each result after all who wanted it have taken it. */
  constructor(letGo: (result: T) => void) {
    this.#letGo = letGo;
  }

  /**
   * `work` gets who takes part at any time, the one whose means it may use, and the signal that says that nobody wants it. `take` makes of
   * the result what a participant keeps.
   */
  async run<R>(
    key: string,
    participant: P,
    work: (run: { participants: ReadonlySet<P>; leader: P; signal: AbortSignal }) => Promise<T>,
    take: (result: T, isOwn: boolean) => R,
  ): Promise<R> {
    participant.signal.throwIfAborted();
    const known = this.#runs.get(key);
    const run = known ?? this.#start(key, participant, work);
    run.participants.add(participant);
    const left = Promise.withResolvers<never>();
    left.promise.catch(() => {});
    const leave = () => {
      run.participants.delete(participant);
      const reject = () => left.reject(participant.signal.reason);
      if (run.participants.size > 0) return reject();
      run.controller.abort(participant.signal.reason);
      // The last one stays until the work has cleaned up after itself.
      run.result.then(reject, reject);
    };
    participant.signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([
        run.result.then((result) => {
          participant.signal.throwIfAborted();
          return take(result, known === undefined);
        }),
        left.promise,
      ]);
    } finally {
      participant.signal.removeEventListener("abort", leave);
    }
  }

  #start(key: string, first: P, work: Parameters<SharedRuns<P, T>["run"]>[2]): Run<P, T> {
    const controller = new AbortController();
    const run: Run<P, T> = { participants: new Set(), leader: first, controller, result: undefined as never };
    const attempt = async (): Promise<T> => {
      for (;;) {
        const { leader, participants } = run;
        try {
          return await work({ leader, participants, signal: controller.signal });
        } catch (error) {
          const [next] = participants;
          if (controller.signal.aborted || !leader.signal.aborted || next === undefined) throw error;
          run.leader = next;
        }
      }
    };
    // Begun after the first participant has entered.
    run.result = Promise.resolve().then(attempt);
    const end = () => {
      if (this.#runs.get(key) === run) this.#runs.delete(key);
    };
    run.result.then((result) => {
      end();
      // This is the first to hear of the result; the others hear of it before the next microtask.
      queueMicrotask(() => this.#letGo(result));
    }, end);
    // Who comes after the last one has gone starts anew.
    controller.signal.addEventListener("abort", end);
    this.#runs.set(key, run);
    return run;
  }
}
