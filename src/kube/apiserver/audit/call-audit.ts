import { cloneJson, parseJson } from "../../../formats/index.ts";
import type { KindDefinition, KubeObject } from "../../api/index.ts";
import { type AuditedObject, objectJson } from "./audit-event.ts";

/** What an audit log wants of a call's objects. It may go to another thread. */
export interface AuditWish {
  takesRequest: boolean;
  takesResponse: boolean;
  omitsManagedFields: boolean;
}

/** What was found. It may come from another thread. */
export interface AuditNotes {
  /** Who the object in the request says it is. */
  sent?: Pick<AuditedObject, "name" | "namespace" | "uid" | "resourceVersion">;
  /** JSON. */
  requestObject?: string;
  responseObject?: string;
}

/** Takes down what a call holds while it is worked on. */
export class CallAudit {
  readonly wish: AuditWish;
  notes: AuditNotes = {};

  constructor(wish: AuditWish) {
    this.wish = wish;
  }

  /** The body, read as an object of this kind; the first time counts. Defaults stand in what is taken down. */
  sent(object: KubeObject, kind?: Pick<KindDefinition, "defaults">): void {
    if (this.notes.sent) return;
    const { name, namespace, uid, resourceVersion } = object.metadata ?? {};
    this.notes.sent = { name, namespace, uid, resourceVersion };
    if (!this.wish.takesRequest) return;
    const whole = kind?.defaults ? cloneJson(object) : object;
    kind?.defaults?.(whole);
    this.notes.requestObject = objectJson(whole, this.wish);
  }

  patched(patch: unknown): void {
    if (this.wish.takesRequest) this.notes.requestObject ??= JSON.stringify(patch);
  }

  /** The answer, as JSON. */
  answered(bytes: Buffer): void {
    if (!this.wish.takesResponse) return;
    const text = bytes.toString("utf8").trimEnd();
    this.notes.responseObject = this.wish.omitsManagedFields
      ? objectJson(parseJson(text) as KubeObject, this.wish)
      : text;
  }
}
