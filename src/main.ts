/** The entry point of the container image: starts what ROLE names. */
import { startProcess } from './start-process';

startProcess('role');
