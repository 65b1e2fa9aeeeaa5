import { applyJsonPatch, jsonEquals, parseJson, parseJsonPatch } from "../../../../formats/index.ts";
import {
  checkStructure,
  convertedObject,
  type KindDefinition,
  type KubeObject,
  statusInternal,
} from "../../../api/index.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../admission.ts";
import { isExempt } from "../matching/resource-rules.ts";
import { isOfResource, type VersionedRequest } from "../matching/versioned-request.ts";
import type { ReviewAnswer } from "./admission-review.ts";
import { type CallOptions, callWebhook, passOver, WebhookFailure } from "./call-webhook.ts";
import { type SelectOptions, selectWebhook } from "./select-webhook.ts";
import { MUTATING, type Webhook, webhooksOf } from "./webhook.ts";

const NAME = "MutatingAdmissionWebhook";

/** What the plugin keeps from its first round over a request for its second. */
class Round {
  /** Those that may be called again if something changes after them, and of them those after which something did. */
  readonly called = new Set<string>();
  readonly due = new Set<string>();
  output: KubeObject | undefined;

  /** Something has changed: whoever was called before may want to look again. */
  changed(): void {
    for (const uid of this.called) this.due.add(uid);
    this.called.clear();
  }
}

/** Webhooks that may change objects, one after the other. */
export function mutatingWebhooks(options: SelectOptions & CallOptions): AdmissionPlugin {
  return {
    name: NAME,
    async mutate(request) {
      if (isExempt(request)) return;
      const webhooks = await webhooksOf(options.lookup, MUTATING);
      if (webhooks.length === 0) return;
      await new Dispatch(options, request).run(webhooks);
    },
  };
}

class Dispatch {
  readonly #options: SelectOptions & CallOptions;
  readonly #request: AdmissionRequest;
  readonly #round: Round;

  constructor(options: SelectOptions & CallOptions, request: AdmissionRequest) {
    this.#options = options;
    this.#request = request;
    this.#round = (request.reinvocation.state.get(NAME) as Round | undefined) ?? new Round();
    request.reinvocation.state.set(NAME, this.#round);
  }

  async run(webhooks: readonly Webhook[]): Promise<void> {
    const { reinvocation } = this.#request;
    const round = this.#round;
    if (reinvocation.isSecond && !jsonEquals(round.output ?? null, this.#request.object ?? null))
      round.changed();
    try {
      for (const [index, webhook] of webhooks.entries()) await this.#visit(webhook, index);
    } finally {
      round.output = structuredClone(this.#request.object);
    }
  }

  async #visit(webhook: Webhook, index: number): Promise<void> {
    const { reinvocation } = this.#request;
    const versioned = await selectWebhook(this.#options, webhook, this.#request);
    if (!versioned || (reinvocation.isSecond && !this.#round.due.has(webhook.uid))) return;
    const place = `round_${reinvocation.isSecond ? 1 : 0}_index_${index}`;
    try {
      const answer = await callWebhook(this.#options, webhook, versioned, true);
      const hasChanged = await this.#patch(webhook, answer, versioned, place);
      if (hasChanged) {
        this.#round.changed();
        reinvocation.isWanted = true;
      }
      if (webhook.isReinvoked) this.#round.called.add(webhook.uid);
    } catch (error) {
      this.#tellMutation(webhook, place, false);
      passOver(error, webhook, { request: this.#request, logger: this.#options.logger });
      this.#request.annotate(`failed-open.mutation.webhook.admission.k8s.io/${place}`, webhook.name);
    }
  }

  /** Applies what the webhook wants changed; whether that was a change. */
  async #patch(
    webhook: Webhook,
    { patch, patchType }: ReviewAnswer,
    versioned: VersionedRequest,
    place: string,
  ): Promise<boolean> {
    const operations = patch === undefined ? [] : parsed(patch);
    if (operations.length === 0) {
      this.#tellMutation(webhook, place, false);
      return false;
    }
    if (!versioned.object) {
      throw statusInternal(
        `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
      );
    }
    if (patchType !== "JSONPatch")
      throw new WebhookFailure(webhook, `unsupported patch type ${JSON.stringify(patchType)}`);
    const next = this.#patched(versioned, operations);
    const hasChanged = !jsonEquals(versioned.object, next);
    const { configurationName: configuration, name } = webhook;
    this.#request.annotate(
      `patch.webhook.admission.k8s.io/${place}`,
      JSON.stringify({ configuration, webhook: name, patch: operations, patchType }),
    );
    this.#request.object = await this.#taken(versioned, next);
    this.#tellMutation(webhook, place, hasChanged);
    return hasChanged;
  }

  /** The webhook's version of the object as the patch leaves it. */
  #patched(versioned: VersionedRequest, operations: unknown[]): KubeObject {
    const kind = this.#kindOf(versioned);
    try {
      const patched = applyJsonPatch(versioned.object!, parseJsonPatch(operations));
      if (kind?.readStructure) return kind.readStructure(patched).object;
      return kind ? checkStructure(patched, kind).object : (patched as KubeObject);
    } catch (error) {
      throw statusInternal((error as Error).message, error);
    }
  }

  /** The same with defaults, in the version of the request. */
  async #taken(versioned: VersionedRequest, next: KubeObject): Promise<KubeObject> {
    this.#kindOf(versioned)?.defaults?.(next);
    const { kind: own } = this.#request;
    if (versioned.resource === own || !isOfResource(this.#request)) return next;
    try {
      return await convertedObject(next, versioned.resource, own);
    } catch (error) {
      throw statusInternal((error as Error).message, error);
    }
  }

  #kindOf({ resource, kind }: VersionedRequest): KindDefinition | undefined {
    if (isOfResource(this.#request)) return resource;
    return this.#options.kinds.findByKind(kind.group, kind.version, kind.kind);
  }

  #tellMutation(
    { configurationName: configuration, name: webhook }: Webhook,
    place: string,
    mutated: boolean,
  ): void {
    this.#request.annotate(
      `mutation.webhook.admission.k8s.io/${place}`,
      JSON.stringify({ configuration, webhook, mutated }),
    );
  }
}

function parsed(patch: string): unknown[] {
  try {
    const operations: unknown = parseJson(patch);
    if (Array.isArray(operations)) return operations;
    throw new SyntaxError("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  } catch (error) {
    throw statusInternal((error as Error).message, error);
  }
}
