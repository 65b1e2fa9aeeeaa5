import type { Site } from "./site.ts";

export interface AdmissionRequest {
  uid: string;
  operation: "CREATE" | "UPDATE" | "DELETE";
  userInfo: { username: string };
  object: Site | null;
  oldObject: Site | null;
}

export interface AdmissionResponse {
  uid: string;
  allowed: boolean;
  status?: { code: number; message: string };
  warnings?: string[];
  patchType?: "JSONPatch";
  patch?: string;
}

const CREATED_BY = "web.example.com/created-by";
const KEEP = "web.example.com/keep";

/** Fills in what a schema's default cannot say: a title after the name, and who has made the site. */
export function mutate({ uid, operation, object, userInfo }: AdmissionRequest): AdmissionResponse {
  const { metadata, spec } = object!;
  const patch: object[] = [];
  if (spec.page.title === undefined)
    patch.push({ op: "add", path: "/spec/page/title", value: metadata.name });
  if (operation === "CREATE") {
    if (metadata.annotations === undefined)
      patch.push({ op: "add", path: "/metadata/annotations", value: {} });
    patch.push({ op: "add", path: pointer("metadata", "annotations", CREATED_BY), value: userInfo.username });
  }
  if (patch.length === 0) return { uid, allowed: true };
  const encoded = Buffer.from(JSON.stringify(patch)).toString("base64");
  return { uid, allowed: true, patchType: "JSONPatch", patch: encoded };
}

/** Refuses scripts in pages, and the deletion of a site that is marked to be kept; a lone replica gets a warning. */
export function validate(request: AdmissionRequest): AdmissionResponse {
  const { uid, operation, object, oldObject } = request;
  if (operation === "DELETE") {
    if (oldObject!.metadata.annotations?.[KEEP] !== "true") return { uid, allowed: true };
    return refused(uid, `the site is to be kept: take off the annotation ${KEEP} first`);
  }
  if (/<script/i.test(object!.spec.page.text)) return refused(uid, "spec.page.text: scripts are not allowed");
  const warnings = object!.spec.replicas === 1 ? ["a site with one replica is away while it is updated"] : [];
  return { uid, allowed: true, warnings };
}

function refused(uid: string, message: string): AdmissionResponse {
  return { uid, allowed: false, status: { code: 403, message } };
}

/** A JSON pointer (RFC 6901). */
function pointer(...parts: string[]): string {
  return parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
