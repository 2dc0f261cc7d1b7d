/** Interactive Python sessions that an answer shows next to its program: each is a doctest. Pure. */

const PROMPT = /^\s*>>> /;

export function isSession(text: string): boolean {
  return PROMPT.test(text);
}

/** Wraps a session into the docstring of a function, where doctests are found. */
export function toDoctest(session: string): string {
  const name = `_session_${session.length}`;
  const body = session.replaceAll('\\', '\\\\').replaceAll('"""', '\\"\\"\\"');
  return `def ${name}():\n    """\n${body.replace(/^/gm, '    ')}\n    """`;
}
