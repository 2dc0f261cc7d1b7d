/** Path parameters of routes. */
import { z } from 'zod';

export const runParams = z.object({ id: z.string().describe('The id of the run.') });
export const sessionParams = z.object({ id: z.string().describe('The id of the session.') });
