/** `npm run build`: builds even if nothing seems to have changed. */
import { buildProduct } from '../../dev-stack/build';
import { readEnvironment } from '../../dev-stack/environment';
import { createProgress } from '../../dev-stack/progress';
import { defineProgram, EXIT } from '../define-program';

export const main = defineProgram(async ({ root }) => {
  const context = { progress: createProgress(), signal: new AbortController().signal };
  await buildProduct(readEnvironment(root), context, { always: true });
  return EXIT.completed;
});
