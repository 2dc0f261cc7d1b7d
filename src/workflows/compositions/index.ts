/** All compositions: patterns that run other swarms as stages. To add one, add a file to this folder and a line here. */
export { coordinate } from './coordinate';
export { pipeline } from './pipeline';
export { consensus, parallel, sequential } from './several';
