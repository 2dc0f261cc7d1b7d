/** Whether a text has no visible content: only white space, control characters and invisible characters. */
export function isBlank(text: string): boolean {
  return !/[^\s\p{Cc}\p{DI}\u2800]/u.test(text);
}
