/**
 * What kube-apiserver 1.33 makes of an expression: its value (as showValue writes it), `error: …` where evaluating fails,
 * `no program: …` where a constant part does, or the issues found while compiling; then what evaluating it costs, and
 * between which bounds that is estimated.
 */
export type Fact = [expression: string, outcome: string, cost?: number, least?: number, most?: number];
