/** The entry point of the API process. */
import { startProcess } from '../start-process';

startProcess('api');
