/** What layers protect against a program that has escaped from its language, and the format in which a probe reports its attempts. */
export const PROTECTIONS = ['network', 'files', 'processes', 'memory'] as const;
export type Protection = (typeof PROTECTIONS)[number];

/** The targets of a probe. */
export interface ProbeTargets {
  /** Ports of 127.0.0.1 on which the parent listens and answers. */
  port: number;
  datagramPort: number;
  /** A Unix socket on which the parent listens; empty if it has no folder for the socket and the secret. */
  socket: string;
  /** A file that only the parent's user may read. */
  secret: string;
  parent: number;
  /** What guest programs must be able to read. */
  readable: string[];
  /** More memory than a program may use. */
  bytes: number;
}

/** `reached` says whether the attempt succeeded. */
export interface ProtectionTrial {
  protection: Protection;
  reached: boolean;
}
