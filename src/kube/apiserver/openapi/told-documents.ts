import type { Swagger } from "./swagger.ts";

/** What other servers tell of their APIs, beside what this one says of its own. */
export interface ToldDocuments {
  /** Rises with each change. */
  readonly revision: number;
  /** OpenAPI 2, the more important groups first. */
  swaggers(): readonly Swagger[];
  /** OpenAPI 3: where each document is, by path (`apis/GROUP/VERSION`). */
  index(): Readonly<Record<string, { serverRelativeURL: string }>>;
}
