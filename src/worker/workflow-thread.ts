/** The entry point of a thread for workflow code. */
import path from 'node:path';
import { loadBundle } from '../bundle';

loadBundle(path.join(__dirname, '../processes/workflow-thread.js'));
