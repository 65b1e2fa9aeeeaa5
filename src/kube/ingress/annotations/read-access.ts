import { isIP } from "node:net";
import type { AnnotationReader } from "./annotation-reader.ts";
import type { AuthSettings, IngressSettings } from "./ingress-settings.ts";

type Access = Pick<IngressSettings, "allowedSources" | "auth" | "denied">;

/** Who may come in. What cannot be read lets nobody in, as in ingress-nginx. */
export function readAccess(reader: AnnotationReader): Access {
  return { ...readSources(reader), ...readAuth(reader) };
}

function readSources(reader: AnnotationReader): Access {
  const older = reader.text("whitelist-source-range");
  const text = reader.text("allowlist-source-range") ?? older;
  if (text === undefined) return {};
  const ranges = text.split(",").flatMap((part) => part.trim() || []);
  const wrong = ranges.find((range) => !isRange(range));
  if (wrong === undefined) return ranges.length > 0 ? { allowedSources: ranges.map(withLength) } : {};
  reader.tell(
    "allowlist-source-range",
    `${JSON.stringify(wrong)} is not valid: it takes networks such as 10.0.0.0/8`,
  );
  return { denied: "its allowed sources cannot be read" };
}

function isRange(text: string): boolean {
  const [address = "", length, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128));
}

const withLength = (range: string) =>
  range.includes("/") ? range : `${range}/${isIP(range) === 4 ? 32 : 128}`;

function readAuth(reader: AnnotationReader): Access {
  const type = reader.text("auth-type");
  const secret = reader.text("auth-secret");
  const secretType = reader.text("auth-secret-type") ?? "auth-file";
  const realm = reader.text("auth-realm") ?? "";
  if (type === undefined) return {};
  const refuse = (name: string, message: string): Access => {
    reader.tell(name, message);
    return { denied: "who may come in cannot be told" };
  };
  if (type !== "basic")
    return refuse("auth-type", `${JSON.stringify(type)} is not implemented: only basic is`);
  if (!secret) return refuse("auth-secret", "it must name a Secret");
  if (secret.includes("/")) return refuse("auth-secret", "the Secret must be in the Ingress' own namespace");
  if (!["auth-file", "auth-map"].includes(secretType))
    return refuse(
      "auth-secret-type",
      `${JSON.stringify(secretType)} is not valid: it takes auth-file or auth-map`,
    );
  const form: AuthSettings["form"] = secretType === "auth-map" ? "map" : "file";
  return { auth: { secret, realm: realm.replace(/[^\x20-\x7e]/g, ""), form } };
}
