import type { Clock } from "../../../base/index.ts";
import {
  type FlowSchema,
  mandatoryFlowSchema,
  mandatoryPriorityLevel,
  type PriorityLevelConfiguration,
} from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { ByteBudget } from "../byte-budget.ts";
import { isLongRunning } from "../long-running.ts";
import type { RequestInfo, ResourceRequestInfo } from "../request-info.ts";
import { adjustLimits } from "./adjust-limits.ts";
import type { Arrival, FlowRequest } from "./flow-request.ts";
import type { FlowStats } from "./flow-stats.ts";
import { matchesFlowSchema } from "./match-flow-schema.ts";
import { type LevelObject, PriorityLevel } from "./priority-level.ts";
import { RequestClasses } from "./request-classes.ts";
import { tooManyRequests } from "./too-many-requests.ts";
import { waitLimitMs } from "./wait-limit.ts";
import { WatchCounts } from "./watch-counts.ts";
import { estimateWork } from "./work-estimate.ts";

type SchemaObject = Pick<FlowSchema, "spec"> & { metadata: { name: string; uid?: string } };

interface Schema {
  object: SchemaObject;
  level: PriorityLevel;
  stats: FlowStats;
}

/** Of which FlowSchema and priority level a request is. */
export interface Classification {
  level: PriorityLevel;
  schema: Schema;
}

export interface EnteringRequest {
  info: RequestInfo;
  user: UserInfo;
  params: URLSearchParams;
  /** What is held of it while it waits. */
  bodyBytes: number;
  readonly signal: AbortSignal;
}

export interface FlowControlOptions {
  clock: Clock;
  /** How many seats there are for all that is not exempt. */
  serverLimit: number;
  /** The longest that a request may take. */
  requestTimeoutMs: number;
  /** How many objects a list looks at; undefined where the resource is unknown. */
  countObjects: (info: ResourceRequestInfo) => number | undefined;
}

/** Bodies of requests that wait. */
const WAITING_BODIES = { userBytes: 48 * 2 ** 20, totalBytes: 256 * 2 ** 20 };
const EXEMPT = "exempt";
const CATCH_ALL = "catch-all";
const READING = new Set(["get", "list", "watch"]);

/**
 * API priority and fairness: which requests are worked on at once, and which wait or are turned away. Each request is of the
 * first FlowSchema that it matches, and takes seats of that one's priority level.
 */
export class FlowControl {
  readonly #options: FlowControlOptions;
  readonly watches = new WatchCounts();
  readonly #bodies = new ByteBudget(WAITING_BODIES);
  #levels = new Map<string, PriorityLevel>();
  /** In the order in which they are tried. */
  #schemas: Schema[] = [];
  #classes = this.#freshClasses();
  /** Requests of any level by what they do. */
  readonly inFlight = { executing: { reading: 0, mutating: 0 }, waiting: { reading: 0, mutating: 0 } };
  fairFraction = 0;
  /** Called when a level whose object is gone has done its last request: it is time to configure anew. */
  onDrained: () => void = () => {};

  constructor(options: FlowControlOptions) {
    this.#options = options;
    this.configure([], []);
  }

