export { dockerfileFrontend } from "./dockerfile/dockerfile-frontend.ts";
export { type ErrorLocation, LocatedError } from "./located-error.ts";
