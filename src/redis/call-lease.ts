/** How long a call keeps its place at the model and its hold without a sign of its worker. Milliseconds. */
export const CALL_LEASE_MS = 30_000;
/** How often a worker gives that sign: two may be lost. */
export const CALL_RENEWAL_MS = 10_000;
