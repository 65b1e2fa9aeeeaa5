import { Ajv } from "ajv";
import { expect, it } from "vitest";
import { COMPOSE } from "./compose-schema.ts";

it("is a schema itself, as strictly as ajv can look at it", () => {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictTypes: false });
  expect(() => ajv.compile(COMPOSE)).not.toThrow();
});
