/** All patterns. To add one, add a file to this folder and a line here. */
export { build } from './build';
export { coding } from './coding';
export { debate } from './debate';
export { panel } from './panel';
export { single } from './single';
export { strategic } from './strategic';
