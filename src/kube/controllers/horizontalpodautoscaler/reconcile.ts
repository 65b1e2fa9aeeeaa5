import { errorMessage } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import {
  type APIService,
  horizontalPodAutoscalers,
  type Pod,
  type ResourceRef,
  type Scale,
  type V2HorizontalPodAutoscaler,
  type V2MetricStatus,
} from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { OwnWrites } from "../own-writes.ts";
import { countedPods, SelectorProblem } from "./counted-pods.ts";
import { createCustomMetricsClient } from "./custom-metrics-client.ts";
import { KnownSelectors } from "./known-selectors.ts";
import { MetricFailure, type Proposal, proposalOf, type Scaled } from "./metric-proposals.ts";
import { createMetricsClient, type MetricsClient } from "./metrics-client.ts";
import { normalize } from "./normalize.ts";
import { readScaleTarget, type ScaleTarget } from "./scale-target.ts";
import { ScalingHistory } from "./scaling-history.ts";
import type { AutoscalerSettings } from "./settings.ts";
import { StatusDraft } from "./status-draft.ts";

export interface AutoscalerSources {
  autoscalers: Informer<V2HorizontalPodAutoscaler>;
  pods: Informer<Pod>;
  /** Who answers for which API. */
  apiServices: Informer<APIService>;
  settings: AutoscalerSettings;
}

/** How many replicas there are to be, and why that is another number. */
interface Decision {
  replicas: number;
  reason: string;
}

/** One look at one autoscaler. */
interface Look {
  autoscaler: V2HorizontalPodAutoscaler;
  draft: StatusDraft;
  target: ScaleTarget;
  current: number;
  history: ScalingHistory;
}

/** Brings one autoscaler's target to the number of replicas that its metrics ask for (podautoscaler/horizontal.go). */
export class AutoscalerReconciler {
  readonly #dependencies: ControllerDependencies;
  readonly #sources: AutoscalerSources;
  readonly #metrics: MetricsClient;
  readonly #written: OwnWrites<V2HorizontalPodAutoscaler>;
  readonly #histories = new Map<string, ScalingHistory>();
  readonly #selectors = new KnownSelectors();

