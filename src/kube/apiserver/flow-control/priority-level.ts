import type { Clock } from "../../../base/index.ts";
import type { PriorityLevelConfiguration } from "../../api/index.ts";
import { FlowStats } from "./flow-stats.ts";
import { QueueSet, type Queuing } from "./queue-set.ts";
import { RetryAfter } from "./retry-after.ts";

/** What of a level's object counts here: one that is only imagined has no uid. */
export type LevelObject = Pick<PriorityLevelConfiguration, "spec"> & {
  metadata: { name: string; uid?: string };
};

/** A request may take so much of its level's seats. */
const MAX_SEATS_PART = 0.15;

/** The requests and seats of one PriorityLevelConfiguration. */
export class PriorityLevel {
  readonly name: string;
  object: LevelObject;
  readonly queueSet: QueueSet;
  readonly retryAfter = new RetryAfter();
  /** By FlowSchema. */
  readonly stats = new Map<string, FlowStats>();
  /** Its object is gone: it ends once its last request does. */
  isQuiescing = false;
  nominalLimit = 0;
  /** What it never lends. */
  minLimit = 0;
  /** With all that it may borrow. */
  maxLimit = 0;
  /** Which part of the server's seats it has for now. */
  currentLimit = 0;
  /** What it would have, were there as much as all could use. */
  target = 0;
  /** What one request may take; 0: what any may. */
  maxSeats = 0;

  constructor(object: LevelObject, options: { clock: Clock; onIdle: (level: PriorityLevel) => void }) {
    this.name = object.metadata.name;
    this.object = object;
    this.queueSet = new QueueSet({ clock: options.clock, onIdle: () => options.onIdle(this) });
  }

  get isExempt(): boolean {
    return this.object.spec.type === "Exempt";
  }

  get shares(): number {
    const { limited, exempt } = this.object.spec;
    return (limited ?? exempt)?.nominalConcurrencyShares ?? 0;
  }

  statsOf(schema: string): FlowStats {
    const known = this.stats.get(schema);
    if (known) return known;
    const stats = new FlowStats(this.name, schema);
    this.stats.set(schema, stats);
    return stats;
  }

  /** Its part of the server's seats. Rounded up: together the levels may have a few more than there are. */
  setShare(serverLimit: number, allShares: number): void {
    const { limited, exempt } = this.object.spec;
    const nominal = allShares > 0 ? Math.ceil((serverLimit * this.shares) / allShares) : 0;
    const percent = (part: number) => Math.round((nominal * part) / 100);
    const borrowing = limited?.borrowingLimitPercent;
    this.nominalLimit = nominal;
    this.minLimit = nominal - percent((limited ?? exempt)?.lendablePercent ?? 0);
    this.maxLimit = nominal + (borrowing === undefined ? serverLimit : percent(borrowing));
    const handSize = limited?.limitResponse?.queuing?.handSize;
    if (handSize === undefined) return;
    const perHand = Math.floor(nominal / handSize);
    this.maxSeats = Math.max(1, Math.min(Math.ceil(nominal * MAX_SEATS_PART), perHand));
  }

  setLimit(limit: number): void {
    this.currentLimit = limit;
    this.queueSet.configure(queuingOf(this.object), limit);
  }
}

export function queuingOf({ spec }: LevelObject): Queuing {
  if (spec.type === "Exempt") return { type: "Exempt" };
  const queuing = spec.limited?.limitResponse?.queuing;
  if (!queuing) return { type: "Reject" };
  const { queues = 1, handSize = 1, queueLengthLimit = 0 } = queuing;
  return { type: "Queue", queues, handSize, queueLengthLimit };
}
