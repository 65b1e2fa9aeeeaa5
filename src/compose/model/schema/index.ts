export { type Locate, validateSchema } from "./validate-schema.ts";
