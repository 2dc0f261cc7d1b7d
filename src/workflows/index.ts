/** Every workflow that a worker runs; the names here are the workflow types in Temporal. */
export { coordinate } from './coordinate';
export { runStage, runSwarm } from './run-swarm';
export { summarise } from './summarise';
