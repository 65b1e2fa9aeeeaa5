/** What is told about an object as a warning event. */
export interface Problem {
  reason: string;
  message: string;
}