  /** In order of their names. */
  get levels(): readonly PriorityLevel[] {
    return [...this.#levels.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Wall time at an instant of monotonic time. */
  wallMs(monotonicMs: number): number {
    const { clock } = this.#options;
    return clock.nowMs() - clock.monotonicMs() + monotonicMs;
  }

  /** Takes up what the objects say. Where the mandatory ones are missing, they are in effect all the same. */
  configure(levels: readonly PriorityLevelConfiguration[], schemas: readonly FlowSchema[]): void {
    const before = this.#levels;
    this.#levels = new Map();
    for (const object of levels) if (isUsable(object)) this.#use(object, before);
    const wanted = schemas.filter(({ spec }) => this.#levels.has(spec.priorityLevelConfiguration.name));
    for (const level of before.values()) this.#keepWhileBusy(level);
    for (const name of [EXEMPT, CATCH_ALL]) {
      if (!this.#levels.has(name)) this.#use(mandatoryPriorityLevel(name)!, before);
    }
    this.#schemas = inOrder(wanted).map((object) => this.#schemaOf(object));
    this.#classes = this.#freshClasses();
    this.#divide();
  }

  /** To be called every 10 seconds: seats go from who needs few to who needs many. */
  adjust(): void {
    this.fairFraction = adjustLimits(this.levels, this.#options.clock.monotonicMs());
  }

  /** Undefined for what takes no seat: streams to containers and what is passed on. */
  classify(info: RequestInfo, user: UserInfo): Classification | undefined {
    if (isLongRunning(info) && info.verb !== "watch") return undefined;
    const schema = info.isResource ? this.#classes.of(info, user) : this.#match(info, user);
    return { schema, level: schema.level };
  }

  #match(info: RequestInfo, user: UserInfo): Schema {
    return (
      this.#schemas.find(({ object }) => matchesFlowSchema(object.spec, info, user)) ??
      this.#schemas.find(({ object }) => object.metadata.name === CATCH_ALL)!
    );
  }

  /**
   * Resolves when the request may be worked on, with the way out, which may be called more than once. Throws
   * TooManyRequests (429) where there is no place, or none in time.
   */
  async enter(classified: Classification, request: EnteringRequest): Promise<() => void> {
    const { info, user } = request;
    // Its level may have ended while its body came.
    const isCurrent = this.#levels.get(classified.level.name) === classified.level;
    const { level, schema } = isCurrent ? classified : this.classify(info, user)!;
    const { stats } = schema;
    const arrivedAtMs = this.#options.clock.monotonicMs();
    const started = level.queueSet.start(this.#arrival(level, schema, request));
    if (typeof started === "string") {
      if (!level.isExempt) stats.waitSeconds.false.observe(0);
      throw this.#turnAway(level);
    }
    const executes = started.startedAtMs !== undefined || (await this.#wait(level, started, request));
    if (!level.isExempt) {
      stats.waitSeconds.true.observe((this.#options.clock.monotonicMs() - arrivedAtMs) / 1000);
    }
    if (!executes) throw this.#turnAway(level);
    return this.#execute(level, started, info);
  }

  #execute(level: PriorityLevel, request: FlowRequest, info: RequestInfo): () => void {
    const kind = kindOf(info);
    const { stats } = request.arrival;
    const { executing } = this.inFlight;
    stats.dispatched++;
    executing[kind]++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      executing[kind]--;
      const seconds = (this.#options.clock.monotonicMs() - request.startedAtMs!) / 1000;
      stats.executionSeconds[info.verb === "watch" ? "watch" : "regular"].observe(seconds);
      level.queueSet.finish(request);
    };
  }

  async #wait(level: PriorityLevel, request: FlowRequest, entering: EnteringRequest): Promise<boolean> {
    const { info, user, params, bodyBytes, signal } = entering;
    const { waiting } = this.inFlight;
    const kind = kindOf(info);
    const tooMuch = new AbortController();
    const waited = level.queueSet.wait(
      request,
      waitLimitMs(info, params, this.#options.requestTimeoutMs),
      AbortSignal.any([signal, tooMuch.signal]),
    );
    waiting[kind]++;
    let release = () => {};
    try {
      if (bodyBytes > 0) release = this.#bodies.take(user.name, bodyBytes);
    } catch {
      tooMuch.abort();
    }
    try {
      return await waited;
    } finally {
      waiting[kind]--;
      release();
    }
  }

  #arrival(level: PriorityLevel, { object, stats }: Schema, request: EnteringRequest): Arrival {
    const { info, user, params } = request;
    const estimate = estimateWork({
      info,
      params,
      maxSeats: level.maxSeats,
      countObjects: this.#options.countObjects,
      countWatches: (one) => {
        const count = this.watches.interestedIn(one);
        stats.watchCounts.observe(count);
        return count;
      },
    });
    stats.estimatedSeats.observe(Math.max(estimate.initialSeats, estimate.finalSeats));
    return { info, user, stats, estimate, distinguisher: distinguisherOf(object, info, user) };
  }

  #turnAway({ retryAfter }: PriorityLevel): Error {
    retryAfter.drop(Math.floor(this.#options.clock.monotonicMs() / 1000));
    return tooManyRequests(retryAfter.seconds);
  }

  #use(object: LevelObject, before: ReadonlyMap<string, PriorityLevel>): void {
    const { name } = object.metadata;
    const level =
      before.get(name) ??
      new PriorityLevel(object, {
        clock: this.#options.clock,
        onIdle: ({ isQuiescing }) => {
          if (isQuiescing) this.onDrained();
        },
      });
    level.object = object;
    level.isQuiescing = false;
    this.#levels.set(name, level);
  }

  /** No request comes to it any more, but those that have come are done. */
  #keepWhileBusy(level: PriorityLevel): void {
    if (this.#levels.has(level.name) || level.name === EXEMPT || level.name === CATCH_ALL) return;
    if (level.queueSet.isIdle) return;
    level.isQuiescing = true;
    this.#levels.set(level.name, level);
  }

  #freshClasses(): RequestClasses<Schema> {
    return new RequestClasses((info, user) => this.#match(info, user));
  }

  #schemaOf(object: SchemaObject): Schema {
    const { name } = object.metadata;
    const level = this.#levels.get(object.spec.priorityLevelConfiguration.name)!;
    return { object, level, stats: level.statsOf(name) };
  }

  #divide(): void {
    const { levels } = this;
    const shares = levels.reduce((sum, level) => sum + level.shares, 0);
    for (const level of levels) level.setShare(this.#options.serverLimit, shares);
    this.adjust();
  }
}

/** As validation leaves objects; and only the level of that name is exempt. */
function isUsable({ metadata, spec }: LevelObject): boolean {
  if ((spec.type === "Exempt") !== (metadata.name === EXEMPT)) return false;
  if (spec.type === "Exempt") return spec.exempt !== undefined;
  const response = spec.limited?.limitResponse;
  return response !== undefined && (response.type === "Queue") === (response.queuing !== undefined);
}

/** By precedence and then by name; mandatory ones that are missing stand at their ends. */
function inOrder(schemas: readonly SchemaObject[]): SchemaObject[] {
  const precedence = ({ spec }: SchemaObject) => spec.matchingPrecedence ?? 0;
  const sorted = schemas.toSorted(
    (one, other) => precedence(one) - precedence(other) || (one.metadata.name < other.metadata.name ? -1 : 1),
  );
  const has = (name: string) => schemas.some(({ metadata }) => metadata.name === name);
  if (!has(EXEMPT)) sorted.unshift(mandatoryFlowSchema(EXEMPT)!);
  if (!has(CATCH_ALL)) sorted.push(mandatoryFlowSchema(CATCH_ALL)!);
  return sorted;
}

function distinguisherOf({ spec }: SchemaObject, info: RequestInfo, user: UserInfo): string {
  switch (spec.distinguisherMethod?.type) {
    case "ByUser":
      return user.name;
    case "ByNamespace":
      return (info.isResource && info.namespace) || "";
    default:
      return "";
  }
}

function kindOf({ verb }: RequestInfo): "reading" | "mutating" {
  return READING.has(verb) ? "reading" : "mutating";
}