  constructor(dependencies: ControllerDependencies, sources: AutoscalerSources) {
    this.#dependencies = dependencies;
    this.#sources = sources;
    this.#metrics = createMetricsClient(
      dependencies.client,
      createCustomMetricsClient({ ...dependencies, apiServices: sources.apiServices }),
    );
    this.#written = new OwnWrites(sources.autoscalers);
  }

  /** Whether there still is one. What goes wrong is told by its events and conditions; throws where another try may help at once. */
  async reconcile(key: string): Promise<boolean> {
    const autoscaler = this.#written.newest(key);
    if (!autoscaler) {
      this.#written.forget(key);
      this.#histories.delete(key);
      this.#selectors.forget(key);
      return false;
    }
    const draft = new StatusDraft(autoscaler, this.#dependencies.clock.nowMs());
    const target = await this.#findTarget(autoscaler, draft);
    const problem = target && (await this.#scale(key, autoscaler, draft, target));
    await this.#writeStatus(autoscaler, draft);
    if (problem !== undefined) throw problem;
    return true;
  }

  async #findTarget(
    autoscaler: V2HorizontalPodAutoscaler,
    draft: StatusDraft,
  ): Promise<ScaleTarget | undefined> {
    try {
      const target = await readScaleTarget(this.#dependencies, autoscaler);
      const message = "the HPA controller was able to get the target's current scale";
      draft.setCondition("AbleToScale", true, "SucceededGetScale", message);
      return target;
    } catch (error) {
      const why = errorMessage(error);
      this.#warn(autoscaler, "FailedGetScale", why);
      const message = `the HPA controller was unable to get the target's current scale: ${why}`;
      draft.setCondition("AbleToScale", false, "FailedGetScale", message);
      return undefined;
    }
  }

  async #scale(
    key: string,
    autoscaler: V2HorizontalPodAutoscaler,
    draft: StatusDraft,
    target: ScaleTarget,
  ): Promise<unknown> {
    const current = target.scale.spec?.replicas ?? 0;
    const { clock } = this.#dependencies;
    const history = this.#histories.get(key) ?? new ScalingHistory(clock, current);
    this.#histories.set(key, history);
    const look: Look = { autoscaler, draft, target, current, history };
    const decision = await this.#decide(look);
    if (!decision) return draft.setReplicas(current);
    if (decision.replicas === current) return draft.setReplicas(current, current);
    return this.#rescale(look, decision);
  }

  /** Undefined where nothing can be said. */
  async #decide(look: Look): Promise<Decision | undefined> {
    const { autoscaler, draft, current } = look;
    const { minReplicas = 1, maxReplicas } = autoscaler.spec;
    draft.setMetrics(undefined);
    if (current === 0 && minReplicas !== 0) {
      const message = "scaling is disabled since the replica count of the target is zero";
      draft.setCondition("ScalingActive", false, "ScalingDisabled", message);
      return { replicas: 0, reason: "" };
    }
    if (current > maxReplicas)
      return { replicas: maxReplicas, reason: "Current number of replicas above Spec.MaxReplicas" };
    if (current < minReplicas)
      return { replicas: minReplicas, reason: "Current number of replicas below Spec.MinReplicas" };
    return this.#decideByMetrics(look);
  }

  async #decideByMetrics(look: Look): Promise<Decision | undefined> {
    const { autoscaler, draft, current, history } = look;
    const { minReplicas = 1, maxReplicas, behavior } = autoscaler.spec;
    let highest: Proposal;
    try {
      highest = await this.#highestProposal(look);
    } catch (error) {
      this.#warn(autoscaler, "FailedComputeMetricsReplicas", errorMessage(error));
      return undefined;
    }
    const desired = highest.replicas;
    const reason = desired > current ? `${highest.name} above target` : "All metrics below target";
    const bounds = { current, desired, min: minReplicas, max: maxReplicas };
    const { replicas, ableToScale, scalingLimited } = normalize({
      ...bounds,
      behavior,
      history,
      settings: this.#sources.settings,
    });
    draft.setCondition("AbleToScale", true, ableToScale.reason, ableToScale.message);
    const { isLimited, reason: why, message } = scalingLimited;
    draft.setCondition("ScalingLimited", isLimited, why, message);
    return { replicas, reason: desired === current ? "" : reason };
  }

  /** Throws where no metric says anything, or where those that say nothing might ask for more than the others. */
  async #highestProposal(look: Look): Promise<Proposal> {
    const { autoscaler, draft, current } = look;
    const scaled = this.#scaledBy(look);
    const statuses: (V2MetricStatus | undefined)[] = [];
    const failures: MetricFailure[] = [];
    const specs = autoscaler.spec.metrics ?? [];
    let highest: Proposal | undefined;
    for (const spec of specs) {
      const outcome = await proposalOf(scaled, spec).catch((error: unknown) => error);
      if (outcome instanceof MetricFailure) {
        this.#warn(autoscaler, outcome.reason, outcome.why);
        failures.push(outcome);
        statuses.push(undefined);
        continue;
      }
      if (outcome instanceof Error) throw outcome;
      const proposal = outcome as Proposal;
      statuses.push(proposal.status);
      if (!highest || proposal.replicas > highest.replicas) highest = proposal;
    }
    draft.setMetrics(statuses);
    const [first] = failures;
    if (!highest || (first && highest.replicas < current)) {
      const { reason = "", why = "", message = "" } = first ?? {};
      draft.setCondition(
        "ScalingActive",
        false,
        reason,
        `the HPA was unable to compute the replica count: ${why}`,
      );
      throw new Error(
        `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${message}`,
      );
    }
    const message = `the HPA was able to successfully calculate a replica count from ${highest.name}`;
    draft.setCondition("ScalingActive", true, "ValidMetricFound", message);
    return highest;
  }

  #scaledBy({ autoscaler, draft, target, current }: Look): Scaled {
    const { namespace = "" } = autoscaler.metadata;
    const { selector = "", replicas = 0 } = target.scale.status ?? {};
    try {
      const pods = countedPods(autoscaler, selector, this.#sources.pods, this.#selectors);
      const nowMs = this.#dependencies.clock.nowMs();
      const metrics = this.#metrics;
      const { settings } = this.#sources;
      const counts = { specReplicas: current, statusReplicas: replicas };
      return { namespace, selector, pods, ...counts, metrics, nowMs, settings };
    } catch (error) {
      if (error instanceof SelectorProblem) {
        this.#warn(autoscaler, error.eventReason, error.message);
        draft.setCondition("ScalingActive", false, error.condition.reason, error.condition.message);
      }
      throw error;
    }
  }

  /** Returns what went wrong. */
  async #rescale(
    { autoscaler, draft, target, current, history }: Look,
    decision: Decision,
  ): Promise<unknown> {
    const { replicas, reason } = decision;
    const { kind, scale } = target;
    try {
      const next: Scale = { ...scale, spec: { ...scale.spec, replicas } };
      await this.#dependencies.client.update(kind as ResourceRef<Scale>, next, { subresource: "scale" });
    } catch (error) {
      const why = errorMessage(error);
      this.#warn(autoscaler, "FailedRescale", `New size: ${replicas}; reason: ${reason}; error: ${why}`);
      const message = `the HPA controller was unable to update the target scale: ${why}`;
      draft.setCondition("AbleToScale", false, "FailedUpdateScale", message);
      draft.setReplicas(current);
      return error;
    }
    const message = `the HPA controller was able to update the target scale to ${replicas}`;
    draft.setCondition("AbleToScale", true, "SucceededRescale", message);
    const news = `New size: ${replicas}; reason: ${reason}`;
    this.#dependencies.recorder.event(autoscaler, "Normal", "SuccessfulRescale", news);
    const { behavior } = autoscaler.spec;
    if (behavior) history.scaled(current, replicas, behavior);
    draft.setReplicas(current, replicas);
    draft.noteRescale();
    return undefined;
  }

  async #writeStatus(autoscaler: V2HorizontalPodAutoscaler, draft: StatusDraft): Promise<void> {
    const { status } = draft;
    const { currentMetrics, ...known } = autoscaler.status ?? {};
    // None are null in an answer.
    if (jsonEquals(status, currentMetrics ? { ...known, currentMetrics } : known)) return;
    const { client } = this.#dependencies;
    this.#written.note(await client.updateStatus(horizontalPodAutoscalers, { ...autoscaler, status }));
  }

  #warn(autoscaler: V2HorizontalPodAutoscaler, reason: string, message: string): void {
    this.#dependencies.recorder.event(autoscaler, "Warning", reason, message);
  }
}
